using System.Globalization;
using NodaTime;
using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;

namespace SensorDash.Data.DuckDb.Queries;

/// <summary>Queries of the DuckDB file. DuckDB computes only sums, counts, extremes, ranks and, in integers, means of nodes; every other division
/// and rounding is done here, as for the other engines. Blocks its thread while DuckDB works; the token of the reader cancels that.</summary>
internal sealed partial class DuckDbAnalytics(DuckDbReader reader)
{
    private const string Aggregates = """
        count(*), count(temperature), min(temperature), max(temperature), sum(temperature)::BIGINT, quantile_cont(temperature, $LIST),
        count(humidity), min(humidity), max(humidity), sum(humidity)::BIGINT, quantile_cont(humidity, $LIST)
        """;

    /// <summary>The newest calendar buckets of a node with readings.</summary>
    public IReadOnlyList<NodeBucket> Calendar(int node, TimeRange range, DateTimeZone zone, CalendarUnit unit, int limit)
    {
        // Most nodes send all the time: their newest buckets need not read the whole range.
        long? newest = null;
        Read(reader, $"SELECT max(\"timestamp\") FROM ({Source(reader, [node], range)})", row => newest = row.Get<long?>(0));
        var start = newest - ((limit + 2L) * (unit == CalendarUnit.Hour ? 3_600 : 86_400));
        var found = start > (range.Start ?? 0) ? Newest(range with { Start = start }, limit + 1) : [];
        return found.Count > limit ? found[..limit] : Newest(range, limit); // The last of the buckets may be cut at the start.

        List<NodeBucket> Newest(TimeRange within, int count) => [.. Buckets(new(node, within), ReadingOrder.NewestFirst, zone, unit).SelectMany(page => page).Take(count)];
    }

    /// <summary>Calendar buckets with readings, by bucket, ties by node; DuckDB works between the pages.</summary>
    public IEnumerable<IReadOnlyList<NodeBucket>> Buckets(ReadingFilter filter, ReadingOrder order, DateTimeZone zone, CalendarUnit unit)
    {
        var key = unit == CalendarUnit.Hour ? LocalHourStart(zone, filter.Range) : LocalDay(zone, filter.Range);
        var source = Source(reader, filter.NodeAddress is { } node ? [node] : null, filter.Range);
        var direction = order == ReadingOrder.NewestFirst ? "1 DESC, 2" : "1, 2 DESC";
        // Any time of a group identifies its bucket; the calendar that all engines share computes the bounds.
        reader.Begin($"""
            SELECT {key}, node_address, max("timestamp"), {AggregatesOf(ValueSummary.DefaultPercentiles)} FROM ({source})
            GROUP BY 1, 2 ORDER BY {direction}
            """);
        var calendar = new CalendarBuckets(zone, unit);
        var current = default(CalendarBucket);
        var read = new List<NodeBucket>();
        while (reader.Next(Add))
        {
            yield return read;
            read = [];
        }

        void Add(DuckDbRows row)
        {
            var time = row.Get<long>(2);
            if (time < current.Start || time >= current.End) current = calendar.Containing(time);
            var statistics = StatisticsOf(row, 3);
            read.Add(new(row.Get<int>(1), null, current, statistics.Count, statistics.Temperature, statistics.Humidity));
        }
    }

    public ReadingStatistics Statistics(int node, TimeRange range, IReadOnlyList<decimal> percentiles)
    {
        ReadingStatistics? found = null;
        Read(reader, $"SELECT {AggregatesOf(percentiles)} FROM ({Source(reader, [node], range)})",
            row => found = StatisticsOf(row, 0, percentiles.Count));
        return found!;
    }

    public FleetSeries Fleet(IReadOnlyCollection<int>? nodes, long start, long end, int points, Population population, long now)
    {
        var seconds = Downsampling.BucketSeconds(start, end, points);
        var source = Source(reader, nodes, new(start, end));
        var sql = population == Population.Readings
            ? $"""
                SELECT "timestamp" // {Text(seconds)}, count(DISTINCT node_address), count(*), {AggregatesOf(ValueSummary.DefaultPercentiles)}
                FROM ({source}) GROUP BY 1 ORDER BY 1
                """
            : $"""
                SELECT bucket, count(*), sum(readings)::BIGINT, {AggregatesOf(ValueSummary.DefaultPercentiles)}
                FROM (SELECT "timestamp" // {Text(seconds)} AS bucket, count(*) AS readings, {MeanOf("temperature")}, {MeanOf("humidity")}
                    FROM ({source}) GROUP BY bucket, node_address)
                GROUP BY 1 ORDER BY 1
                """;
        var buckets = new List<(long, int, ReadingStatistics)>();
        Read(reader, sql, row => buckets.Add((row.Get<long>(0), (int)row.Get<long>(1), StatisticsOf(row, 3) with { Count = row.Get<long>(2) })));
        return FleetSeries.Of((start, end), seconds, population, buckets, now);
    }

    public IReadOnlyDictionary<int, FleetSeries> EachNode(IReadOnlyCollection<int> nodes, long start, long end, int points, long now)
    {
        var seconds = Downsampling.BucketSeconds(start, end, points);
        var buckets = nodes.Distinct().ToDictionary(node => node, _ => new List<(long, int, ReadingStatistics)>());
        Read(reader, $"""
            SELECT node_address, "timestamp" // {Text(seconds)}, {AggregatesOf(ValueSummary.DefaultPercentiles)}
            FROM ({Source(reader, nodes, new(start, end))}) GROUP BY 1, 2 ORDER BY 1, 2
            """, row => buckets[row.Get<int>(0)].Add((row.Get<long>(1), 1, StatisticsOf(row, 2))));
        return buckets.ToDictionary(node => node.Key, node => FleetSeries.Of((start, end), seconds, Population.Readings, node.Value, now));
    }

