using SensorDash.Data.Readings;

namespace SensorDash.Data.Analytics;

/// <summary>What statistics over several nodes count.</summary>
public enum Population
{
    /// <summary>One value per node: its mean, rounded to two decimals. A node that sends often weighs as much as any other.</summary>
    Nodes,

    /// <summary>Every reading: a node weighs as much as it sends.</summary>
    Readings,
}

/// <summary>Statistics of some nodes in one bucket.</summary>
/// <param name="Start">Unix seconds; buckets are aligned to the epoch.</param>
/// <param name="NodeCount">Nodes with readings in the bucket.</param>
/// <param name="IsPartial">The bucket extends beyond the range or beyond the current time, so it lacks readings.</param>
/// <param name="Statistics">Exact; percentiles are <see cref="ValueSummary.DefaultPercentiles"/>. Its count is always that of the readings, the
/// counts of its values are of the <see cref="Population"/>.</param>
public sealed record FleetBucket(long Start, int NodeCount, bool IsPartial, ReadingStatistics Statistics);

/// <summary>Some nodes over time.</summary>
/// <param name="BucketSeconds">Length of a bucket.</param>
/// <param name="ExpectedNodeCount">Median of the nodes per bucket, without partial buckets if there are others; 0 without buckets.</param>
/// <param name="Buckets">Oldest first; buckets without readings are omitted.</param>
public sealed record FleetSeries(long From, long To, long BucketSeconds, Population Population, int ExpectedNodeCount, IReadOnlyList<FleetBucket> Buckets)
{
    /// <summary>Maximum buckets of one response.</summary>
    public const int MaxPoints = 500;

    /// <summary>Readings of a whole bucket: their median, the upper one.</summary>
    public long ExpectedReadingCount { get; } = MedianOf(Buckets, b => b.Statistics.Count);

    /// <summary>Whether a bucket has fewer nodes than usual, fewer than nine in ten of the usual readings, or is not whole.</summary>
    public bool Lacks(FleetBucket bucket) => bucket.IsPartial || bucket.NodeCount < ExpectedNodeCount || bucket.Statistics.Count * 10 < ExpectedReadingCount * 9;

    /// <summary>Completes what the engines have computed, so that their results are equal.</summary>
    /// <param name="range">Unix seconds, both inclusive.</param>
    /// <param name="seconds">Length of a bucket.</param>
    /// <param name="population">What the statistics count.</param>
    /// <param name="found">Index, nodes and statistics of the buckets with readings, oldest first.</param>
    /// <param name="now">Unix seconds.</param>
    internal static FleetSeries Of((long From, long To) range, long seconds, Population population, IEnumerable<(long Index, int Nodes, ReadingStatistics Statistics)> found, long now)
    {
        var end = Math.Min(range.To + 1, now);
        FleetBucket[] buckets = [.. found.Select(b => new FleetBucket(b.Index * seconds, b.Nodes, b.Index * seconds < range.From || (b.Index + 1) * seconds > end, b.Statistics))];
        return new(range.From, range.To, seconds, population, (int)MedianOf(buckets, b => b.NodeCount), buckets);
    }

    // Of the whole buckets, if there are any; the upper one.
    private static long MedianOf(IReadOnlyList<FleetBucket> buckets, Func<FleetBucket, long> of)
    {
        var whole = buckets.Where(b => !b.IsPartial).Select(of).Order().ToArray();
        if (whole.Length == 0) whole = [.. buckets.Select(of).Order()];
        return whole.Length == 0 ? 0 : whole[whole.Length / 2];
    }
}

/// <summary>One hour of the week in a time zone.</summary>
/// <param name="Weekday">0 is Sunday.</param>
/// <param name="Hour">0 to 23.</param>
/// <param name="Count">Readings.</param>
/// <param name="NodeCount">Nodes with readings in the hour.</param>
/// <param name="Celsius">Average over the <see cref="Population"/>, two decimals; null without values.</param>
/// <param name="Percent">Likewise.</param>
public readonly record struct HourOfWeek(int Weekday, int Hour, long Count, int NodeCount, decimal? Celsius, decimal? Percent);
