namespace SensorDash.Data.Analytics;

/// <summary>Which value of a reading.</summary>
public enum Quantity
{
    Temperature,
    Humidity,
}

/// <summary>A value far from the others.</summary>
/// <param name="Timestamp">Unix seconds.</param>
/// <param name="Value">°C or %.</param>
/// <param name="Score">Robust z: 0.6745 × (value − median) ÷ MAD, two decimals.</param>
public readonly record struct Outlier(Quantity Quantity, long Timestamp, decimal Value, decimal Score);

/// <summary>The same value again and again, as a stuck sensor gives it.</summary>
/// <param name="From">Unix seconds of the first reading.</param>
/// <param name="To">Unix seconds of the last.</param>
/// <param name="Value">°C or %.</param>
/// <param name="Count">Readings.</param>
public readonly record struct FlatLine(Quantity Quantity, long From, long To, decimal Value, long Count);

/// <summary>A reading that came long after it was measured.</summary>
/// <param name="Timestamp">Measured, Unix seconds.</param>
/// <param name="ReceivedAt">Unix seconds.</param>
public readonly record struct LateArrival(long Timestamp, long ReceivedAt);

/// <summary>How complete and how plausible the readings of a node are in a range. Lists have the first <see cref="MaxListed"/>, counts count all.</summary>
/// <param name="From">Unix seconds: start of the range, or the node's first reading if that is later.</param>
/// <param name="To">Unix seconds: end of the range, or now if that is earlier.</param>
/// <param name="ExpectedIntervalSeconds">Set or learned; null: not known, then nothing is expected and no gap claimed.</param>
/// <param name="Expected">Readings that the interval makes due.</param>
/// <param name="Received">Readings there are.</param>
/// <param name="CompletenessPercent">Received of expected, two decimals, 100 at the most.</param>
/// <param name="Missing">Readings missing in all gaps.</param>
/// <param name="LateCount">Readings received later than <paramref name="LateAfterSeconds"/> after they were measured.</param>
/// <param name="LongestDelaySeconds">Of any reading.</param>
/// <param name="ClockSkewSeconds">Median of received − measured over the readings that were not late; negative: the node's clock is ahead.</param>
public sealed record DataQuality(
    int NodeAddress, long From, long To, int? ExpectedIntervalSeconds, long Expected, long Received, decimal? CompletenessPercent,
    long GapCount, long Missing, IReadOnlyList<SeriesGap> Gaps,
    long OutlierCount, IReadOnlyList<Outlier> Outliers,
    long FlatLineCount, IReadOnlyList<FlatLine> FlatLines,
    long DuplicatesSeen, long LateCount, IReadOnlyList<LateArrival> LateArrivals, long LateAfterSeconds, long? LongestDelaySeconds, long? ClockSkewSeconds)
{
    /// <summary>Most gaps, outliers, flat lines and late readings that are listed.</summary>
    public const int MaxListed = 100;

    /// <summary>A value counts as an outlier beyond this robust z (Iglewicz and Hoaglin's usual 3.5).</summary>
    public const decimal OutlierThreshold = 3.5m;

    /// <summary>Equal readings that make a flat line, if they also last <see cref="FlatLineSeconds"/>.</summary>
    public const int FlatLineReadings = 60;

    /// <summary>Shortest flat line, in seconds.</summary>
    public const int FlatLineSeconds = 7_200;
}
