using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Nodes;

/// <summary>The tables of a node's page as files: values in the unit of the page, times in its time zone.</summary>
internal static class NodeTables
{
    private static readonly string[] _statistics = ["min", "avg", "max", "p50", "p95", "p99"];

    public static CsvTable Readings(IEnumerable<Reading> rows, ViewSettings view)
    {
        var table = new CsvTable();
        table.AddRow(["time", $"temperature_{UnitOf(view)}", "humidity_percent", "flags", "received_at"]);
        foreach (var row in rows)
            table.AddRow([ClockText.Iso(row.Timestamp, view.Zone), CsvTable.Number(view.Temperature(row.TemperatureCentidegrees / 100m), "0.00"),
                CsvTable.Number(row.HumidityCentipercent / 100m, "0.00"), row.Flags, ClockText.Iso(row.ReceivedAt, view.Zone)]);
        return table;
    }

    /// <summary>The statistics in the side, in their order.</summary>
    public static IEnumerable<(string Name, decimal? Celsius, decimal? Percent)> StatisticsOf(NodeSeries series)
    {
        var (t, h) = (series.Statistics.Temperature, series.Statistics.Humidity);
        return [
            ("last", series.LastCelsius, series.LastPercent), ("max", t.Max, h.Max), ("p99", t.Percentiles[2], h.Percentiles[2]), ("p95", t.Percentiles[1], h.Percentiles[1]),
            ("mean", t.Average, h.Average), ("p50", t.Percentiles[0], h.Percentiles[0]), ("min", t.Min, h.Min)];
    }

    public static CsvTable Statistics(NodeSeries series, ViewSettings view)
    {
        var table = new CsvTable();
        table.AddRow(["statistic", $"temperature_{UnitOf(view)}", "humidity_percent"]);
        foreach (var (name, celsius, percent) in StatisticsOf(series)) table.AddRow([name, CsvTable.Number(view.Temperature(celsius), "0.00##"), CsvTable.Number(percent, "0.00##")]);
        return table;
    }

    /// <summary>Newest first; times without readings are rows with no count.</summary>
    public static CsvTable Buckets(NodeSummary summary, ViewSettings view)
    {
        var table = new CsvTable();
        table.AddRow(["start_time", "end_time", "reading_count", .. _statistics.Select(s => $"temperature_{s}_{UnitOf(view)}"), .. _statistics.Select(s => $"humidity_{s}_percent")]);
        foreach (var (bucket, from, to) in summary.Rows(view))
            table.AddRow([ClockText.Iso(from, view.Zone), ClockText.Iso(to, view.Zone), bucket?.Count ?? 0,
                .. Cells(bucket?.Temperature, view.Temperature), .. Cells(bucket?.Humidity, value => value)]);
        return table;
    }

    private static string UnitOf(ViewSettings view) => view.Fahrenheit ? "fahrenheit" : "celsius";

    private static IEnumerable<object?> Cells(ValueStatistics? values, Func<decimal?, decimal?> shown) => values is null
        ? Enumerable.Repeat<object?>(null, _statistics.Length)
        : [.. new[] { values.Min, values.Average, values.Max }.Select(v => CsvTable.Number(shown(v), "0.00")), .. values.Percentiles.Select(v => CsvTable.Number(shown(v), "0.00##"))];
}
