using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Access;
using SensorDash.Data.Nodes;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Transfer;

/// <summary>Writes nodes, metadata, zones, users and keys through EF Core, in one transaction, and then the audit log.</summary>
internal static class SmallTableWriter
{
    /// <inheritdoc cref="ITransferTarget.WriteSmallTablesAsync"/>
    /// <param name="contexts">Makes a context of the target.</param>
    public static async Task WriteAsync(IDbContextFactory<SensorDashContext> contexts, SmallTables tables, bool isMirror, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var nodes = await context.Set<Node>().ToDictionaryAsync(n => n.Address, cancellationToken);
        foreach (var node in tables.Nodes) Merge(nodes.GetValueOrDefault(node.Address) ?? context.Add(Empty(node)).Entity, node, tables.HasCounters);
        if (tables.HasMetadata)
        {
            await AddOrReplaceAsync(context, tables.Zones, z => z.Id, isMirror, cancellationToken);
            await AddOrReplaceAsync(context, tables.Metadata, m => m.Address, isMirror, cancellationToken);
        }
        if (tables.Access is { } access) await WriteAccessAsync(context, access, isMirror, cancellationToken);
        await context.SaveChangesAsync(cancellationToken);
        if (tables.Access is not null) await AuditCopy.WriteAsync(contexts, tables.Access, isMirror, cancellationToken);
    }

    private static async Task WriteAccessAsync(SensorDashContext context, AccessRows access, bool isMirror, CancellationToken cancellationToken)
    {
        await AddOrReplaceAsync(context, access.Users, u => u.Id, isMirror, cancellationToken);
        await AddOrReplaceAsync(context, access.Sessions, s => s.Id, isMirror, cancellationToken);
        await AddOrReplaceAsync(context, access.Keys, k => k.Id, isMirror, cancellationToken);
        await AddOrReplaceAsync(context, access.ProtectionKeys, k => k.Name, isMirror, cancellationToken);
        // A server that runs on the target reads them again.
        if (context.ChangeTracker.Entries().Any(e => e.Entity is User or Session or ApiKey && e.State != EntityState.Unchanged))
            (await context.Set<StoreInfo>().SingleAsync(cancellationToken)).AccessVersion++;
    }

    /// <summary>A node without readings.</summary>
    public static Node Empty(Node node) => new()
    {
        Address = node.Address,
        FirstSeenAt = node.FirstSeenAt,
        LastSeenAt = node.LastSeenAt,
        LastReceivedAt = node.LastReceivedAt,
        LastReceivedTimestamp = node.LastReceivedTimestamp,
    };

    /// <summary>What readings do not tell. Their counters are those of the target: counted, not believed.</summary>
    public static void Merge(Node target, Node source, bool hasCounters)
    {
        (target.DeviceId, target.NodeType) = (source.DeviceId ?? target.DeviceId, source.NodeType);
        // Of readings that were deleted, only the source knows the times.
        if (hasCounters && target.TotalReadings == source.TotalReadings) (target.FirstSeenAt, target.LastSeenAt) = (source.FirstSeenAt, source.LastSeenAt);
        if (hasCounters)
            (target.DuplicatesSeen, target.LastReceivedAt, target.LastReceivedTimestamp) = (source.DuplicatesSeen, source.LastReceivedAt, source.LastReceivedTimestamp);
    }

    private static async Task AddOrReplaceAsync<TRow, TKey>(DbContext context, IReadOnlyList<TRow> rows, Func<TRow, TKey> key, bool isMirror, CancellationToken cancellationToken)
        where TRow : class
        where TKey : notnull
    {
        var there = (await context.Set<TRow>().ToListAsync(cancellationToken)).ToDictionary(key);
        foreach (var row in rows)
        {
            if (there.Remove(key(row), out var known)) context.Entry(known).CurrentValues.SetValues(row);
            else context.Add(row);
        }
        if (isMirror) context.RemoveRange(there.Values);
    }
}
