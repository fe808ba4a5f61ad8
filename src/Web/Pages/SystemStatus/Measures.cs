using System.Globalization;
using NodaTime;
using SensorDash.Web.Operations.Figures;
using SensorDash.Web.Pages.Display.Plots;

namespace SensorDash.Web.Pages.SystemStatus;

/// <summary>One chart of the figures.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Value">The latest value of its first line, or of p95.</param>
/// <param name="Unit">Unit of the value and of the axis; none for counts.</param>
/// <param name="Note">More about the value; null without.</param>
/// <param name="Lines">Name and class of each line.</param>
/// <param name="Plot">Null before there is a value.</param>
/// <param name="Label">The chart as a sentence.</param>
internal sealed record Measure(string Title, string Value, string Unit, string? Note, IReadOnlyList<(string Name, string Class)> Lines, LinePlot? Plot, string Label)
{
    /// <summary>Whether it takes two columns.</summary>
    public bool IsWide { get; init; }
}

/// <summary>The samples of the last hours as charts and as a table.</summary>
internal sealed class Measures
{
    /// <summary>Height of a chart in pixels.</summary>
    public const int Height = 84;

    private const int Ticks = 5, WideTicks = 10;
    private const long MinSeconds = 600; // So that the first minutes are not as wide as the chart.

    private static readonly long _gapSeconds = (long)(2.5 * FigureHistory.Interval.TotalSeconds);

    private readonly IReadOnlyList<(long Time, FigureSample Sample)> _samples;
    private readonly FigureSample _current;
    private readonly DateTimeZone _zone;
    private readonly long _from, _now;

    /// <param name="samples">Oldest first.</param>
    /// <param name="current">What is known of this moment.</param>
    /// <param name="now">Unix seconds.</param>
    /// <param name="zone">Time zone of the axes.</param>
    public Measures(IReadOnlyList<(long Time, FigureSample Sample)> samples, FigureSample current, long now, DateTimeZone zone)
    {
        (_samples, _current, _now, _zone) = ([.. samples, (now, current)], current, now, zone);
        _from = Math.Min(_samples[0].Time, now - MinSeconds);
        Begins = samples.Count < FigureHistory.Capacity ? _samples[0].Time : null;
    }

    /// <summary>When sampling began, Unix seconds; null when that is longer ago than the charts reach.</summary>
    public long? Begins { get; }

    /// <summary>The samples, newest first.</summary>
    public IEnumerable<(long Time, FigureSample Sample)> Rows => _samples.SkipLast(1).Reverse();

    /// <summary>The columns of the table that have a value.</summary>
    public IReadOnlyList<FigureColumn> Columns => [.. FigureColumn.All.Where(c => _samples.Any(s => s.Sample[c.Figure] is not null))];

