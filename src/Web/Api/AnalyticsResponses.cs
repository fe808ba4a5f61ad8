using System.Globalization;
using NodaTime;
using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;

namespace SensorDash.Web.Api;

/// <summary>Exact statistics of one quantity, °C or %; null without values.</summary>
internal sealed record ValueResponse(decimal? Min, decimal? Max, decimal? Avg, decimal? P50, decimal? P95, decimal? P99)
{
    public static ValueResponse Of(ValueStatistics value)
        => new(value.Min, value.Max, value.Average, value.Percentiles[0], value.Percentiles[1], value.Percentiles[2]);
}

/// <param name="BucketEnd">Exclusive.</param>
/// <param name="LocalStart">ISO 8601 with the offset of the time zone.</param>
internal sealed record CalendarBucketResponse(
    long BucketStart, long BucketEnd, string LocalStart, long ReadingCount, ValueResponse Temperature, ValueResponse Humidity)
{
    public static CalendarBucketResponse Of(NodeBucket bucket, DateTimeZone zone)
    {
        var local = Instant.FromUnixTimeSeconds(bucket.Bucket.Start).InZone(zone).ToDateTimeOffset();
        return new(bucket.Bucket.Start, bucket.Bucket.End, local.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture),
            bucket.Count, ValueResponse.Of(bucket.Temperature), ValueResponse.Of(bucket.Humidity));
    }
}

internal sealed record CalendarResponse(int Address, string Tz, int Count, IReadOnlyList<CalendarBucketResponse> Buckets);

/// <param name="Method">Always <c>exact</c>: PERCENTILE_CONT, without sampling.</param>
internal sealed record PercentilesResponse(
    int Address, string Method, IReadOnlyDictionary<string, decimal?> Temperature, IReadOnlyDictionary<string, decimal?> Humidity);

internal sealed record GapList(long Count, long Missing, IReadOnlyList<SeriesGap> Items);

/// <param name="Threshold">Robust z-score, from median and MAD, above which a value is an outlier.</param>
internal sealed record OutlierList(long Count, decimal Threshold, IReadOnlyList<Outlier> Items);

internal sealed record FlatLineList(long Count, IReadOnlyList<FlatLine> Items);

internal sealed record LateArrivals(long Count, long LateAfterS, long? LongestDelayS, IReadOnlyList<LateArrival> Items);

internal sealed record QualityResponse(
    int Address, long From, long To, int? ExpectedIntervalS, long ExpectedCount, long ReceivedCount, decimal? CompletenessPercent,
    GapList Gaps, OutlierList Outliers, FlatLineList FlatLines, long DuplicatesSeen, LateArrivals LateArrivals, long? ClockSkewS)
{
    public static QualityResponse Of(DataQuality q) => new(
        q.NodeAddress, q.From, q.To, q.ExpectedIntervalSeconds, q.Expected, q.Received, q.CompletenessPercent,
        new(q.GapCount, q.Missing, q.Gaps), new(q.OutlierCount, DataQuality.OutlierThreshold, q.Outliers), new(q.FlatLineCount, q.FlatLines),
        q.DuplicatesSeen, new(q.LateCount, q.LateAfterSeconds, q.LongestDelaySeconds, q.LateArrivals), q.ClockSkewSeconds);
}

internal sealed record QualitySummary(
    int Address, int? ExpectedIntervalS, long ExpectedCount, long ReceivedCount, decimal? CompletenessPercent,
    long GapCount, long Missing, long OutlierCount, long FlatLineCount, long DuplicatesSeen, long LateCount, long? ClockSkewS)
{
    public static QualitySummary Of(DataQuality q) => new(q.NodeAddress, q.ExpectedIntervalSeconds, q.Expected, q.Received, q.CompletenessPercent,
        q.GapCount, q.Missing, q.OutlierCount, q.FlatLineCount, q.DuplicatesSeen, q.LateCount, q.ClockSkewSeconds);
}

/// <param name="Next">Cursor of the next page, or null at the end.</param>
internal sealed record FleetQualityResponse(int Count, string? Next, IReadOnlyList<QualitySummary> Nodes);
