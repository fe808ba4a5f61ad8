using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Nodes;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.Sqlite.Repair;

/// <summary>Adds nodes, their names and zones of the store that took readings since the damage to those from before it.</summary>
internal static class RepairedNames
{
    /// <param name="context">The repaired file; the caller saves the changes.</param>
    /// <param name="live">What the other store has.</param>
    /// <param name="cancellationToken">Cancels the reads.</param>
    public static async Task AddAsync(SensorDashContext context, SmallTables live, CancellationToken cancellationToken)
    {
        await AddNodesAsync(context, live.Nodes, cancellationToken);
        var zones = await AddZonesAsync(context, live.Zones, cancellationToken);
        var metadata = await context.Set<NodeMetadata>().ToDictionaryAsync(m => m.Address, cancellationToken);
        foreach (var now in live.Metadata)
        {
            if (!metadata.TryGetValue(now.Address, out var before)) before = context.Add(new NodeMetadata { Address = now.Address }).Entity;
            // What was said since counts; what was not said since stays.
            (before.Name, before.Location, before.Notes) = (now.Name ?? before.Name, now.Location ?? before.Location, now.Notes ?? before.Notes);
            before.ZoneId = now.ZoneId is { } zone ? zones[zone] : before.ZoneId;
            before.ExpectedIntervalS = now.ExpectedIntervalS ?? before.ExpectedIntervalS;
            before.UpdatedAt = Math.Max(now.UpdatedAt, before.UpdatedAt);
        }
    }

    // Their readings are counted already.
    private static async Task AddNodesAsync(SensorDashContext context, IReadOnlyList<Node> live, CancellationToken cancellationToken)
    {
        var nodes = await context.Set<Node>().ToDictionaryAsync(n => n.Address, cancellationToken);
        foreach (var now in live)
        {
            if (!nodes.TryGetValue(now.Address, out var before)) before = context.Add(SmallTableWriter.Empty(now)).Entity;
            (before.DeviceId, before.DuplicatesSeen) = (now.DeviceId ?? before.DeviceId, before.DuplicatesSeen + now.DuplicatesSeen);
            if ((now.LastReceivedAt, now.LastReceivedTimestamp).CompareTo((before.LastReceivedAt, before.LastReceivedTimestamp)) > 0)
                (before.LastReceivedAt, before.LastReceivedTimestamp) = (now.LastReceivedAt, now.LastReceivedTimestamp);
        }
    }

    // By name: both stores count zones from 1.
    private static async Task<Dictionary<int, int>> AddZonesAsync(SensorDashContext context, IReadOnlyList<Zone> live, CancellationToken cancellationToken)
    {
        var zones = (await context.Set<Zone>().ToListAsync(cancellationToken)).GroupBy(z => z.Name, StringComparer.OrdinalIgnoreCase).ToDictionary(g => g.Key, g => g.First(), StringComparer.OrdinalIgnoreCase);
        var places = new Dictionary<int, Zone>();
        foreach (var now in live)
        {
            if (zones.TryGetValue(now.Name, out var before)) (before.Color, before.Description) = (now.Color, now.Description ?? before.Description);
            else zones[now.Name] = before = context.Add(new Zone { Name = now.Name, Color = now.Color, Description = now.Description }).Entity;
            places[now.Id] = before;
        }
        await context.SaveChangesAsync(cancellationToken); // Gives the new ones their ids.
        return places.ToDictionary(p => p.Key, p => p.Value.Id);
    }
}
