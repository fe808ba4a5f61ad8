using System.Text.Json.Serialization;
using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Web.Api;

/// <param name="Total">Number of readings that match the query, counted for its first page and the same on all pages that follow by cursor.</param>
/// <param name="Next">Cursor of the next page, or null at the end.</param>
internal sealed record ReadingList(int Count, long Total, int Limit, int Offset, string? Next, IReadOnlyList<ReadingResponse> Readings);

internal sealed record NodeReadingList(int NodeAddress, int Count, IReadOnlyList<NodeReading> Readings);

/// <summary>A reading or, with sample_count, a bucket of readings.</summary>
internal sealed record NodeReading(
    long Timestamp, decimal? TemperatureCelsius, decimal? HumidityPercent,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long Flags,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? SampleCount);

/// <summary>Exact percentiles by linear interpolation.</summary>
internal sealed record PercentileResponse(decimal? P50, decimal? P95, decimal? P99)
{
    public static PercentileResponse Of(ValueStatistics value) => new(value.Percentiles[0], value.Percentiles[1], value.Percentiles[2]);
}

internal sealed record TemperatureStatistics(decimal? MinCelsius, decimal? MaxCelsius, decimal? AvgCelsius, PercentileResponse Percentiles);

internal sealed record HumidityStatistics(decimal? MinPercent, decimal? MaxPercent, decimal? AvgPercent, PercentileResponse Percentiles);

internal sealed record StatisticsResponse(
    int Address, string? DeviceId, string NodeType, long FirstSeenAt, long LastSeenAt, long TotalReadings, long ReadingCount,
    TemperatureStatistics Temperature, HumidityStatistics Humidity)
{
    public static StatisticsResponse Of(Node node, ReadingStatistics found)
    {
        var (temperature, humidity) = (found.Temperature, found.Humidity);
        return new(node.Address, NodeResponse.DeviceIdText(node), node.NodeType, node.FirstSeenAt, node.LastSeenAt, node.TotalReadings, found.Count,
            new(temperature.Min, temperature.Max, temperature.Average, PercentileResponse.Of(temperature)),
            new(humidity.Min, humidity.Max, humidity.Average, PercentileResponse.Of(humidity)));
    }
}

/// <summary>One quantity of a run, one value per point; null where no reading has it.</summary>
internal sealed record SeriesBand(IReadOnlyList<decimal?> Min, IReadOnlyList<decimal?> Avg, IReadOnlyList<decimal?> Max)
{
    public static SeriesBand Of(IReadOnlyList<SeriesPoint> run, Func<SeriesPoint, SeriesValue> value)
        => new([.. run.Select(p => value(p).Min)], [.. run.Select(p => value(p).Average)], [.. run.Select(p => value(p).Max)]);
}

/// <summary>Points between two gaps.</summary>
/// <param name="Time">Unix seconds.</param>
/// <param name="Count">Readings in each point.</param>
internal sealed record SeriesRun(IReadOnlyList<long> Time, IReadOnlyList<int> Count, SeriesBand Temperature, SeriesBand Humidity);

/// <summary>Statistics of all readings in the range, for the legend.</summary>
internal sealed record SeriesLegend(decimal? Min, decimal? Max, decimal? Avg, decimal? Last, PercentileResponse Percentiles)
{
    public static SeriesLegend Of(ValueStatistics value, decimal? last) => new(value.Min, value.Max, value.Average, last, PercentileResponse.Of(value));
}

/// <param name="Resolution"><c>raw</c>: the points are readings; <c>bucketed</c>: each has the minimum, average and maximum of bucket_seconds.</param>
internal sealed record SeriesResponse(
    int Address, long From, long To, int Points, string Resolution, long? BucketSeconds, long ReadingCount, int? ExpectedIntervalS,
    IReadOnlyList<SeriesRun> Runs, IReadOnlyList<SeriesGap> Gaps, SeriesLegend Temperature, SeriesLegend Humidity)
{
    public static SeriesResponse Of(int address, int points, NodeSeries series) => new(
        address, series.From, series.To, points, series.BucketSeconds is null ? "raw" : "bucketed", series.BucketSeconds, series.ReadingCount,
        series.ExpectedIntervalSeconds,
        [.. series.Runs.Select(run => new SeriesRun([.. run.Select(p => p.Time)], [.. run.Select(p => p.Count)],
            SeriesBand.Of(run, p => p.Temperature), SeriesBand.Of(run, p => p.Humidity)))],
        series.Gaps, SeriesLegend.Of(series.Statistics.Temperature, series.LastCelsius), SeriesLegend.Of(series.Statistics.Humidity, series.LastPercent));
}

/// <param name="Nodes">By address.</param>
internal sealed record SeveralSeriesResponse(long From, long To, int Points, int Count, IReadOnlyList<SeriesResponse> Nodes);
