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
    public async Task<NodeSeries> SeriesAsync(SeriesQuery query, CancellationToken cancellationToken)
    {
        var count = await store.CountAsync(query.Filter, cancellationToken);
        var builder = query.Begin(count, query.ConfiguredIntervalSeconds ?? await LearnIntervalAsync(query.Filter, cancellationToken));
        await foreach (var page in store.ReadPagesAsync(query.Filter, ReadingOrder.OldestFirst, cancellationToken))
            foreach (ref readonly var reading in page.Span) builder.Add(reading);
        return builder.Finish();
    }

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
        var interval = judged.ConfiguredIntervalSeconds ?? await LearnIntervalAsync(filter, cancellationToken);
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
    public async Task<IReadOnlyDictionary<int, FleetSeries>> EachNodeAsync(IReadOnlyCollection<int> nodes, long start, long end, int points, CancellationToken cancellationToken)
    {
        var found = new Dictionary<int, FleetSeries>();
        foreach (var node in nodes) found[node] = await FleetAsync([node], start, end, points, Population.Readings, cancellationToken);
        return found;
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

    /// <summary>Whether a node has more than <paramref name="rows"/> readings in a range. Costs at most that many.</summary>
    internal async Task<bool> HasMoreAsync(Node node, TimeRange range, int rows, CancellationToken cancellationToken)
    {
        // There is at most one reading per second.
        if (node.TotalReadings <= rows || (range.End ?? long.MaxValue) - (range.Start ?? 0) < rows) return false;
        return await store.ReadAsync(new(new(node.Address, range), ReadingOrder.NewestFirst, Offset: rows), new Reading[1], cancellationToken) > 0;
    }

    private async Task<int?> LearnIntervalAsync(ReadingFilter filter, CancellationToken cancellationToken)
    {
        var newest = new Reading[NodeSeries.LearnedFrom];
        var read = await store.ReadAsync(new(filter, ReadingOrder.NewestFirst), newest, cancellationToken);
        if (Liveness.LearnInterval(Array.ConvertAll(newest[..read], r => r.Timestamp)) is { } learned) return learned;
        // The range has too few readings, so the estimate also uses earlier ones.
        if (filter.Range.Start is null) return null;
        return await LearnIntervalAsync(filter with { Range = new(null, filter.Range.End) }, cancellationToken);
    }

    private async IAsyncEnumerable<ReadOnlyMemory<Reading>> ReadAsync(
        IReadOnlyCollection<int>? addresses, TimeRange range, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var address in addresses?.Select(a => (int?)a) ?? [null])
            await foreach (var page in store.ReadPagesAsync(new(address, range), ReadingOrder.OldestFirst, cancellationToken)) yield return page;
    }
}
