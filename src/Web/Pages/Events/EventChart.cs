using System.Globalization;
using SensorDash.Data.Events;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Events;

/// <summary>The number of events of a lane in each bucket.</summary>
/// <param name="Total">Events in all buckets.</param>
/// <param name="Max">Events in the fullest bucket; its bar has the full height.</param>
/// <param name="Bars">Buckets with events.</param>
internal sealed record LaneBars(Lane Lane, long Total, long Max, IReadOnlyList<EventBar> Bars);

/// <param name="Start">Start of the bucket, Unix seconds.</param>
internal sealed record EventBar(long Start, long Count, string X, string Y, string Height);

/// <summary>Event counts over a range, as SVG bars per lane and as table rows.</summary>
/// <param name="SpanSeconds">Length of a bucket.</param>
/// <param name="BarWidth">Width of each bar.</param>
internal sealed record EventChart(IReadOnlyList<LaneBars> Lanes, long SpanSeconds, string BarWidth)
{
    public const int Width = 600;
    public const int Height = 36;

    private const int MaxSpans = 60;
    private const double MinHeight = 2; // A single event among thousands stays visible.
    private const long Second = 1_000_000; // Microseconds.

    private static readonly long[] _roundSeconds =
        [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];

    public long Total => Lanes.Sum(l => l.Total);

    /// <summary>The counts that a range needs.</summary>
    public static EventCountQuery QueryOf(EventQuery events)
    {
        var (from, to) = (events.From!.Value, events.To!.Value);
        var min = (to - from) / (MaxSpans * Second); // Rounded down: a bucket more is better than buckets of double length.
        var seconds = _roundSeconds.FirstOrDefault(s => s >= min);
        if (seconds == 0) seconds = (min + 604_799) / 604_800 * 604_800;
        return new(events.Filter, events.Timebase, from, to, from / (seconds * Second) * seconds * Second, seconds * Second);
    }

    public static EventChart Of(EventCountQuery query, IReadOnlyList<EventCount> counts)
    {
        var spans = Math.Max(1, query.SpanCount);
        var step = (double)Width / spans;
        return new(
            [.. query.Filter.Lanes.Distinct().Order().Select(lane => BarsOf(lane, counts.Where(c => c.Lane == lane).ToArray(), query, step))],
            query.SpanLength / Second, Number(Math.Max(step - 1, step * 0.8)));
    }

    /// <summary>Buckets with events, newest first, with the count of each lane.</summary>
    public IEnumerable<(long Start, long[] Counts)> Rows()
        => Lanes.SelectMany(l => l.Bars).Select(b => b.Start).Distinct().OrderDescending()
            .Select(start => (start, Lanes.Select(l => l.Bars.FirstOrDefault(b => b.Start == start)?.Count ?? 0).ToArray()));

    /// <summary>The rows as a file, oldest first.</summary>
    public CsvTable ToTable(ViewSettings view)
    {
        var table = new CsvTable();
        table.AddRow(["time", "span_seconds", .. Lanes.Select(l => l.Lane.Name())]);
        foreach (var (start, counts) in Rows().Reverse()) table.AddRow([ClockText.Iso(start, view.Zone), SpanSeconds, .. counts]);
        return table;
    }

    private static LaneBars BarsOf(Lane lane, EventCount[] counts, EventCountQuery query, double step)
    {
        var max = counts.Length == 0 ? 0 : counts.Max(c => c.Count);
        return new(lane, counts.Sum(c => c.Count), max, [.. counts.OrderBy(c => c.Span).Select(c =>
        {
            var height = Math.Max(MinHeight, (double)c.Count / max * Height);
            return new EventBar((query.Start + (c.Span * query.SpanLength)) / Second, c.Count, Number(c.Span * step), Number(Height - height), Number(height));
        })]);
    }

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
