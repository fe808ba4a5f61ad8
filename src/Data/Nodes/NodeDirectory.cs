using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Nodes;

/// <summary>What became of an attempt to edit a node's metadata.</summary>
public enum MetadataWrite
{
    Done,
    NodeNotFound,
    ZoneNotFound,
}

/// <summary>What people say of nodes: names, notes, zones, expected intervals.</summary>
public sealed class NodeDirectory(INodeStore nodes, IDbContextFactory<SensorDashContext> contexts, TimeProvider clock)
{
    /// <summary>The addresses of every node, or of those in a zone.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task<IReadOnlyList<int>> ListAddressesAsync(int? zone, CancellationToken cancellationToken)
    {
        var addresses = (await nodes.ListAsync(cancellationToken)).Select(n => n.Address);
        if (zone is null) return [.. addresses];
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var inZone = await context.Set<NodeMetadata>().Where(m => m.ZoneId == zone).Select(m => m.Address).ToHashSetAsync(cancellationToken);
        return [.. addresses.Where(inZone.Contains)];
    }

    /// <summary>Applies <paramref name="patch"/> to a node's metadata, making the row when there is none.</summary>
    /// <returns>The metadata after the edit; null unless the outcome is <see cref="MetadataWrite.Done"/>.</returns>
    public async Task<(MetadataWrite Outcome, NodeMetadata? Metadata)> EditMetadataAsync(
        int address, NodeMetadataPatch patch, CancellationToken cancellationToken)
    {
        if (await nodes.FindAsync(address, cancellationToken) is null) return (MetadataWrite.NodeNotFound, null);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        // Makes the row if it is not there, whoever else edits at the same time.
        await context.Database.ExecuteSqlAsync(
            $"INSERT INTO node_metadata (address, updated_at) VALUES ({address}, 0) ON CONFLICT DO NOTHING", cancellationToken);
        var metadata = await context.Set<NodeMetadata>().SingleAsync(m => m.Address == address, cancellationToken);
        if (patch.WantedZone is { } zone && !await context.Set<Zone>().AnyAsync(z => z.Id == zone, cancellationToken))
            return (MetadataWrite.ZoneNotFound, null);
        patch.Apply(metadata);
        metadata.UpdatedAt = clock.GetUtcNow().ToUnixTimeSeconds();
        await context.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        // The readings may be in another file, so no transaction holds both: a node that was deleted meanwhile takes its metadata along.
        if (await nodes.FindAsync(address, cancellationToken) is not null) return (MetadataWrite.Done, metadata);
        await context.Set<NodeMetadata>().Where(m => m.Address == address).ExecuteDeleteAsync(cancellationToken);
        return (MetadataWrite.NodeNotFound, null);
    }

    /// <summary>The metadata of one node, or null when nobody has said anything of it.</summary>
    public async Task<NodeMetadata?> FindMetadataAsync(int address, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Set<NodeMetadata>().AsNoTracking().SingleOrDefaultAsync(m => m.Address == address, cancellationToken);
    }

    /// <summary>The expected intervals that the user has set, seconds by address.</summary>
    public async Task<IReadOnlyDictionary<int, int>> ListConfiguredIntervalsAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Set<NodeMetadata>().Where(m => m.ExpectedIntervalS != null).ToDictionaryAsync(m => m.Address, m => m.ExpectedIntervalS!.Value, cancellationToken);
    }
}
