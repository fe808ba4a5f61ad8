using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Nodes;

/// <summary>A range of one node by hour, by day, or its quality. A view shows one of the three, because each reads the range again.</summary>
/// <param name="By"><c>hour</c>, <c>day</c> or <c>quality</c>.</param>
/// <param name="Buckets">Newest first; empty for quality.</param>
/// <param name="Quality">Null for hours and days.</param>
internal sealed record NodeSummary(string By, IReadOnlyList<NodeBucket> Buckets, DataQuality? Quality)
{
    /// <summary>Maximum number of rows: a month of days or two days of hours.</summary>
    public const int MaxRows = 48;

    // Longest range that is shown by the hour by default.
    private const long HourlySeconds = 2 * 86_400;

    public static IReadOnlyList<(string By, string Label)> Choices { get; } = [("hour", "Hours"), ("day", "Days"), ("quality", "Quality")];

    /// <param name="selected">One of <see cref="Choices"/>; any other value selects hours or days by the length of the range.</param>
    public static async Task<NodeSummary> BuildAsync(
        IReadingAnalytics analytics, int node, ViewRange shown, ViewSettings view, string? selected, CancellationToken cancellationToken)
    {
        var range = new TimeRange(shown.From, shown.To);
        var by = Choices.Any(c => c.By == selected) ? selected! : shown.Seconds <= HourlySeconds ? "hour" : "day";
        if (by == "quality") return new(by, [], await analytics.QualityAsync(node, range, cancellationToken));
        var unit = by == "hour" ? CalendarUnit.Hour : CalendarUnit.Day;
        return new(by, await analytics.CalendarAsync(node, range, view.Zone, unit, MaxRows, cancellationToken), null);
    }
}
