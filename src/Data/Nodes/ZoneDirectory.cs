using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Nodes;

/// <summary>The zones. There are few, so they are always read completely.</summary>
public sealed class ZoneDirectory(IDbContextFactory<SensorDashContext> contexts, IWriterLock writerLock)
{
    /// <summary>All zones, by name.</summary>
    public async Task<IReadOnlyList<Zone>> ListAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Set<Zone>().AsNoTracking().OrderBy(z => z.Name).ToListAsync(cancellationToken);
    }

    /// <summary>Number of nodes by zone; zones without nodes are omitted.</summary>
    public async Task<IReadOnlyDictionary<int, int>> CountNodesAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Set<NodeMetadata>().Where(m => m.ZoneId != null).GroupBy(m => m.ZoneId!.Value)
            .Select(zone => new { zone.Key, Count = zone.Count() }).ToDictionaryAsync(zone => zone.Key, zone => zone.Count, cancellationToken);
    }

    /// <summary>One zone, or null when no zone has that id.</summary>
    public async Task<Zone?> FindAsync(int id, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Set<Zone>().AsNoTracking().SingleOrDefaultAsync(z => z.Id == id, cancellationToken);
    }

    /// <summary>Adds a zone and sets its id.</summary>
    public async Task AddAsync(Zone zone, CancellationToken cancellationToken)
    {
        using var held = await writerLock.AcquireAsync(cancellationToken);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        context.Add(zone);
        await context.SaveChangesAsync(cancellationToken);
    }

    /// <summary>Applies <paramref name="patch"/> to a zone.</summary>
    /// <returns>The zone after the edit, or null when no zone has that id.</returns>
    public async Task<Zone?> EditAsync(int id, ZonePatch patch, CancellationToken cancellationToken)
    {
        using var held = await writerLock.AcquireAsync(cancellationToken);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        if (!await TryLockAsync(context, id, cancellationToken)) return null;
        var zone = await context.Set<Zone>().SingleAsync(z => z.Id == id, cancellationToken);
        patch.Apply(zone);
        await context.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return zone;
    }

    /// <summary>Deletes a zone and removes its nodes from it, in one transaction.</summary>
    /// <returns>False when the zone does not exist.</returns>
    public async Task<bool> DeleteAsync(int id, CancellationToken cancellationToken)
    {
        using var held = await writerLock.AcquireAsync(cancellationToken);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        if (!await TryLockAsync(context, id, cancellationToken)) return false;
        await context.Set<NodeMetadata>().Where(m => m.ZoneId == id)
            .ExecuteUpdateAsync(set => set.SetProperty(m => m.ZoneId, (int?)null), cancellationToken);
        await context.Set<Zone>().Where(z => z.Id == id).ExecuteDeleteAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Keeps a zone as it is until the transaction ends; by an update, because it locks the row on every engine.</summary>
    /// <returns>False when no zone has that id.</returns>
    internal static async Task<bool> TryLockAsync(SensorDashContext context, int id, CancellationToken cancellationToken)
        => await context.Set<Zone>().Where(z => z.Id == id).ExecuteUpdateAsync(set => set.SetProperty(z => z.Name, z => z.Name), cancellationToken) > 0;
}
