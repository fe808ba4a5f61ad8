using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Analytics;

/// <summary>A stretch without readings that should have had some. Both ends are Unix seconds.</summary>
/// <param name="Missing">Readings that the expected interval would have brought.</param>
public readonly record struct SeriesGap(long From, long To, long Missing)
{
    /// <summary>The gap between two readings, or between one and an end of the range.</summary>
    public static SeriesGap Between(long from, long to, int intervalSeconds)
    {
        var spacings = (long)Math.Round((to - from) / (decimal)intervalSeconds, MidpointRounding.AwayFromZero);
        return new(from, to, Math.Max(1, spacings - 1));
    }
}

/// <summary>One quantity in one bucket, °C or %; null when no reading of the bucket has it.</summary>
public readonly record struct SeriesValue(decimal? Min, decimal? Average, decimal? Max);

/// <summary>One point of a chart: a reading, or a bucket of them.</summary>
/// <param name="Time">Unix seconds: the reading's, or the middle between the bucket's first and last reading.</param>
/// <param name="Count">Readings in it.</param>
public readonly record struct SeriesPoint(long Time, int Count, SeriesValue Temperature, SeriesValue Humidity);

/// <summary>What a chart of one node shows in a range: every spike kept, every gap marked.</summary>
/// <param name="From">Unix seconds.</param>
/// <param name="To">Unix seconds.</param>
/// <param name="ReadingCount">Readings in the range.</param>
/// <param name="BucketSeconds">Length of a bucket, or null when the points are the readings themselves.</param>
/// <param name="ExpectedIntervalSeconds">On which gaps are judged; null: not known, no gap is claimed.</param>
/// <param name="Runs">Points between two gaps, oldest first.</param>
/// <param name="Gaps">Oldest first.</param>
/// <param name="Statistics">Of every reading in the range, not of the points.</param>
/// <param name="LastCelsius">Newest temperature in the range.</param>
/// <param name="LastPercent">Newest humidity in the range.</param>
public sealed record NodeSeries(
    long From,
    long To,
    long ReadingCount,
    long? BucketSeconds,
    int? ExpectedIntervalSeconds,
    IReadOnlyList<IReadOnlyList<SeriesPoint>> Runs,
    IReadOnlyList<SeriesGap> Gaps,
    ReadingStatistics Statistics,
    decimal? LastCelsius,
    decimal? LastPercent)
{
    /// <summary>Most points of one chart: two per pixel of a narrow screen, one of a wide one.</summary>
    public const int MaxPoints = 2_000;

    // One reading may be lost on the radio without the line breaking; two in a row are a gap.
    private const decimal GapIntervals = 2.5m;

    // Spacings learned from, in the range itself: a node that changed its pace is judged by the pace it had.
    internal const int LearnedFrom = 501;

    /// <summary>Whether silence of <paramref name="seconds"/> is a gap.</summary>
    public static bool IsGap(long seconds, int? expectedIntervalSeconds)
        => expectedIntervalSeconds is { } interval && seconds > GapIntervals * interval;

    /// <summary>Builds the series of one node.</summary>
    /// <param name="store">Where the readings are.</param>
    /// <param name="node">The node.</param>
    /// <param name="from">Unix seconds, included.</param>
    /// <param name="to">Unix seconds, included.</param>
    /// <param name="points">Most buckets, 1 to <see cref="MaxPoints"/>. A gap inside a bucket splits it in two.</param>
    /// <param name="configuredIntervalSeconds">The interval the user has set, if so.</param>
    /// <param name="now">Unix seconds: silence after it is not missing yet.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public static async Task<NodeSeries> BuildAsync(
        IReadingStore store, Node node, long from, long to, int points, int? configuredIntervalSeconds, long now, CancellationToken cancellationToken)
    {
        var filter = new ReadingFilter(node.Address, new TimeRange(from, to));
        var count = await store.CountAsync(filter, cancellationToken);
        var interval = configuredIntervalSeconds ?? await LearnIntervalAsync(store, filter, cancellationToken);
        long? bucketSeconds = count <= points ? null : Downsampling.BucketSeconds(from, to, points);
        // Before a node's first reading nothing is missing, and after now nothing is missing yet.
        var builder = new SeriesBuilder(Math.Max(from, node.FirstSeenAt), Math.Min(to, now), bucketSeconds, interval);
        await foreach (var page in store.ReadPagesAsync(filter, ReadingOrder.OldestFirst, cancellationToken))
            foreach (ref readonly var reading in page.Span) builder.Add(reading);
        return builder.Finish(from, to);
    }

    internal static async Task<int?> LearnIntervalAsync(IReadingStore store, ReadingFilter filter, CancellationToken cancellationToken)
    {
        var newest = new Reading[LearnedFrom];
        var read = await store.ReadAsync(new(filter, ReadingOrder.NewestFirst), newest, cancellationToken);
        if (Liveness.LearnInterval(Array.ConvertAll(newest[..read], r => r.Timestamp)) is { } learned) return learned;
        // Too few in the range itself: then what came before it says how often the node should have spoken.
        if (filter.Range.Start is null) return null;
        return await LearnIntervalAsync(store, filter with { Range = new(null, filter.Range.End) }, cancellationToken);
    }
}
