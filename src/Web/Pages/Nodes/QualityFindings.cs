using System.Globalization;
using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Nodes;

/// <summary>One quality finding of a node: a gap, an outlier, a flat line or a late arrival.</summary>
/// <param name="From">Unix seconds.</param>
/// <param name="To">Unix seconds; equal to <paramref name="From"/> for one reading.</param>
/// <param name="Text">The finding, in the units of the page.</param>
/// <param name="Note">Further detail.</param>
internal sealed record QualityFinding(long From, long To, string Text, string Note);

/// <summary>All findings of one kind.</summary>
/// <param name="Title">Title of the list.</param>
/// <param name="Count">Number of all findings of this kind.</param>
/// <param name="Listed">The first findings.</param>
internal sealed record QualityFindings(string Title, long Count, IReadOnlyList<QualityFinding> Listed)
{
    /// <summary>Maximum number that a page lists per kind.</summary>
    public const int MaxShown = 20;

    /// <summary>All kinds with findings.</summary>
    public static IReadOnlyList<QualityFindings> Of(DataQuality quality, ViewSettings view) => [.. new QualityFindings[]
    {
        new("Gaps", quality.GapCount, [.. quality.Gaps.Select(g => new QualityFinding(g.From, g.To, "no data", NumberText.Count(g.Missing, "reading") + " missing"))]),
        new("Outliers", quality.OutlierCount, [.. quality.Outliers.Select(o => new QualityFinding(
            o.Timestamp, o.Timestamp, Value(o.Quantity, o.Value, view), string.Create(CultureInfo.InvariantCulture, $"z-score {o.Score:0.0}")))]),
        new("Flat lines", quality.FlatLineCount, [.. quality.FlatLines.Select(f => new QualityFinding(
            f.From, f.To, Value(f.Quantity, f.Value, view), NumberText.Count(f.Count, "reading")))]),
        new("Late arrivals", quality.LateCount, [.. quality.LateArrivals.Select(l => new QualityFinding(
            l.Timestamp, l.Timestamp, $"received {Liveness.FormatDuration(l.ReceivedAt - l.Timestamp)} after measurement", ""))]),
    }.Where(f => f.Count > 0)];

    private static string Value(Quantity quantity, decimal value, ViewSettings view) => quantity == Quantity.Temperature
        ? string.Create(CultureInfo.InvariantCulture, $"{view.Temperature(value):0.00} {view.TemperatureUnit}")
        : string.Create(CultureInfo.InvariantCulture, $"{value:0.00} %RH");
}
