using SensorDash.Data.Analytics;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Nodes;

/// <summary>The quality findings of one node as a table: values in °C and %, times in the page's time zone.</summary>
internal static class FindingsCsv
{
    public static CsvTable Of(DataQuality quality, ViewSettings view)
    {
        var table = new CsvTable();
        table.AddRow(["kind", "start_time", "end_time", "quantity", "value", "robust_z", "reading_count", "received_at"]);
        foreach (var gap in quality.Gaps) table.AddRow(["gap", Time(gap.From), Time(gap.To), "", "", "", gap.Missing, ""]);
        foreach (var o in quality.Outliers)
            table.AddRow(["outlier", Time(o.Timestamp), Time(o.Timestamp), NameOf(o.Quantity), CsvTable.Number(o.Value, "0.00"), CsvTable.Number(o.Score, "0.00"), 1, ""]);
        foreach (var f in quality.FlatLines)
            table.AddRow(["flat_line", Time(f.From), Time(f.To), NameOf(f.Quantity), CsvTable.Number(f.Value, "0.00"), "", f.Count, ""]);
        foreach (var l in quality.LateArrivals) table.AddRow(["late", Time(l.Timestamp), Time(l.Timestamp), "", "", "", 1, Time(l.ReceivedAt)]);
        return table;

        string Time(long time) => ClockText.Iso(time, view.Zone);
        static string NameOf(Quantity quantity) => quantity == Quantity.Temperature ? "temperature_celsius" : "humidity_percent";
    }
}
