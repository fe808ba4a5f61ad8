using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;
using SensorDash.Web.Api;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Analytics;

/// <summary>The tables of the analytics page as files, with times in the page's time zone.</summary>
internal sealed class AnalyticsCsv(ViewSettings view, bool isHumidity)
{
    private static readonly string[] _statistics = ["min", "avg", "max", "p50", "p95", "p99"];

    private static readonly string[] _ofLines = ["last", "min", "avg", "max", "p95"];

    private readonly CsvTable _table = new();
    private readonly string _quantity = isHumidity ? "humidity" : "temperature";
    private readonly string _unit = isHumidity ? "percent" : view.Fahrenheit ? "fahrenheit" : "celsius";

    private string[] StatisticsColumns => [.. _statistics.Select(ColumnOf)];

    public CsvTable Table => _table;

    /// <summary>Oldest first.</summary>
    public void AddBands(FleetSeries series)
    {
        _table.AddRow(["time", "bucket_seconds", "across", "reading_count", "node_count", "expected_node_count", "partial", .. StatisticsColumns]);
        foreach (var bucket in series.Buckets)
        {
            var values = isHumidity ? bucket.Statistics.Humidity : bucket.Statistics.Temperature;
            _table.AddRow([ClockText.Iso(bucket.Start, view.Zone), series.BucketSeconds, FleetApi.NameOf(series.Population), bucket.Statistics.Count, bucket.NodeCount,
                series.ExpectedNodeCount, bucket.IsPartial ? 1 : 0, .. Cells(values)]);
        }
    }

    public void AddHours(HourMap map, Population across)
    {
        _table.AddRow(["weekday", "hour", "tz", "across", "reading_count", "usual_reading_count", "node_count", "usual_node_count", ColumnOf("avg")]);
        for (var day = 0; day < map.Cells.Count; day++)
        {
            for (var hour = 0; hour < map.Cells[day].Length; hour++)
            {
                if (map.Cells[day][hour] is not { } cell) continue;
                _table.AddRow([HourMap.Weekdays[day], hour, view.Zone.Id, FleetApi.NameOf(across), cell.Count, cell.UsualCount, cell.Nodes, cell.UsualNodes, CsvTable.Number(cell.Value, "0.00")]);
            }
        }
    }

    /// <summary>The legend of the lines.</summary>
    public void AddLines(NodeLines lines)
    {
        var prefix = lines.IsDifference ? "difference_" : "";
        _table.AddRow(["node_address", lines.IsDifference ? "bucket_count" : "value_count", .. _ofLines.Select(name => prefix + ColumnOf(name))]);
        foreach (var line in lines.Lines)
            _table.AddRow([line.Node.Node.Address, line.Count, .. new[] { line.Last, line.Min, line.Mean, line.Max, line.P95 }.Select(v => CsvTable.Number(v, "0.00"))]);
    }

    public void AddNodes(NodeComparison comparison)
    {
        var hasEarlier = comparison.Earlier is not null;
        _table.AddRow(["node_address", "value_count", .. StatisticsColumns, .. hasEarlier ? ["earlier_value_count", .. StatisticsColumns.Select(c => $"earlier_{c}"), $"{_quantity}_avg_change_{_unit}"] : Array.Empty<string>()]);
        foreach (var node in comparison.Nodes)
        {
            object?[] row = [node.Node.Node.Address, node.Values.Count, .. Cells(node.Values)];
            _table.AddRow(node.Earlier is { } earlier ? [.. row, earlier.Count, .. Cells(earlier), CsvTable.Number(ShownDifference(node.Change), "0.00")] : row);
        }
    }

    public void AddQuality(IEnumerable<DataQuality> nodes)
    {
        _table.AddRow(["node_address", "completeness_percent", "received", "expected", "gap_count", "missing", "outlier_count", "flat_line_count",
            "duplicates_seen", "late_count", "clock_skew_s"]);
        foreach (var q in nodes)
            _table.AddRow([q.NodeAddress, CsvTable.Number(q.CompletenessPercent, "0.00"), q.Received, q.Expected, q.GapCount, q.Missing, q.OutlierCount,
                q.FlatLineCount, q.DuplicatesSeen, q.LateCount, q.ClockSkewSeconds]);
    }

    private string ColumnOf(string name) => $"{_quantity}_{name}_{_unit}";

    private IEnumerable<object?> Cells(ValueStatistics values) => [
        .. new[] { values.Min, values.Average, values.Max }.Select(v => CsvTable.Number(Shown(v), "0.00")),
        .. values.Percentiles.Select(v => CsvTable.Number(Shown(v), "0.00##"))];

    private decimal? ShownDifference(decimal? value) => isHumidity || !view.Fahrenheit ? value : value * 9 / 5;

    private decimal? Shown(decimal? value) => isHumidity ? value : view.Temperature(value);
}
