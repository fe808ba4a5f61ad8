using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Analytics;

/// <summary>An interval without expected readings. Both ends are Unix seconds.</summary>
/// <param name="Missing">Readings that the expected interval predicts.</param>
public readonly record struct SeriesGap(long From, long To, long Missing)
{
    /// <summary>A gap between two readings, or between a reading and an end of the range.</summary>
    public static SeriesGap Between(long from, long to, int intervalSeconds)
    {
        var spacings = (long)Math.Round((to - from) / (decimal)intervalSeconds, MidpointRounding.AwayFromZero);
        return new(from, to, Math.Max(1, spacings - 1));
    }
}

/// <summary>One quantity in one bucket, °C or %; null when no reading of the bucket has the quantity.</summary>
public readonly record struct SeriesValue(decimal? Min, decimal? Average, decimal? Max);

/// <summary>One point of a chart: a reading, or a bucket of readings.</summary>
/// <param name="Time">Unix seconds: the reading's time, or the midpoint of the bucket's first and last reading.</param>
/// <param name="Count">Readings of the point.</param>
public readonly record struct SeriesPoint(long Time, int Count, SeriesValue Temperature, SeriesValue Humidity);

/// <summary>Selects the series of one node.</summary>
/// <param name="Node">The node.</param>
/// <param name="From">Unix seconds, inclusive.</param>
/// <param name="To">Unix seconds, inclusive.</param>
/// <param name="Points">Maximum buckets, 1 to <see cref="NodeSeries.MaxPoints"/>. A gap inside a bucket splits it in two.</param>
/// <param name="ConfiguredIntervalSeconds">The interval that the user configured; null: SensorDash estimates it.</param>
/// <param name="Now">Unix seconds; no readings are expected after it.</param>
public sealed record SeriesQuery(Node Node, long From, long To, int Points, int? ConfiguredIntervalSeconds, long Now)
{
    internal TimeRange Range => new(From, To);

    internal ReadingFilter Filter => new(Node.Address, Range);

    /// <summary>Starts the series; no readings are expected before the node's first reading and after the current time.</summary>
    internal SeriesBuilder Begin(long count, int? intervalSeconds)
        => new(this, count <= Points ? null : Downsampling.BucketSeconds(From, To, Points), intervalSeconds);
}

/// <summary>The chart of one node in a range: it keeps every spike and marks every gap.</summary>
/// <param name="From">Unix seconds.</param>
/// <param name="To">Unix seconds.</param>
/// <param name="ReadingCount">Readings in the range.</param>
/// <param name="BucketSeconds">Length of a bucket, or null when the points are the readings themselves.</param>
/// <param name="ExpectedIntervalSeconds">The basis of gaps; null: unknown, then no gaps are reported.</param>
/// <param name="Runs">Points between two gaps, oldest first.</param>
/// <param name="Gaps">Oldest first.</param>
/// <param name="Statistics">Statistics of all readings in the range, not of the points.</param>
/// <param name="LastCelsius">Latest temperature in the range.</param>
/// <param name="LastPercent">Latest humidity in the range.</param>
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
    /// <summary>Maximum points of one chart: two per pixel of a narrow screen, one of a wide screen.</summary>
    public const int MaxPoints = 2_000;

    // More than 2.5 intervals: one reading may be lost on the radio without a gap; two in a row are a gap. Doubled, because every reading is compared.
    private const long DoubleGapIntervals = 5;

    // The estimate uses intervals of the range itself: a node may have had another interval then.
    internal const int LearnedFrom = 501;

    /// <summary>Whether <paramref name="seconds"/> without readings are a gap.</summary>
    public static bool IsGap(long seconds, int? expectedIntervalSeconds)
        => expectedIntervalSeconds is { } interval && 2 * seconds > DoubleGapIntervals * interval;
}
