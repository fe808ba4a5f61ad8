using NodaTime;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Analytics;

/// <summary>Analytics straight from the store: one pass over the readings asked for, always up to date.</summary>
public sealed class StoreAnalytics(IReadingStore store, NodeDirectory nodes, TimeProvider clock) : IReadingAnalytics
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<NodeBucket>> CalendarAsync(
        int node, TimeRange range, DateTimeZone zone, CalendarUnit unit, int limit, CancellationToken cancellationToken)
    {
        var found = new List<NodeBucket>();
        var buckets = CalendarStatistics.ComputeAsync(
            store, new(node, range), ReadingOrder.NewestFirst, new CalendarBuckets(zone, unit), cancellationToken);
        await foreach (var bucket in buckets)
        {
            found.Add(bucket);
            if (found.Count == limit) break;
        }
        return found;
    }

    /// <inheritdoc/>
    public Task<ReadingStatistics> StatisticsAsync(
        int node, TimeRange range, IReadOnlyList<decimal> percentiles, CancellationToken cancellationToken)
        => ReadingStatistics.ComputeAsync(store, new(node, range), percentiles, cancellationToken);

    /// <inheritdoc/>
    public async Task<DataQuality?> QualityAsync(int node, TimeRange range, CancellationToken cancellationToken)
    {
        if (await store.FindNodeAsync(node, cancellationToken) is not { } known) return null;
        var setInterval = (await nodes.FindMetadataAsync(node, cancellationToken))?.ExpectedIntervalS;
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var from = Math.Max(range.Start ?? known.FirstSeenAt, known.FirstSeenAt);
        var to = Math.Min(range.End ?? now, now);
        var filter = new ReadingFilter(node, range);
        var interval = setInterval ?? await NodeSeries.LearnIntervalAsync(store, filter, cancellationToken);

        var pass = new DataQualityPass(from, to, interval);
        await foreach (var page in store.ReadPagesAsync(filter, ReadingOrder.OldestFirst, cancellationToken))
            foreach (ref readonly var reading in page.Span) pass.Add(reading);
        // Which values are outliers is known only once all have been seen, so they are looked up again; without any, nothing is.
        if (pass.FindLimits())
        {
            await foreach (var page in store.ReadPagesAsync(filter, ReadingOrder.OldestFirst, cancellationToken))
                foreach (ref readonly var reading in page.Span) pass.AddIfOutlier(reading);
        }
        return pass.Finish(known);
    }
}
