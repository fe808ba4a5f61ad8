using Microsoft.Extensions.Caching.Memory;
using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Pages.Display.Plots;

namespace SensorDash.Web.Pages.Overview;

/// <summary>One node over a range, in points.</summary>
/// <param name="From">Unix seconds.</param>
/// <param name="To">Unix seconds.</param>
/// <param name="Runs">Points between two gaps, oldest first.</param>
/// <param name="Gaps">Oldest first.</param>
/// <param name="Temperature">Of all readings, not of the points.</param>
/// <param name="Humidity">Likewise.</param>
/// <param name="IntervalSeconds">Expected interval; null when unknown.</param>
/// <param name="BucketSeconds">Length of a point; null if the points are readings.</param>
internal sealed record NodeTrace(
    long From, long To, IReadOnlyList<IReadOnlyList<SeriesPoint>> Runs, IReadOnlyList<SeriesGap> Gaps, SeriesValue Temperature, SeriesValue Humidity, int? IntervalSeconds, long? BucketSeconds)
{
    /// <summary>The readings that a point should have, if it lacks some or is not over; otherwise null.</summary>
    /// <param name="point">A point of <see cref="Runs"/>.</param>
    /// <param name="now">Unix seconds.</param>
    public int? ExpectedIn(in SeriesPoint point, long now) => BucketSeconds is not { } seconds ? null
        : PlotPoint.ExpectedIn(Downsampling.Index(point.Time, seconds) * seconds, seconds, point.Count, IntervalSeconds, From, Math.Min(To, now));

    /// <summary>Runs of one quantity, without its empty points.</summary>
    public IReadOnlyList<IReadOnlyList<(long Time, SeriesValue Value)>> RunsOf(bool isHumidity) => [.. Runs
        .Select(run => (IReadOnlyList<(long Time, SeriesValue Value)>)[.. run.Select(p => (p.Time, Value: isHumidity ? p.Humidity : p.Temperature)).Where(p => p.Value.Average is not null)])
        .Where(run => run.Count > 0)];
}

/// <summary>Reads ranges of nodes for the overview and caches them, because a page of 60 reads the range of each.</summary>
internal sealed class Traces(IReadingAnalytics analytics, IMemoryCache cache, TimeProvider clock)
{
    /// <summary>Points of a range.</summary>
    public const int Points = 144;

    // A longer range is read from the buckets of the analytics: they cost little per reading, but know no gap shorter than a bucket.
    private const long ExactSeconds = 2 * 86_400;

    private const int RedrawSeconds = 120;
    private const int NewNodeReadings = 1_000;

    /// <summary>The traces of these nodes, in their order.</summary>
    public async Task<IReadOnlyList<NodeTrace>> ReadAsync(IReadOnlyList<NodeView> nodes, ViewRange range, CancellationToken cancellationToken)
    {
        // In one step a rolling range moves by less than a point.
        var step = Math.Max(1, range.Seconds / (2 * Points));
        var to = range.IsRolling ? ((range.To / step) + 1) * step : range.To;
        var from = to - range.Seconds;
        var known = nodes.Select(view => cache.Get<NodeTrace>(KeyOf(view))).ToArray();
        int[] missing = [.. nodes.Where((_, i) => known[i] is null).Select(view => view.Node.Address)];
        var buckets = range.Seconds <= ExactSeconds || missing.Length == 0 ? null : await analytics.EachNodeAsync(missing, from, to, Points, cancellationToken);
        var traces = new List<NodeTrace>(nodes.Count);
        foreach (var (view, cached) in nodes.Zip(known))
            traces.Add(cached ?? cache.Set(KeyOf(view), buckets is null ? await ReadExactAsync(view, from, to, cancellationToken) : TraceOf(view, buckets[view.Node.Address]), TimeSpan.FromSeconds(2 * RedrawSeconds)));
        return traces;

        (string, int, long, int?, long, long) KeyOf(NodeView view)
        {
            // Read again every two minutes while readings arrive, and at each reading of a new node; the values next to it are always current.
            var version = view.Node.TotalReadings < NewNodeReadings ? view.Node.TotalReadings : view.Node.LastSeenAt / RedrawSeconds;
            return (nameof(Traces), view.Node.Address, version, view.Liveness.ExpectedIntervalSeconds, from, to);
        }
    }

    private async Task<NodeTrace> ReadExactAsync(NodeView view, long from, long to, CancellationToken cancellationToken)
    {
        var series = await analytics.SeriesAsync(new(view.Node, from, to, Points, view.Metadata?.ExpectedIntervalS, clock.GetUtcNow().ToUnixTimeSeconds()), cancellationToken);
        var (t, h) = (series.Statistics.Temperature, series.Statistics.Humidity);
        return new(from, to, series.Runs, series.Gaps, new(t.Min, t.Average, t.Max), new(h.Min, h.Average, h.Max), series.ExpectedIntervalSeconds, series.BucketSeconds);
    }

    private NodeTrace TraceOf(NodeView view, FleetSeries series)
    {
        var (from, to) = (series.From, series.To);
        var (runs, gaps) = (new List<List<SeriesPoint>>(), new List<SeriesGap>());
        var end = Math.Max(from, view.Node.FirstSeenAt); // Before its first reading a node has no gap.
        foreach (var bucket in series.Buckets)
        {
            if (runs.Count == 0 || bucket.Start > end) runs.Add([]);
            if (bucket.Start - end >= series.BucketSeconds) AddGap(end, bucket.Start);
            var (t, h) = (bucket.Statistics.Temperature, bucket.Statistics.Humidity);
            runs[^1].Add(new(bucket.Start + (series.BucketSeconds / 2), (int)bucket.Statistics.Count, new(t.Min, t.Average, t.Max), new(h.Min, h.Average, h.Max)));
            end = bucket.Start + series.BucketSeconds;
        }
        var last = Math.Min(to, clock.GetUtcNow().ToUnixTimeSeconds());
        if (last - end >= series.BucketSeconds) AddGap(end, last);
        return new(from, to, runs, gaps, Total(b => b.Statistics.Temperature), Total(b => b.Statistics.Humidity), view.Liveness.ExpectedIntervalSeconds, series.BucketSeconds);

        void AddGap(long start, long stop) => gaps.Add(SeriesGap.Between(start, stop, view.Liveness.ExpectedIntervalSeconds ?? (int)Math.Min(int.MaxValue, series.BucketSeconds)));

        SeriesValue Total(Func<FleetBucket, ValueStatistics> of) => new(series.Buckets.Min(b => of(b).Min), series.Buckets.Average(b => of(b).Average), series.Buckets.Max(b => of(b).Max));
    }
}
