using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Nodes;

/// <summary>A range of one node by hour, by day, or its quality. A view shows one of them, because each reads the range again.</summary>
/// <param name="By"><c>hour</c>, <c>day</c> or <c>quality</c>.</param>
/// <param name="Buckets">Newest first; empty for quality.</param>
/// <param name="Quality">Null for hours and days.</param>
/// <param name="Start">Where readings can begin: the start of the range, or the node's first reading.</param>
/// <param name="End">Where readings end: the end of the range, or now.</param>
internal sealed record NodeSummary(string By, IReadOnlyList<NodeBucket> Buckets, DataQuality? Quality, long Start, long End)
{
    /// <summary>Maximum number of rows: a month of days or two days of hours.</summary>
    public const int MaxRows = 48;

    // Longest range that is shown by the hour by default.
    private const long HourlySeconds = 2 * 86_400;

    public static IReadOnlyList<(string By, string Label)> Choices { get; } = [("hour", "Hours"), ("day", "Days"), ("readings", "Readings"), ("quality", "Quality"), ("events", "Events")];

    /// <summary>The table of a request: the selected one of <see cref="Choices"/>, otherwise hours or days by the length of the range.</summary>
    public static string TableOf(string? selected, ViewRange range)
        => Choices.Any(c => c.By == selected) ? selected! : range.Seconds <= HourlySeconds ? "hour" : "day";

    /// <param name="by"><c>hour</c>, <c>day</c> or <c>quality</c>.</param>
    public static async Task<NodeSummary> BuildAsync(
        IReadingAnalytics analytics, Node node, ViewRange shown, ViewSettings view, string by, long now, CancellationToken cancellationToken)
    {
        var range = new TimeRange(shown.From, shown.To);
        var (start, end) = (Math.Max(shown.From, node.FirstSeenAt), Math.Min(shown.To, now));
        if (by == "quality") return new(by, [], await analytics.QualityAsync(node.Address, range, cancellationToken), start, end);
        var unit = by == "hour" ? CalendarUnit.Hour : CalendarUnit.Day;
        return new(by, await analytics.CalendarAsync(node.Address, range, view.Zone, unit, MaxRows, cancellationToken), null, start, end);
    }

    /// <summary>The rows of the table: buckets and, as null, times of whole buckets without readings between them, newest first.</summary>
    public IEnumerable<(NodeBucket? Bucket, long From, long To)> Rows(ViewSettings view)
    {
        var calendar = new CalendarBuckets(view.Zone, By == "hour" ? CalendarUnit.Hour : CalendarUnit.Day);
        var after = End > Start ? calendar.Containing(End - 1).End : End;
        foreach (var bucket in Buckets)
        {
            if (bucket.Bucket.End < after) yield return (null, bucket.Bucket.End, after);
            yield return (bucket, bucket.Bucket.Start, bucket.Bucket.End);
            after = bucket.Bucket.Start;
        }
        // With as many rows as the table has, older readings exist or not: unknown.
        var first = calendar.Containing(Start).Start;
        if (Buckets.Count < MaxRows && first < after) yield return (null, first, after);
    }
}
