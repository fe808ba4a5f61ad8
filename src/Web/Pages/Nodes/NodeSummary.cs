using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Nodes;

/// <summary>A range of one node in hours, in days, or its quality: one of the three, because each reads the range once more.</summary>
/// <param name="By"><c>hour</c>, <c>day</c> or <c>quality</c>.</param>
/// <param name="Buckets">Newest first; empty for the quality.</param>
/// <param name="Quality">Null for hours and days.</param>
internal sealed record NodeSummary(string By, IReadOnlyList<NodeBucket> Buckets, DataQuality? Quality)
{
    /// <summary>Most lines: a month of days, two days of hours.</summary>
    public const int MaxLines = 48;

    // Up to this long a range is looked at by the hour.
    private const long HourlySeconds = 2 * 86_400;

    public static IReadOnlyList<(string By, string Words)> Choices { get; } = [("hour", "Hours"), ("day", "Days"), ("quality", "Quality")];

    /// <param name="wanted">One of <see cref="Choices"/>, or anything else for what suits the range.</param>
    public static async Task<NodeSummary> BuildAsync(
        IReadingAnalytics analytics, int node, ViewRange shown, ViewSettings view, string? wanted, CancellationToken cancellationToken)
    {
        var range = new TimeRange(shown.From, shown.To);
        var by = Choices.Any(c => c.By == wanted) ? wanted! : shown.Seconds <= HourlySeconds ? "hour" : "day";
        if (by == "quality") return new(by, [], await analytics.QualityAsync(node, range, cancellationToken));
        var unit = by == "hour" ? CalendarUnit.Hour : CalendarUnit.Day;
        return new(by, await analytics.CalendarAsync(node, range, view.Zone, unit, MaxLines, cancellationToken), null);
    }
}
