using System.Globalization;
using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Pages.Display.Plots;

namespace SensorDash.Web.Pages.Analytics;

/// <summary>A node in the chart of lines; its row of the legend has its exact statistics.</summary>
/// <param name="Key">Address, as in the URL.</param>
/// <param name="Class">The class of its color and dash.</param>
internal sealed record NodeLine(NodeEntry Node, string Key, string Class, ValueStatistics Values, decimal? Last, IReadOnlyList<SeriesGap> Gaps, bool IsFaint);

/// <summary>Some nodes, a line each. The legend selects: a click shows one alone, Ctrl adds one.</summary>
/// <param name="Plot">Null without values.</param>
/// <param name="Readings">Of all nodes.</param>
/// <param name="Points">Of all lines.</param>
internal sealed record NodeLines(LinePlot? Plot, IReadOnlyList<NodeLine> Lines, long Readings, long Points)
{
    /// <summary>More lines are no longer told apart.</summary>
    public const int MaxNodes = 10;

    private const int PlotPoints = 300;
    private const int PlotHeight = 320;
    private const int Colors = 6;

    public static async Task<NodeLines> BuildAsync(
        IReadingStore store, IReadOnlyList<NodeEntry> nodes, ViewRange range, bool isHumidity, string? solo, ViewSettings view, long now, CancellationToken cancellationToken)
    {
        var selected = (solo ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).ToHashSet();
        selected.IntersectWith(nodes.Select(KeyOf));
        var (lines, plotted) = (new List<NodeLine>(), new List<PlotLine>());
        var (readings, points) = (0L, 0L);
        foreach (var (node, index) in nodes.Select((node, index) => (node, index)))
        {
            var series = await NodeSeries.BuildAsync(store, node.Node, range.From, range.To, PlotPoints, null, now, cancellationToken);
            var values = isHumidity ? series.Statistics.Humidity : series.Statistics.Temperature;
            var (key, color, isFaint) = (KeyOf(node), FormattableString.Invariant($"s{(index % Colors) + 1}"), selected.Count > 0 && !selected.Contains(KeyOf(node)));
            lines.Add(new(node, key, color, values, isHumidity ? series.LastPercent : series.LastCelsius, series.Gaps, isFaint));
            readings += values.Count;
            var runs = series.Runs.Select(run => (IReadOnlyList<(long Time, decimal Value)>)[.. run
                .Select(p => (p.Time, Value: isHumidity ? p.Humidity.Average : view.Temperature(p.Temperature.Average))).Where(p => p.Value is not null).Select(p => (p.Time, p.Value!.Value))])
                .Where(run => run.Count > 0).ToArray();
            points += runs.Sum(r => r.Count);
            plotted.Add(new(node.DisplayName, key, color, runs) { IsFaint = isFaint });
        }
        return new(LinePlot.Of(range.From, range.To, view.Zone, plotted, PlotHeight, hasNames: false), lines, readings, points);
    }

    /// <summary>The selection after a click on a line: it alone, or all if it was alone.</summary>
    public string? SoloOf(NodeLine line) => Lines.Count(l => !l.IsFaint) == 1 && !line.IsFaint ? null : line.Key;

    /// <summary>The selection after a click with Ctrl: with or without the line.</summary>
    public string? ToggledOf(NodeLine line)
    {
        var shown = Lines.Where(l => l.Key == line.Key ? l.IsFaint || Lines.All(other => !other.IsFaint) : !l.IsFaint && Lines.Any(other => other.IsFaint)).Select(l => l.Key).ToArray();
        return shown.Length == 0 || shown.Length == Lines.Count ? null : string.Join(',', shown);
    }

    private static string KeyOf(NodeEntry node) => node.Node.Address.ToString(CultureInfo.InvariantCulture);
}
