using SensorDash.Data.Readings;

namespace SensorDash.Data.Analytics;

/// <summary>Statistics of all readings of some nodes in one bucket.</summary>
/// <param name="Start">Unix seconds; buckets are aligned to the epoch.</param>
/// <param name="Statistics">Exact; percentiles are <see cref="ValueSummary.DefaultPercentiles"/>.</param>
public sealed record FleetBucket(long Start, ReadingStatistics Statistics);

/// <summary>Readings of some nodes over time.</summary>
/// <param name="BucketSeconds">Length of a bucket.</param>
/// <param name="Buckets">Oldest first; buckets without readings are omitted.</param>
public sealed record FleetSeries(long From, long To, long BucketSeconds, IReadOnlyList<FleetBucket> Buckets)
{
    /// <summary>Maximum buckets of one response.</summary>
    public const int MaxPoints = 500;
}

/// <summary>One hour of the week in a time zone.</summary>
/// <param name="Weekday">0 is Sunday.</param>
/// <param name="Hour">0 to 23.</param>
/// <param name="Count">Readings.</param>
/// <param name="Celsius">Average, two decimals; null without values.</param>
/// <param name="Percent">Likewise.</param>
public readonly record struct HourOfWeek(int Weekday, int Hour, long Count, decimal? Celsius, decimal? Percent);
