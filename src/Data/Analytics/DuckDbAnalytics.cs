using System.Globalization;
using NodaTime;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.DuckDb;

namespace SensorDash.Data.Analytics;

/// <summary>Answers from the DuckDB file. Only sums, counts, extremes and ranks come from DuckDB; every division and rounding is done here,
/// as for the other engines. Blocks its thread while DuckDB works.</summary>
internal sealed class DuckDbAnalytics(DuckDbSidePath sidePath)
{
    private const string Aggregates = """
        count(*), count(temperature), min(temperature), max(temperature), sum(temperature)::BIGINT, quantile_cont(temperature, $LIST),
        count(humidity), min(humidity), max(humidity), sum(humidity)::BIGINT, quantile_cont(humidity, $LIST)
        """;

    public IReadOnlyList<NodeBucket> Calendar(
        int node, TimeRange range, DateTimeZone zone, CalendarUnit unit, int limit, CancellationToken cancellationToken)
    {
        using var connection = Connect();
        var key = unit == CalendarUnit.Hour ? LocalHourStart(zone, range) : LocalDay(zone, range);
        var buckets = new CalendarBuckets(zone, unit);
        var found = new List<NodeBucket>();
        // The newest time of a group stands for its bucket, whose edges the one calendar of all engines then gives.
        Read(connection, $"""
            SELECT max("timestamp"), {AggregatesOf(ValueSummary.UsualPercentiles)} FROM ({DuckDbSidePath.Source(connection, [node], range, cancellationToken)})
            GROUP BY {key} ORDER BY 1 DESC LIMIT {limit.ToString(CultureInfo.InvariantCulture)}
            """, (chunk, row) =>
            {
                var statistics = StatisticsOf(chunk, row, 1);
                found.Add(new(node, null, buckets.Containing(chunk[0].Values<long>()[row]), statistics.Count, statistics.Temperature, statistics.Humidity));
            }, cancellationToken);
        return found;
    }

    public ReadingStatistics Statistics(int node, TimeRange range, IReadOnlyList<decimal> percentiles, CancellationToken cancellationToken)
    {
        using var connection = Connect();
        ReadingStatistics? found = null;
        Read(connection, $"SELECT {AggregatesOf(percentiles)} FROM ({DuckDbSidePath.Source(connection, [node], range, cancellationToken)})",
            (chunk, row) => found = StatisticsOf(chunk, row, 0, percentiles.Count), cancellationToken);
        return found!;
    }

    public FleetSeries Fleet(IReadOnlyCollection<int> nodes, long start, long end, int points, CancellationToken cancellationToken)
    {
        using var connection = Connect();
        var seconds = Downsampling.BucketSeconds(start, end, points);
        var buckets = new List<FleetBucket>();
        Read(connection, $"""
            SELECT "timestamp" // {Text(seconds)}, {AggregatesOf(ValueSummary.UsualPercentiles)}
            FROM ({DuckDbSidePath.Source(connection, nodes, new(start, end), cancellationToken)}) GROUP BY 1 ORDER BY 1
            """, (chunk, row) => buckets.Add(new(chunk[0].Values<long>()[row] * seconds, StatisticsOf(chunk, row, 1))), cancellationToken);
        return new(start, end, seconds, buckets);
    }

    public IReadOnlyList<HourOfWeek> HoursOfWeek(IReadOnlyCollection<int> nodes, TimeRange range, DateTimeZone zone, CancellationToken cancellationToken)
    {
        using var connection = Connect();
        var sums = new HourSums();
        Read(connection, $"""
            SELECT ("timestamp" + {Offset(zone, range)}) // 3600, count(*), coalesce(sum(temperature), 0)::BIGINT, count(temperature),
                coalesce(sum(humidity), 0)::BIGINT, count(humidity)
            FROM ({DuckDbSidePath.Source(connection, nodes, range, cancellationToken)}) GROUP BY 1
            """, (chunk, row) => sums.Add(chunk[0].Values<long>()[row] * 3600, Long(chunk, 1, row), Long(chunk, 2, row), Long(chunk, 3, row),
                Long(chunk, 4, row), Long(chunk, 5, row)), cancellationToken);
        return sums.ToList();
    }

