using System.Globalization;
using System.Text;
using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;
using SensorDash.Web.Pages.Analytics;

namespace SensorDash.Web.Pages.Display;

/// <summary>A table of the pages as a file: machine numbers, times of the zone on screen, and no free text that a spreadsheet could run.</summary>
internal sealed class AnalyticsCsv(ViewSettings view, bool isHumidity)
{
    private static readonly string[] _statistics = ["min", "avg", "max", "p50", "p95", "p99"];

    private readonly StringBuilder _text = new();
    private readonly string _quantity = isHumidity ? "humidity" : "temperature";
    private readonly string _unit = isHumidity ? "percent" : view.Fahrenheit ? "fahrenheit" : "celsius";

    private string[] StatisticsColumns => [.. _statistics.Select(ColumnOf)];

    public byte[] ToBytes() => Encoding.UTF8.GetBytes(_text.ToString());

    /// <summary>Oldest first.</summary>
    public void AddBands(FleetSeries series)
    {
        Line(["time", "bucket_seconds", "reading_count", .. StatisticsColumns]);
        foreach (var bucket in series.Buckets)
        {
            var values = isHumidity ? bucket.Statistics.Humidity : bucket.Statistics.Temperature;
            Line([ClockText.Iso(bucket.Start, view.Zone), series.BucketSeconds, bucket.Statistics.Count, .. Cells(values)]);
        }
    }

    public void AddHours(IEnumerable<HourOfWeek> hours)
    {
        Line(["weekday", "hour", "tz", "reading_count", ColumnOf("avg")]);
        foreach (var hour in hours)
        {
            var value = isHumidity ? hour.Percent : view.Temperature(hour.Celsius);
            Line([HourMap.Weekdays[(hour.Weekday + 6) % 7], hour.Hour, view.Zone.Id, hour.Count, Number(value, "0.00")]);
        }
    }

    public void AddNodes(NodeComparison comparison)
    {
        Line(["node_address", "value_count", .. StatisticsColumns]);
        foreach (var node in comparison.Nodes) Line([node.Node.Node.Address, node.Values.Count, .. Cells(node.Values)]);
    }

    public void AddQuality(IEnumerable<DataQuality> nodes)
    {
        Line(["node_address", "completeness_percent", "received", "expected", "gap_count", "missing", "outlier_count", "flat_line_count", "duplicates_seen",
            "late_count", "clock_skew_s"]);
        foreach (var q in nodes)
            Line([q.NodeAddress, Number(q.CompletenessPercent, "0.00"), q.Received, q.Expected, q.GapCount, q.Missing, q.OutlierCount, q.FlatLineCount,
                q.DuplicatesSeen, q.LateCount, q.ClockSkewSeconds]);
    }

    /// <summary>What was found wrong with one node's readings, values in °C and %.</summary>
    public void AddFindings(DataQuality quality)
    {
        Line(["kind", "start_time", "end_time", "quantity", "value", "robust_z", "reading_count", "received_at"]);
        foreach (var gap in quality.Gaps) Line(["gap", Time(gap.From), Time(gap.To), "", "", "", gap.Missing, ""]);
        foreach (var o in quality.Outliers)
            Line(["outlier", Time(o.Timestamp), Time(o.Timestamp), NameOf(o.Quantity), Number(o.Value, "0.00"), Number(o.Score, "0.00"), 1, ""]);
        foreach (var f in quality.FlatLines) Line(["flat_line", Time(f.From), Time(f.To), NameOf(f.Quantity), Number(f.Value, "0.00"), "", f.Count, ""]);
        foreach (var l in quality.LateArrivals) Line(["late", Time(l.Timestamp), Time(l.Timestamp), "", "", "", 1, Time(l.ReceivedAt)]);

        string Time(long time) => ClockText.Iso(time, view.Zone);
        static string NameOf(Quantity quantity) => quantity == Quantity.Temperature ? "temperature_celsius" : "humidity_percent";
    }

    private static string Number(decimal? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";

    private string ColumnOf(string name) => $"{_quantity}_{name}_{_unit}";

    private IEnumerable<string> Cells(ValueStatistics values) => [
        .. new[] { values.Min, values.Average, values.Max }.Select(v => Number(Shown(v), "0.00")), .. values.Percentiles.Select(v => Number(Shown(v), "0.00##"))];

    private decimal? Shown(decimal? value) => isHumidity ? value : view.Temperature(value);

    private void Line(IEnumerable<object?> cells) => _text.AppendJoin(',', cells.Select(c => Convert.ToString(c, CultureInfo.InvariantCulture))).Append('\n');
}
