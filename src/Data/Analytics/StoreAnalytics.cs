using System.Runtime.CompilerServices;
using NodaTime;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Analytics;

/// <summary>Analytics directly from the store: one pass over the selected readings, always up to date.</summary>
public sealed class StoreAnalytics(IReadingStore store, INodeStore nodes, NodeDirectory directory, TimeProvider clock) : IReadingAnalytics
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<NodeBucket>> CalendarAsync(
        int node, TimeRange range, DateTimeZone zone, CalendarUnit unit, int limit, CancellationToken cancellationToken)
    {
        var found = new List<NodeBucket>();
        await foreach (var bucket in BucketsAsync(new(node, range), ReadingOrder.NewestFirst, zone, unit, cancellationToken))
        {
            found.Add(bucket);
            if (found.Count == limit) break;
        }
        return found;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<NodeBucket> BucketsAsync(
        ReadingFilter filter, ReadingOrder order, DateTimeZone zone, CalendarUnit unit, CancellationToken cancellationToken)
        => CalendarStatistics.ComputeAsync(store, filter, order, new CalendarBuckets(zone, unit), cancellationToken);

    /// <inheritdoc/>
    public Task<ReadingStatistics> StatisticsAsync(
        int node, TimeRange range, IReadOnlyList<decimal> percentiles, CancellationToken cancellationToken)
        => ReadingStatistics.ComputeAsync(store, new(node, range), percentiles, cancellationToken);

    /// <inheritdoc/>
    public async Task<DataQuality?> QualityAsync(int node, TimeRange range, CancellationToken cancellationToken)
    {
        if (await nodes.FindAsync(node, cancellationToken) is not { } known) return null;
        var judged = new QualityCheckNode(known, (await directory.FindMetadataAsync(node, cancellationToken))?.ExpectedIntervalS);
        var pass = await PassAsync(judged, range, cancellationToken);
        // Outliers are known only after all readings were read, so a second read lists them if there are any.
        if (pass.HasMoreToList)
        {
            await foreach (var page in store.ReadPagesAsync(new(node, range), ReadingOrder.OldestFirst, cancellationToken))
            {
                foreach (ref readonly var reading in page.Span) pass.ListIfOutlier(reading);
                if (!pass.HasMoreToList) break;
            }
        }
        return pass.Finish(known);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DataQuality>> FleetQualityAsync(IReadOnlyCollection<int> nodes, TimeRange range, CancellationToken cancellationToken)
    {
        var found = new List<DataQuality>(nodes.Count);
        foreach (var judged in await ListQualityCheckNodesAsync(nodes, cancellationToken))
            found.Add((await PassAsync(judged, range, cancellationToken)).Finish(judged.Node));
        return found;
    }

    /// <summary>The existing nodes among some addresses, by address, with the data that the check needs.</summary>
    internal async Task<IReadOnlyList<QualityCheckNode>> ListQualityCheckNodesAsync(IReadOnlyCollection<int> addresses, CancellationToken cancellationToken)
    {
        var known = await nodes.FindAsync(addresses, cancellationToken);
        var intervals = await directory.ListConfiguredIntervalsAsync(cancellationToken);
        return [.. known.Select(n => new QualityCheckNode(n, intervals.TryGetValue(n.Address, out var set) ? set : null))];
    }

    private async Task<DataQualityPass> PassAsync(QualityCheckNode judged, TimeRange range, CancellationToken cancellationToken)
    {
        var filter = new ReadingFilter(judged.Node.Address, range);
        var interval = judged.ConfiguredIntervalSeconds ?? await NodeSeries.LearnIntervalAsync(store, filter, cancellationToken);
        var pass = judged.Begin(range, interval, clock.GetUtcNow().ToUnixTimeSeconds());
        await foreach (var page in store.ReadPagesAsync(filter, ReadingOrder.OldestFirst, cancellationToken))
            foreach (ref readonly var reading in page.Span) pass.Add(reading);
        pass.CountOutliers();
        return pass;
    }

    /// <inheritdoc/>
    public async Task<FleetSeries> FleetAsync(
        IReadOnlyCollection<int>? nodes, long start, long end, int points, Population population, CancellationToken cancellationToken)
    {
        var seconds = Downsampling.BucketSeconds(start, end, points);
        var pass = new FleetPass(seconds, population);
        await foreach (var page in ReadAsync(nodes, new(start, end), cancellationToken)) pass.Add(page.Span);
        return FleetSeries.Of((start, end), seconds, population, pass.Finish(), clock.GetUtcNow().ToUnixTimeSeconds());
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<HourOfWeek>> HoursOfWeekAsync(
        IReadOnlyCollection<int>? nodes, TimeRange range, DateTimeZone zone, Population population, CancellationToken cancellationToken)
    {
        var sums = new HourSums();
        var interval = zone.GetZoneInterval(Instant.MinValue);
        await foreach (var page in ReadAsync(nodes, range, cancellationToken))
        {
            foreach (ref readonly var reading in page.Span)
            {
                var instant = Instant.FromUnixTimeSeconds(reading.Timestamp);
                if (!interval.Contains(instant)) interval = zone.GetZoneInterval(instant);
                sums.Of(reading.NodeAddress, HourSums.HourOf(reading.Timestamp + interval.WallOffset.Seconds)).Add(reading);
            }
        }
        return sums.ToList(population);
    }

    private async IAsyncEnumerable<ReadOnlyMemory<Reading>> ReadAsync(
        IReadOnlyCollection<int>? addresses, TimeRange range, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var address in addresses?.Select(a => (int?)a) ?? [null])
            await foreach (var page in store.ReadPagesAsync(new(address, range), ReadingOrder.OldestFirst, cancellationToken)) yield return page;
    }
}