    private static void Read(DuckDbConnection connection, string sql, Action<DuckDbChunk, int> read, CancellationToken cancellationToken)
    {
        try
        {
            using var result = connection.Query(sql, cancellationToken);
            while (result.NextChunk(cancellationToken) is { } chunk)
                for (var row = 0; row < chunk.RowCount; row++) read(chunk, row);
        }
        catch (DuckDbException e)
        {
            throw Unavailable(e); // Out of its memory limit, say. The store can answer too.
        }
    }

    private DuckDbConnection Connect()
    {
        try
        {
            return sidePath.Connect();
        }
        catch (Exception e) when (e is DuckDbException or ObjectDisposedException)
        {
            throw Unavailable(e); // Just being rebuilt.
        }
    }

    private static StoreUnavailableException Unavailable(Exception error) => new("DuckDB cannot answer.", error);

    private static string AggregatesOf(IReadOnlyList<decimal> percentiles)
    {
        var list = string.Join(", ", percentiles.Select(p => (p / 100).ToString(CultureInfo.InvariantCulture) + "::DOUBLE"));
        return Aggregates.Replace("$LIST", $"[{list}]", StringComparison.Ordinal);
    }

    private static ReadingStatistics StatisticsOf(DuckDbChunk chunk, int row, int column, int percentiles = 3)
        => new(Long(chunk, column, row), ValueOf(chunk, row, column + 1, percentiles), ValueOf(chunk, row, column + 6, percentiles));

    private static ValueStatistics ValueOf(DuckDbChunk chunk, int row, int column, int percentiles)
    {
        var count = Long(chunk, column, row);
        if (count == 0) return new(0, null, null, null, new decimal?[percentiles]);
        var ranks = new decimal?[percentiles];
        var list = chunk[column + 4].GetList<double>(row);
        for (var i = 0; i < percentiles; i++) ranks[i] = Percentile(list[i]);
        return new(count, chunk[column + 1].Values<short>()[row] / 100m, chunk[column + 2].Values<short>()[row] / 100m,
            ValueSummary.Average(Long(chunk, column + 3, row), count), ranks);
    }

    // Percentiles have at most two decimals and values are whole, so the exact rank value has at most four decimals: rounding the double to
    // those gives it back exactly, and what follows is the same arithmetic as in ValueSummary.
    private static decimal Percentile(double hundredths)
        => Math.Round((decimal)Math.Round(hundredths, 4) / 100, 4, MidpointRounding.AwayFromZero);

    private static long Long(DuckDbChunk chunk, int column, int row) => chunk[column].Values<long>()[row];

    // Within one offset hours are regular, and an hour is cut where the offset changes.
    private static string LocalHourStart(DateTimeZone zone, TimeRange range)
    {
        var offset = Offset(zone, range);
        return $"greatest(((\"timestamp\" + {offset}) // 3600) * 3600 - {offset}, {IntervalStart(zone, range)})";
    }

    private static string LocalDay(DateTimeZone zone, TimeRange range) => $"(\"timestamp\" + {Offset(zone, range)}) // 86400";

    private static string Offset(DateTimeZone zone, TimeRange range) => ByInterval(zone, range, interval => interval.WallOffset.Seconds);

    private static string IntervalStart(DateTimeZone zone, TimeRange range)
        => ByInterval(zone, range, interval => interval.HasStart ? interval.Start.ToUnixTimeSeconds() : 0);

    private static string ByInterval(DateTimeZone zone, TimeRange range, Func<NodaTime.TimeZones.ZoneInterval, long> value)
    {
        // No reading is older than 2000 or newer than now + 1 day; 2100 is beyond any of them.
        var start = Instant.FromUnixTimeSeconds(Math.Max(range.Start ?? 0, Reading.MinTimestamp));
        var end = Instant.FromUnixTimeSeconds(Math.Min(range.End ?? long.MaxValue, 4_102_444_800) + 1);
        if (end <= start) return "0";
        var intervals = zone.GetZoneIntervals(start, end).ToArray();
        var cases = intervals[..^1].Select(interval => $"WHEN \"timestamp\" < {Text(interval.End.ToUnixTimeSeconds())} THEN {Text(value(interval))}");
        return intervals.Length == 1 ? Text(value(intervals[0])) : $"CASE {string.Join(' ', cases)} ELSE {Text(value(intervals[^1]))} END";
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
