using System.Globalization;
using NodaTime;

namespace SensorDash.Web.Tests.Conformance;

/// <summary>The answers worked out by hand's own means: sorted lists, decimals, and a calendar that is only asked what the clocks show.</summary>
internal static class Expected
{
    // Every offset and every clock change of the zones tested is a multiple of it.
    private const long QuarterHour = 900;

    /// <summary>A bucket of a node; edges in Unix seconds, the end not included.</summary>
    public sealed record Bucket(long Start, long End, string LocalStart, int Node, IReadOnlyList<Sent> Readings);

    /// <summary>Hours or days with readings, newest first, ties by node.</summary>
    public static IEnumerable<Bucket> Buckets(IEnumerable<Sent> readings, string zoneId, bool days)
    {
        var zone = DateTimeZoneProviders.Tzdb[zoneId];
        return readings.GroupBy(r => (Label: Label(zone, r.Time, days), r.Node)).Select(group =>
        {
            var (start, end) = Edges(zone, group.First().Time, days);
            var local = Instant.FromUnixTimeSeconds(start).InZone(zone).ToDateTimeOffset();
            return new Bucket(start, end, local.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture), group.Key.Node, [.. group]);
        }).OrderByDescending(b => b.Start).ThenBy(b => b.Node);
    }

    /// <summary>PERCENTILE_CONT of hundredths, in whole units with four decimals; null without values.</summary>
    public static decimal? Percentile(IEnumerable<int> values, decimal percentile)
    {
        var sorted = values.Order().ToArray();
        if (sorted.Length == 0) return null;
        var rank = percentile / 100m * (sorted.Length - 1);
        var (low, high) = (sorted[(int)Math.Floor(rank)], sorted[(int)Math.Ceiling(rank)]);
        return Math.Round((low + ((high - low) * (rank - Math.Floor(rank)))) / 100m, 4, MidpointRounding.AwayFromZero);
    }

    public static decimal? Average(IReadOnlyCollection<int> values)
        => values.Count == 0 ? null : Math.Round(values.Sum(v => (decimal)v) / values.Count / 100m, 2, MidpointRounding.AwayFromZero);

    public static int[] Celsius(IEnumerable<Sent> readings) => [.. readings.Where(r => r.Celsius is not null).Select(r => r.Celsius!.Value)];

    public static int[] Percent(IEnumerable<Sent> readings) => [.. readings.Where(r => r.Percent is not null).Select(r => r.Percent!.Value)];

    public static int NodeCount(IEnumerable<Sent> readings) => readings.Select(r => r.Node).Distinct().Count();

    /// <summary>All values, or the mean of each node in hundredths.</summary>
    public static int[] Population(string across, IEnumerable<Sent> readings, Func<IEnumerable<Sent>, int[]> values)
        => across == "readings" ? values(readings) : [.. readings.GroupBy(r => r.Node).Select(g => Average(values(g))).Where(mean => mean is not null).Select(mean => (int)(mean!.Value * 100))];

    /// <summary>As JSON has it: no zeros behind, no minus before nothing.</summary>
    public static string Json(decimal? value)
        => value switch { null => "null", 0 => "0", { } given => given.ToString("0.####", CultureInfo.InvariantCulture) };

    /// <summary>As CSV has it.</summary>
    public static string Csv(decimal? value, int decimals) => value is { } given ? (given == 0 ? 0m : given).ToString("F" + decimals, CultureInfo.InvariantCulture) : "";

    public static decimal? Hundredths(int? value) => value / 100m;

    public static string Reading(Sent r) => $"{{\"node_address\":{r.Node},\"device_id\":{Quoted(SentReadings.DeviceIdOf(r.Node))},\"timestamp\":{r.Time},"
        + $"\"temperature_celsius\":{Json(Hundredths(r.Celsius))},\"humidity_percent\":{Json(Hundredths(r.Percent))},"
        + $"\"temperature_raw\":{r.Celsius?.ToString(CultureInfo.InvariantCulture) ?? "null"},\"humidity_raw\":{r.Percent?.ToString(CultureInfo.InvariantCulture) ?? "null"},"
        + $"\"flags\":{r.Flags},\"received_at\":{r.Received}}}";

    /// <summary>Minimum, maximum, average and the usual percentiles.</summary>
    public static string Values(int[] values) => $"{{\"min\":{Json(Hundredths(Min(values)))},\"max\":{Json(Hundredths(Max(values)))},\"avg\":{Json(Average(values))},"
        + $"\"p50\":{Json(Percentile(values, 50))},\"p95\":{Json(Percentile(values, 95))},\"p99\":{Json(Percentile(values, 99))}}}";

    public static string CsvValues(int[] values) => string.Join(',', Csv(Hundredths(Min(values)), 2), Csv(Average(values), 2), Csv(Hundredths(Max(values)), 2),
        Csv(Percentile(values, 50), 4), Csv(Percentile(values, 95), 4), Csv(Percentile(values, 99), 4));

    public static string Quoted(string? text) => text is null ? "null" : $"\"{text}\"";

    /// <summary>Hour of the week that the clocks of a zone show, Sunday midnight first.</summary>
    public static int HourOfWeek(string zoneId, long time)
    {
        var local = Instant.FromUnixTimeSeconds(time).InZone(DateTimeZoneProviders.Tzdb[zoneId]).LocalDateTime;
        return ((int)local.DayOfWeek % 7 * 24) + local.Hour;
    }

    private static int? Min(int[] values) => values.Length == 0 ? null : values.Min();

    private static int? Max(int[] values) => values.Length == 0 ? null : values.Max();

    // What the clocks show decides: a day is its date; an hour is its date, number and offset, for an hour shown twice is two.
    private static string Label(DateTimeZone zone, long time, bool days)
    {
        var local = Instant.FromUnixTimeSeconds(time).InZone(zone).ToDateTimeOffset();
        return local.ToString(days ? "yyyyMMdd" : "yyyyMMddHHzzz", CultureInfo.InvariantCulture);
    }

    private static (long Start, long End) Edges(DateTimeZone zone, long time, bool days)
    {
        var label = Label(zone, time, days);
        var start = time / QuarterHour * QuarterHour;
        var end = start + QuarterHour;
        while (Label(zone, start - 1, days) == label) start -= QuarterHour;
        while (Label(zone, end, days) == label) end += QuarterHour;
        return (start, end);
    }
}