    /// <param name="readingCapacity">Capacity of the write buffer of readings.</param>
    public IReadOnlyList<Measure> Charts(long readingCapacity)
    {
        var charts = new List<Measure>
        {
            Of("Readings", Scale.Rate, null, ("stored", "s2", Figure.ReadingsInserted), ("duplicate", "s3", Figure.ReadingsDuplicate), ("rejected", "s1", Figure.ReadingsRejected)),
            Of("Events", Scale.Rate, null, ("stored", "s2", Figure.EventsInserted), ("duplicate", "s3", Figure.EventsDuplicate), ("rejected", "s1", Figure.EventsRejected)),
            Latency("Until durable", Figure.CommitP50),
            Of("Queued rows", Scale.Count, $"of {readingCapacity.ToString("N0", CultureInfo.InvariantCulture)}", ("readings", "s2", Figure.QueuedReadings), ("events", "s1", Figure.QueuedEvents)),
            Of("Live streams", Scale.Count, $"open, {(_current[Figure.StreamLag] ?? 0).ToString("0.#", CultureInfo.InvariantCulture)} s behind", ("open", "s2", Figure.Streams)),
            Latency("Pages and queries", Figure.QueryP50),
            Of("Memory", Scale.Bytes, null, ("resident", "s2", Figure.Resident), ("managed", "s3", Figure.Managed)),
            Of("Written to disks", Scale.BytesPerMinute, null, ("written", "s2", Figure.DiskWritten)),
            Of("Stores", Scale.Bytes, null, ("on disk", "s2", Figure.StoreBytes)),
        };
        if (Has(Figure.SidePathLag)) charts.Add(Of("DuckDB behind", Scale.Count, "rows", ("behind", "s2", Figure.SidePathLag)));
        if (Has(Figure.ConnectionsBusy)) charts.Add(Of("Connections to PostgreSQL", Scale.Count, "busy", ("busy", "s2", Figure.ConnectionsBusy), ("idle", "s3", Figure.ConnectionsIdle), ("waiting", "s1", Figure.ConnectionsWaiting)) with { IsWide = true });
        return charts;
    }

    private Measure Latency(string title, Figure p50)
        => Of(title, Scale.Seconds, "p95", ("p50", "s2", p50), ("p95", "s3", p50 + 1), ("p99", "s1", p50 + 2)) with { IsWide = true };

    private bool Has(Figure figure) => _samples.Any(s => s.Sample[figure] is not null);

    private Measure Of(string title, Scale scale, string? note, params (string Name, string Class, Figure Figure)[] lines)
    {
        var max = lines.Max(l => _samples.Max(s => s.Sample[l.Figure]));
        var (factor, unit) = UnitOf(scale, max ?? 0);
        var isCount = scale == Scale.Count;
        var isLatency = scale == Scale.Seconds;
        var plot = LinePlot.Of(_from, _now, _zone, [.. lines.Select(l => new PlotLine(l.Name, l.Name, l.Class, RunsOf(l.Figure, factor)))], Height, hasNames: false, isLatency ? WideTicks : Ticks, fromZero: true);
        var shown = isLatency ? lines[1].Figure : lines[0].Figure;
        var value = _samples.LastOrDefault(s => s.Sample[shown] is not null).Sample?[shown];
        var text = value is null ? "–" : isCount ? value.Value.ToString("N0", CultureInfo.InvariantCulture) : Short(value.Value * factor);
        var latest = string.Join(", ", lines.Select(l => $"{l.Name} {(_samples.LastOrDefault(s => s.Sample[l.Figure] is not null).Sample?[l.Figure] * factor is { } v ? Short(v) : "unknown")}"));
        // A count is exact; its axis may be in thousands.
        return new(title, text, isCount ? "" : unit, isCount && factor < 1 ? $"{note} (axis: thousand)" : note, [.. lines.Select(l => (l.Name, l.Class))], plot,
            $"{title}{(unit.Length > 0 ? $" in {unit}" : "")}: {latest}; highest {(max is null ? "unknown" : Short(max.Value * factor))}. The table has the values of each minute.");
    }

    // Lines break where samples are missing: the process was paused, or nothing was measured.
    private List<IReadOnlyList<PlotPoint>> RunsOf(Figure figure, double factor)
    {
        var runs = new List<IReadOnlyList<PlotPoint>>();
        var run = new List<PlotPoint>();
        foreach (var (time, sample) in _samples)
        {
            var value = sample[figure];
            if (run.Count > 0 && (value is null || time - run[^1].Time > _gapSeconds))
            {
                runs.Add(run);
                run = [];
            }
            if (value is not null) run.Add(new(time, (decimal)(value.Value * factor)));
        }
        if (run.Count > 0) runs.Add(run);
        return runs;
    }

    private static (double Factor, string Unit) UnitOf(Scale scale, double max) => scale switch
    {
        Scale.Rate => max < 10 ? (60, "rows/min") : max < 5_000 ? (1, "rows/s") : (0.001, "1,000 rows/s"),
        Scale.Seconds => max < 10 ? (1000, "ms") : (1, "s"),
        Scale.Bytes => BytesOf(max, ""),
        Scale.BytesPerMinute => BytesOf(60 * max, "/min") is var (factor, unit) ? (60 * factor, unit) : default,
        _ => max < 10_000 ? (1, "") : (0.001, "thousand"),
    };

    /// <summary>The factor and the unit in which bytes up to a maximum are shown.</summary>
    public static (double Factor, string Unit) BytesOf(double max, string per) => max switch
    {
        < 1 << 20 => (1.0 / (1 << 10), "KiB" + per),
        < 1 << 30 => (1.0 / (1 << 20), "MiB" + per),
        _ => (1.0 / (1 << 30), "GiB" + per),
    };

    private static string Short(double value) => value.ToString(value >= 100 ? "N0" : value >= 10 ? "0.0" : value == 0 ? "0" : "0.00", CultureInfo.InvariantCulture);

    private enum Scale
    {
        Count,
        Rate,
        Seconds,
        Bytes,
        BytesPerMinute,
    }
}
