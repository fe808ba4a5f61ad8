using System.Globalization;
using SensorDash.Data.Events;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Events;

/// <summary>How many events of a lane there are in each span.</summary>
/// <param name="Total">Of all spans.</param>
/// <param name="Most">Of one span; the height of its bar is the height of the drawing.</param>
/// <param name="Bars">The spans that have events.</param>
internal sealed record LaneBars(Lane Lane, long Total, long Most, IReadOnlyList<EventBar> Bars);

/// <param name="Start">Of the span, Unix seconds.</param>
internal sealed record EventBar(long Start, long Count, string X, string Y, string Height);

/// <summary>Counts of events over a range as bars of an SVG, a row per lane, and as rows of the table that says the same.</summary>
/// <param name="SpanSeconds">Length of a span.</param>
/// <param name="BarWidth">Of every bar.</param>
internal sealed record EventChart(IReadOnlyList<LaneBars> Lanes, long SpanSeconds, string BarWidth)
{
    public const int Width = 600;
    public const int Height = 36;

    private const int MaxSpans = 60;
    private const double MinHeight = 2; // A single event among thousands is still seen.
    private const long Second = 1_000_000; // Microseconds.

    private static readonly long[] _roundSeconds =
        [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];

    public long Total => Lanes.Sum(l => l.Total);

    /// <summary>What to count for a range.</summary>
    public static EventCountQuery QueryOf(EventQuery events)
    {
        var (from, to) = (events.From!.Value, events.To!.Value);
        var least = (to - from) / (MaxSpans * Second); // Cut off: a span or two more do no harm, a last second must not make all twice as long.
        var seconds = _roundSeconds.FirstOrDefault(s => s >= least);
        if (seconds == 0) seconds = (least + 604_799) / 604_800 * 604_800;
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

    /// <summary>The spans that have events, newest first, with the count of each lane.</summary>
    public IEnumerable<(long Start, long[] Counts)> Rows()
        => Lanes.SelectMany(l => l.Bars).Select(b => b.Start).Distinct().OrderDescending()
            .Select(start => (start, Lanes.Select(l => l.Bars.FirstOrDefault(b => b.Start == start)?.Count ?? 0).ToArray()));

    /// <summary>The same as a CSV file, oldest first.</summary>
    public byte[] ToCsv(ViewSettings view)
    {
        var table = new CsvTable();
        table.AddRow(["time", "span_seconds", .. Lanes.Select(l => l.Lane.Name())]);
        foreach (var (start, counts) in Rows().Reverse()) table.AddRow([ClockText.Iso(start, view.Zone), SpanSeconds, .. counts]);
        return table.ToBytes();
    }

    private static LaneBars BarsOf(Lane lane, EventCount[] counts, EventCountQuery query, double step)
    {
        var most = counts.Length == 0 ? 0 : counts.Max(c => c.Count);
        return new(lane, counts.Sum(c => c.Count), most, [.. counts.OrderBy(c => c.Span).Select(c =>
        {
            var height = Math.Max(MinHeight, (double)c.Count / most * Height);
            return new EventBar((query.Start + (c.Span * query.SpanLength)) / Second, c.Count, Number(c.Span * step), Number(Height - height), Number(height));
        })]);
    }

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
