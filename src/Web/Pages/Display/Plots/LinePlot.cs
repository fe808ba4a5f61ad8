using System.Globalization;
using System.Text;
using NodaTime;

namespace SensorDash.Web.Pages.Display.Plots;

/// <summary>A label at the end of a line.</summary>
/// <param name="At">Where the line ends.</param>
/// <param name="Y">Where its name stands, so that names do not overlap.</param>
internal sealed record PlotName(PlotLine Line, string At, string Y);

/// <summary>Lines over time as SVG that the server draws: it needs no script, and prints.</summary>
internal sealed record LinePlot(
    long From, long To, PlotScale Scale, int Height, IReadOnlyList<PlotLine> Lines, IReadOnlyList<PlotPaths> Paths, IReadOnlyList<TimeTick> Ticks, IReadOnlyList<PlotName> Names)
{
    /// <summary>Width of the plot in its own units; it stretches.</summary>
    public const int Width = 1000;

    // Height of a line of small text.
    private const decimal NameHeight = 13;

    private const int MaxTicks = 12;

    /// <param name="from">Unix seconds.</param>
    /// <param name="to">Unix seconds.</param>
    /// <param name="zone">Time zone of the axis.</param>
    /// <param name="lines">The lines; at least one has a point.</param>
    /// <param name="height">In pixels.</param>
    /// <param name="hasNames">Whether there is room for names; with more lines than fit, there are none.</param>
    /// <param name="maxTicks">Maximum ticks of the time axis; fewer where the plot is small.</param>
    /// <param name="fromZero">Whether the scale begins at 0, for values that are counts or lengths.</param>
    public static LinePlot? Of(long from, long to, DateTimeZone zone, IReadOnlyList<PlotLine> lines, int height, bool hasNames, int maxTicks = MaxTicks, bool fromZero = false)
    {
        var values = lines.SelectMany(l => l.Runs).SelectMany(run => run).Select(p => p.Value).ToArray();
        if (values.Length == 0) return null;
        var scale = fromZero ? PlotScale.Of(0, Math.Max(1, values.Max()), Math.Max(2, height / 28)) : PlotScale.Of(values.Min(), values.Max(), Math.Max(2, height / 28));
        return new(from, to, scale, height, lines, [.. lines.Select(l => PlotPaths.Of(l.Runs, from, to, scale, height))], TimeAxis.TicksOf(from, to, zone, maxTicks),
            hasNames ? NamesOf(lines, scale, height) : []);
    }

    /// <summary>A band between two values at each time, of runs of points.</summary>
    public static string AreaOf(IEnumerable<IReadOnlyList<(long Time, decimal Low, decimal High)>> runs, long from, long to, PlotScale scale, int height)
    {
        var path = new StringBuilder();
        foreach (var run in runs.Where(r => r.Count > 1))
        {
            var start = 'M';
            foreach (var (time, _, high) in run) Append(path, ref start, X(time, from, to), scale.At(high, height));
            foreach (var (time, low, _) in run.Reverse()) Append(path, ref start, X(time, from, to), scale.At(low, height));
            path.Append('z');
        }
        return path.ToString();
    }

    public static string PathOf(IEnumerable<IReadOnlyList<(long Time, decimal Value)>> runs, long from, long to, PlotScale scale, int height)
    {
        var path = new StringBuilder();
        foreach (var run in runs)
        {
            var start = 'M';
            foreach (var (time, value) in run) Append(path, ref start, X(time, from, to), scale.At(value, height));
            if (run.Count == 1) path.Append("h0"); // A run of one point: the round end of a line without length.
        }
        return path.ToString();
    }

    /// <summary>Horizontal position in per cent, for the axis.</summary>
    public string Percent(long time) => Number((decimal)(time - From) / Math.Max(1, To - From) * 100) + "%";

    public string Y(decimal value) => Number(Scale.At(value, Height));

    /// <summary>A number with at most one decimal.</summary>
    public static string Number(decimal value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    /// <summary>A value of the axis.</summary>
    public static string Label(decimal value) => value.ToString("0.##;−0.##;0", CultureInfo.InvariantCulture);

    /// <summary>Horizontal position in the units of the drawing.</summary>
    public static decimal X(long time, long from, long to) => (decimal)(time - from) / Math.Max(1, to - from) * Width;

    private static void Append(StringBuilder path, ref char command, decimal x, decimal y)
    {
        path.Append(command).Append(Number(x)).Append(' ').Append(Number(y));
        command = 'L';
    }

    // From the top: each name at the end of its line, or below the name before; then from the bottom, what does not fit moves up.
    private static PlotName[] NamesOf(IReadOnlyList<PlotLine> lines, PlotScale scale, int height)
    {
        var ends = lines.Where(l => l.Runs.Count > 0).Select(l => (Line: l, At: scale.At(l.Runs[^1][^1].Value, height))).OrderBy(e => e.At).ToArray();
        if (ends.Length * NameHeight > height) return [];
        var places = new decimal[ends.Length];
        for (var i = 0; i < ends.Length; i++) places[i] = Math.Max(ends[i].At, i == 0 ? NameHeight / 2 : places[i - 1] + NameHeight);
        for (var i = ends.Length - 1; i >= 0; i--) places[i] = Math.Min(places[i], i == ends.Length - 1 ? height - (NameHeight / 2) : places[i + 1] - NameHeight);
        return [.. ends.Select((end, i) => new PlotName(end.Line, Number(end.At), Number(places[i])))];
    }
}
