using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Nodes;

/// <summary>The outcome of an edit of a node's metadata.</summary>
public enum MetadataWrite
{
    Done,
    NodeNotFound,
    ZoneNotFound,
}

/// <summary>Name, location and zone of a node; each may be null.</summary>
public sealed record NodeLabel(string? Name, string? Location, string? Zone);

/// <summary>The metadata of nodes: names, notes, zones, expected intervals.</summary>
public sealed class NodeDirectory(INodeStore nodes, IDbContextFactory<SensorDashContext> contexts, IWriterLock writerLock, TimeProvider clock)
{
    /// <summary>The addresses of the nodes in a zone, ascending.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task<IReadOnlyList<int>> ListAddressesAsync(int zone, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var inZone = await context.Set<NodeMetadata>().Where(m => m.ZoneId == zone).Select(m => m.Address).ToArrayAsync(cancellationToken);
        return [.. (await nodes.FindAsync(inZone, cancellationToken)).Select(n => n.Address)];
    }

    /// <summary>The metadata that files and lists show, without notes, by address. Only nodes that have metadata.</summary>
    public async Task<IReadOnlyDictionary<int, NodeLabel>> ListLabelsAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var zones = await context.Set<Zone>().ToDictionaryAsync(z => z.Id, z => z.Name, cancellationToken);
        return await context.Set<NodeMetadata>().Select(m => new { m.Address, m.Name, m.Location, m.ZoneId })
            .ToDictionaryAsync(m => m.Address, m => new NodeLabel(m.Name, m.Location, m.ZoneId is { } id ? zones.GetValueOrDefault(id) : null), cancellationToken);
    }

    /// <summary>Applies <paramref name="patch"/> to a node's metadata, creating the row if necessary.</summary>
    /// <returns>The metadata after the edit; null unless the outcome is <see cref="MetadataWrite.Done"/>.</returns>
    public async Task<(MetadataWrite Outcome, NodeMetadata? Metadata)> EditMetadataAsync(
        int address, NodeMetadataPatch patch, CancellationToken cancellationToken)
    {
        if (await nodes.FindAsync(address, cancellationToken) is null) return (MetadataWrite.NodeNotFound, null);
        using var held = await writerLock.AcquireAsync(cancellationToken);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        // The zone first, as in its deletion: an order of locks.
        if (patch.WantedZone is { } zone && !await ZoneDirectory.TryLockAsync(context, zone, cancellationToken)) return (MetadataWrite.ZoneNotFound, null);
        // Creates the row if it does not exist, and locks it: another process may delete the node at the same time.
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var time = context.Model.FindEntityType(typeof(NodeMetadata))!.FindProperty(nameof(NodeMetadata.UpdatedAt))!.GetValueConverter()?.ConvertToProvider(now) ?? now;
        await context.Database.ExecuteSqlAsync(
            $"INSERT INTO node_metadata (address, updated_at) VALUES ({address}, {time}) ON CONFLICT (address) DO UPDATE SET updated_at = node_metadata.updated_at", cancellationToken);
        var metadata = await context.Set<NodeMetadata>().SingleAsync(m => m.Address == address, cancellationToken);
        patch.Apply(metadata);
        metadata.UpdatedAt = now;
        await context.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        // The readings may be in another file, so no transaction covers both: if the node was deleted in the meantime, delete its metadata too.
        if (await nodes.FindAsync(address, cancellationToken) is not null) return (MetadataWrite.Done, metadata);
        await context.Set<NodeMetadata>().Where(m => m.Address == address).ExecuteDeleteAsync(cancellationToken);
        return (MetadataWrite.NodeNotFound, null);
    }

    /// <summary>The metadata of one node, or null when it has none.</summary>
    public async Task<NodeMetadata?> FindMetadataAsync(int address, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Set<NodeMetadata>().AsNoTracking().SingleOrDefaultAsync(m => m.Address == address, cancellationToken);
    }

    /// <summary>The expected intervals that users configured, seconds by address.</summary>
    public async Task<IReadOnlyDictionary<int, int>> ListConfiguredIntervalsAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Set<NodeMetadata>().Where(m => m.ExpectedIntervalS != null).ToDictionaryAsync(m => m.Address, m => m.ExpectedIntervalS!.Value, cancellationToken);
    }
}
