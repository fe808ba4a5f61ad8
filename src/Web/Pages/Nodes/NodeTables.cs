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