    public IReadOnlyList<HourOfWeek> HoursOfWeek(IReadOnlyCollection<int>? nodes, TimeRange range, DateTimeZone zone, Population population)
    {
        var sums = new HourSums();
        Read(reader, $"""
            SELECT (("timestamp" + {Offset(zone, range)}) // 3600 + {Text(HourSums.EpochHourOfWeek)}) % 168, node_address, count(*),
                coalesce(sum(temperature), 0)::BIGINT, count(temperature), coalesce(sum(humidity), 0)::BIGINT, count(humidity)
            FROM ({Source(reader, nodes, range)}) GROUP BY 1, 2
            """, row => sums.Of(row.Get<int>(1), (int)row.Get<long>(0)) = new(row.Get<long>(2), row.Get<long>(3), row.Get<long>(4), row.Get<long>(5), row.Get<long>(6)));
        return sums.ToList(population);
    }

    // As ValueSummary.Mean: whole hundredths, half away from zero; null without values. The sum is exact, and so are these divisions of integers.
    private static string MeanOf(string column)
        => $"(sign(sum({column})) * ((2 * abs(sum({column})::BIGINT) + count({column})) // nullif(2 * count({column}), 0)))::SMALLINT AS {column}";

    private static string Source(DuckDbReader reader, IReadOnlyCollection<int>? nodes, TimeRange range)
        => reader.Use((connection, stop) => DuckDbMonths.Source(connection, nodes, range, stop));

    private static void Read(DuckDbReader reader, string sql, Action<DuckDbRows> read)
    {
        reader.Begin(sql);
        while (reader.Next(read)) { }
    }

    private static string AggregatesOf(IReadOnlyList<decimal> percentiles)
    {
        var list = string.Join(", ", percentiles.Select(p => (p / 100).ToString(CultureInfo.InvariantCulture) + "::DOUBLE"));
        return Aggregates.Replace("$LIST", $"[{list}]", StringComparison.Ordinal);
    }

    private static ReadingStatistics StatisticsOf(DuckDbRows row, int column, int percentiles = 3)
        => new(row.Get<long>(column), ValueOf(row, column + 1, percentiles), ValueOf(row, column + 6, percentiles));

    private static ValueStatistics ValueOf(DuckDbRows row, int column, int percentiles)
    {
        var count = row.Get<long>(column);
        if (count == 0) return new(0, null, null, null, new decimal?[percentiles]);
        var ranks = new decimal?[percentiles];
        var list = row.Get<List<double>>(column + 4);
        for (var i = 0; i < percentiles; i++) ranks[i] = Percentile(list[i]);
        return new(count, ValueSummary.Units(row.Get<short>(column + 1), 2), ValueSummary.Units(row.Get<short>(column + 2), 2),
            ValueSummary.Average(row.Get<long>(column + 3), count), ranks);
    }

    // Percentiles have at most two decimals and values are whole, so the exact value has at most four decimals in hundredths: rounding the
    // double to those gives it back exactly. What remains is the rounding to four decimals in whole units, half away from zero.
    private static decimal Percentile(double hundredths)
    {
        var exact = (long)Math.Round(hundredths * 10_000);
        return ValueSummary.Units((exact + (exact < 0 ? -50 : 50)) / 100, 4);
    }

    // Within one offset hours are regular; an offset change splits an hour. Most ranges have one offset, and what follows the division costs as
    // much as a percentile's share of the query.
    private static string LocalHourStart(DateTimeZone zone, TimeRange range)
    {
        var offset = Offset(zone, range);
        var hour = $"(\"timestamp\" + {offset}) // 3600";
        return long.TryParse(offset, CultureInfo.InvariantCulture, out _) ? hour : $"greatest(({hour}) * 3600 - ({offset}), {IntervalStart(zone, range)})";
    }

    private static string LocalDay(DateTimeZone zone, TimeRange range)
        => $"(\"timestamp\" + {ByTime(range, (start, end) => CalendarBuckets.DayOffsets(zone, start, end))}) // 86400";

    private static string Offset(DateTimeZone zone, TimeRange range) => ByInterval(zone, range, interval => interval.WallOffset.Seconds);

    private static string IntervalStart(DateTimeZone zone, TimeRange range)
        => ByInterval(zone, range, interval => interval.HasStart ? interval.Start.ToUnixTimeSeconds() : 0);

    private static string ByInterval(DateTimeZone zone, TimeRange range, Func<NodaTime.TimeZones.ZoneInterval, long> value)
        => ByTime(range, (start, end) => zone.GetZoneIntervals(start, end).Select(interval => (interval.HasEnd ? interval.End : Instant.MaxValue, value(interval))));

    // SQL for a number that changes with time: each value applies until an instant, the last one without end.
    private static string ByTime(TimeRange range, Func<Instant, Instant, IEnumerable<(Instant End, long Value)>> pieces)
    {
        // No reading is older than 2000 or newer than now + 1 day, so 2100 is later than all of them.
        var start = Instant.FromUnixTimeSeconds(Math.Max(range.Start ?? 0, Reading.MinTimestamp));
        var end = Instant.FromUnixTimeSeconds(Math.Min(range.End ?? long.MaxValue, 4_102_444_800) + 1);
        if (end <= start) return "0";
        var values = pieces(start, end).ToArray();
        var cases = values[..^1].Select(v => $"WHEN \"timestamp\" < {Text(v.End.ToUnixTimeSeconds())} THEN {Text(v.Value)}");
        return values.Length == 1 ? Text(values[0].Value) : $"CASE {string.Join(' ', cases)} ELSE {Text(values[^1].Value)} END";
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
