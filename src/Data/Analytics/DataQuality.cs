namespace SensorDash.Data.Analytics;

/// <summary>A quantity of a reading.</summary>
public enum Quantity
{
    Temperature,
    Humidity,
}

/// <summary>A value with a robust z-score above the threshold.</summary>
/// <param name="Timestamp">Unix seconds.</param>
/// <param name="Value">°C or %.</param>
/// <param name="Score">Robust z-score: 0.6745 × (value − median) ÷ MAD, two decimals.</param>
public readonly record struct Outlier(Quantity Quantity, long Timestamp, decimal Value, decimal Score);

/// <summary>A run of equal values, as a stuck sensor sends it.</summary>
/// <param name="From">Unix seconds of the first reading.</param>
/// <param name="To">Unix seconds of the last.</param>
/// <param name="Value">°C or %.</param>
/// <param name="Count">Readings.</param>
public readonly record struct FlatLine(Quantity Quantity, long From, long To, decimal Value, long Count);

/// <summary>A reading that the hub received long after its measured time.</summary>
/// <param name="Timestamp">Measured, Unix seconds.</param>
/// <param name="ReceivedAt">Unix seconds.</param>
public readonly record struct LateArrival(long Timestamp, long ReceivedAt);

/// <summary>Completeness and plausibility of a node's readings in a range. Lists contain the first <see cref="MaxListed"/> entries, counts include all.</summary>
/// <param name="From">Unix seconds: start of the range, or the node's first reading if that is later.</param>
/// <param name="To">Unix seconds: end of the range, or the current time if that is earlier.</param>
/// <param name="ExpectedIntervalSeconds">Configured or estimated; null: unknown, then no readings are expected and no gaps reported.</param>
/// <param name="Expected">Readings that the interval predicts.</param>
/// <param name="Received">Actual readings.</param>
/// <param name="CompletenessPercent">Received ÷ expected in percent, two decimals, at most 100.</param>
/// <param name="Missing">Missing readings of all gaps.</param>
/// <param name="LateCount">Readings received more than <paramref name="LateAfterSeconds"/> after their measured time.</param>
/// <param name="LongestDelaySeconds">The longest delay of all readings.</param>
/// <param name="ClockSkewSeconds">Median of received − measured of the readings that were not late; negative when the node's clock is ahead.</param>
public sealed record DataQuality(
    int NodeAddress, long From, long To, int? ExpectedIntervalSeconds, long Expected, long Received, decimal? CompletenessPercent,
    long GapCount, long Missing, IReadOnlyList<SeriesGap> Gaps,
    long OutlierCount, IReadOnlyList<Outlier> Outliers,
    long FlatLineCount, IReadOnlyList<FlatLine> FlatLines,
    long DuplicatesSeen, long LateCount, IReadOnlyList<LateArrival> LateArrivals, long LateAfterSeconds, long? LongestDelaySeconds, long? ClockSkewSeconds)
{
    /// <summary>Maximum listed gaps, outliers, flat lines and late readings.</summary>
    public const int MaxListed = 100;

    /// <summary>A value is an outlier if its robust z-score exceeds this (3.5 by Iglewicz and Hoaglin).</summary>
    public const decimal OutlierThreshold = 3.5m;

    /// <summary>Minimum equal readings of a flat line that also lasts <see cref="FlatLineSeconds"/>.</summary>
    public const int FlatLineReadings = 60;

    /// <summary>Minimum duration of a flat line in seconds.</summary>
    public const int FlatLineSeconds = 7_200;
}
