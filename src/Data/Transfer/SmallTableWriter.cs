using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Nodes;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Transfer;

/// <summary>Writes nodes, metadata and zones through EF Core, in one transaction.</summary>
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
        await context.SaveChangesAsync(cancellationToken);
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

    private static async Task AddOrReplaceAsync<TRow>(DbContext context, IReadOnlyList<TRow> rows, Func<TRow, int> key, bool isMirror, CancellationToken cancellationToken)
        where TRow : class
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
