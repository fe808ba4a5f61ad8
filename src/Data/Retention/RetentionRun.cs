using System.Collections.Concurrent;
using SensorDash.Data.Events;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Retention;

/// <summary>Rows that a run deleted.</summary>
/// <param name="Kind">readings, or the lane of events.</param>
public readonly record struct RemovedRows(string Kind, long Rows);

/// <summary>Deletes what exceeds the retention, in slices, each a short transaction between those of ingest. A run that was killed or failed is continued by the next one.</summary>
public sealed class RetentionRun(IReadingStore readings, INodeStore nodes, IEventRemoval events, RetentionRules rules, TimeProvider clock)
{
    private const int NodesAtOnce = 1_000;

    private readonly ConcurrentDictionary<string, long> _totals = new(Lanes.All.Select(lane => lane.Name()).Prepend(Readings).Select(kind => new KeyValuePair<string, long>(kind, 0)));

    private const string Readings = "readings";

    /// <summary>Rows deleted since startup by kind: readings, and each lane.</summary>
    public IEnumerable<KeyValuePair<string, long>> Totals => _totals;

    /// <summary>Runs for each slice that deleted rows. It must not wait.</summary>
    public event Action<RemovedRows>? Removed;

    /// <summary>Reads what the settings mean in this store, and how far earlier runs came.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task ReadRulesAsync(CancellationToken cancellationToken)
    {
        if (rules.Options.Readings.IsOn) await rules.ReadAsync(cancellationToken);
        if (rules.Options.Events.IsOn) rules.Edges = await events.ReadEdgesAsync(cancellationToken);
    }

    /// <summary>Deletes old readings.</summary>
    /// <exception cref="StoreUnavailableException">Earlier slices stay done.</exception>
    public async Task RemoveReadingsAsync(CancellationToken cancellationToken)
    {
        if (!rules.Options.Readings.IsOn) return;
        var (known, today) = (await rules.ReadAsync(cancellationToken), ReadingRules.Today(clock));
        if (!known.IsOn) return;
        // What no node keeps goes from all nodes together: whole chunks or months.
        var before = await FindSharedAsync(known, today, cancellationToken);
        if (before > long.MinValue)
            while (Count(Readings, await readings.RemoveBeforeAsync(before, cancellationToken)) > 0) { }
        if (known.OfNodes.Count == 0) return;
        for (var (after, more) = (0, true); more;)
        {
            var page = await nodes.ListAsync(after, NodesAtOnce, cancellationToken);
            List<NodeRemoval> due = [.. page.Where(n => n.TotalReadings > 0 && n.FirstSeenAt < known.KeptFrom(n.Address, today)).Select(n => new NodeRemoval(n.Address, known.KeptFrom(n.Address, today)))];
            while (due.Count > 0)
            {
                var (rows, done) = await readings.RemoveBeforeAsync(due, cancellationToken);
                Count(Readings, rows);
                due.RemoveRange(0, done);
            }
            more = page.Count == NodesAtOnce;
            if (more) after = page[^1].Address;
        }
    }

    // The time before which no node keeps readings; long.MinValue if one keeps all of them.
    private async Task<long> FindSharedAsync(ReadingRules known, long today, CancellationToken cancellationToken)
    {
        var shared = known.OfNodes.Values.Select(days => ReadingRules.KeptFromDays(days, today)).DefaultIfEmpty(long.MaxValue).Min();
        if (known.Default > 0) return Math.Min(shared, ReadingRules.KeptFromDays(known.Default, today));
        // The default is forever: is there a node that has it?
        for (var after = 0; ;)
        {
            var page = await nodes.ListAsync(after, NodesAtOnce, cancellationToken);
            if (page.Any(n => !known.OfNodes.ContainsKey(n.Address))) return long.MinValue;
            if (page.Count < NodesAtOnce) return shared;
            after = page[^1].Address;
        }
    }

    /// <summary>Deletes old events, and rows of the event index that are no longer needed.</summary>
    /// <exception cref="StoreUnavailableException">Earlier slices stay done.</exception>
    public async Task RemoveEventsAsync(CancellationToken cancellationToken)
    {
        if (!rules.Options.Events.IsOn) return;
        rules.Edges = await events.ReadEdgesAsync(cancellationToken);
        foreach (var lane in Lanes.All)
        {
            var edge = rules.KeptFrom(lane);
            for (var at = rules.Edges[lane]; at < edge;)
            {
                var slice = await events.RemoveSliceAsync(lane, edge, cancellationToken);
                Count(lane.Name(), slice.Removed);
                if (slice.Edge == at) break; // The edge cannot pass the newest event.
                at = slice.Edge;
            }
        }
        rules.Edges = await events.ReadEdgesAsync(cancellationToken);
        for (var at = (IndexPosition?)IndexPosition.Start; at is { } position;) at = (await events.RemoveIndexSliceAsync(rules.IndexBounds, position, cancellationToken)).Next;
    }

    private long Count(string kind, long rows)
    {
        if (rows == 0) return 0;
        _totals.AddOrUpdate(kind, rows, (_, before) => before + rows);
        Removed?.Invoke(new(kind, rows));
        return rows;
    }
}
