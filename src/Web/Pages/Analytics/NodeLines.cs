using System.Globalization;
using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Pages.Display.Plots;

namespace SensorDash.Web.Pages.Analytics;

/// <summary>A node in the chart of lines, and its row of the legend. Values are in the unit of the page.</summary>
/// <param name="Key">Address, as in the URL.</param>
/// <param name="Class">The class of its color and dash.</param>
/// <param name="Count">Readings, or buckets of differences.</param>
internal sealed record NodeLine(
    NodeEntry Node, string Key, string Class, long Count, decimal? Last, decimal? Min, decimal? Mean, decimal? Max, decimal? P95, IReadOnlyList<SeriesGap> Gaps, PlotLine Plotted)
{
    public bool IsFaint => Plotted.IsFaint;
}

/// <summary>Some nodes, a line each: their values, or how far each is from the mean of all of them.</summary>
/// <param name="Plot">Null without values.</param>
/// <param name="BucketSeconds">Length of a point; null if the points are readings.</param>
/// <param name="IsDifference">Whether the lines are differences to the mean of the nodes.</param>
internal sealed record NodeLines(LinePlot? Plot, IReadOnlyList<NodeLine> Lines, SoloSelection Solo, long? BucketSeconds, bool IsDifference)
{
    /// <summary>More lines are no longer told apart.</summary>
    public const int MaxNodes = 10;

    private const int PlotPoints = 300;
    private const int PlotHeight = 320;
    private const int Colors = 6;

    public long Readings => Lines.Sum(l => l.Count);

    public long Points => Lines.Sum(l => l.Plotted.Runs.Sum(r => r.Count));

    /// <summary>A line per node with its exact statistics.</summary>
    public static async Task<NodeLines> BuildAsync(
        IReadingAnalytics analytics, IReadOnlyList<NodeEntry> nodes, ViewRange range, bool isHumidity, string? solo, ViewSettings view, long now, CancellationToken cancellationToken)
    {
        var selection = new SoloSelection([.. nodes.Select(KeyOf)], solo);
        var lines = new List<NodeLine>();
        long? bucketSeconds = null;
        foreach (var (node, index) in nodes.Select((node, index) => (node, index)))
        {
            var series = await analytics.SeriesAsync(new(node.Node, range.From, range.To, PlotPoints, null, now), cancellationToken);
            bucketSeconds ??= series.BucketSeconds;
            var values = isHumidity ? series.Statistics.Humidity : series.Statistics.Temperature;
            var runs = series.Runs.Select(run => (IReadOnlyList<PlotPoint>)[.. run.Where(p => (isHumidity ? p.Humidity : p.Temperature).Average is not null).Select(PointOf)])
                .Where(run => run.Count > 0).ToArray();
            lines.Add(new(node, KeyOf(node), ClassOf(index), values.Count, Shown(isHumidity ? series.LastPercent : series.LastCelsius), Shown(values.Min), Shown(values.Average),
                Shown(values.Max), Shown(values.Percentiles[1]), series.Gaps, LineOf(node, index, runs, selection)));

            PlotPoint PointOf(SeriesPoint point) => new(point.Time, Shown((isHumidity ? point.Humidity : point.Temperature).Average)!.Value, point.Count, series.BucketSeconds is not { } seconds ? null
                : PlotPoint.ExpectedIn(Downsampling.Index(point.Time, seconds) * seconds, seconds, point.Count, series.ExpectedIntervalSeconds, range.From, Math.Min(range.To, now)));
        }
        return new(PlotOf(lines, range, view), lines, selection, bucketSeconds, IsDifference: false);

        decimal? Shown(decimal? value) => isHumidity ? value : view.Temperature(value);
    }

    /// <summary>A line per node with its difference to the mean of these nodes, by bucket. Where a node is missing, the mean is that of the others.</summary>
    public static async Task<NodeLines> BuildDifferencesAsync(
        IReadingAnalytics analytics, IReadOnlyList<NodeEntry> nodes, (long Start, long End, int Count) buckets, ViewRange range, bool isHumidity, string? solo, ViewSettings view,
        CancellationToken cancellationToken)
    {
        var selection = new SoloSelection([.. nodes.Select(KeyOf)], solo);
        var series = await analytics.EachNodeAsync([.. nodes.Select(node => node.Node.Address)], buckets.Start, buckets.End, buckets.Count, cancellationToken);
        Dictionary<long, decimal>[] found = [.. nodes.Select(node => series[node.Node.Address].Buckets
            .Select(b => (b.Start, (isHumidity ? b.Statistics.Humidity : b.Statistics.Temperature).Average)).Where(b => b.Average is not null).ToDictionary(b => b.Start, b => b.Average!.Value))];
        var seconds = series[nodes[0].Node.Address].BucketSeconds;
        var means = found.SelectMany(f => f).GroupBy(m => m.Key, m => m.Value).ToDictionary(g => g.Key, g => (Mean: g.Average(), Nodes: g.Count()));
        var usual = means.Count == 0 ? 0 : means.Values.Max(m => m.Nodes);
        var factor = !isHumidity && view.Fahrenheit ? 9m / 5 : 1;
        var lines = new List<NodeLine>();
        foreach (var (node, index) in nodes.Select((node, index) => (node, index)))
        {
            var runs = new List<List<PlotPoint>>();
            long? end = null;
            foreach (var (start, value) in found[index].OrderBy(m => m.Key))
            {
                if (start != end) runs.Add([]);
                var (mean, count) = means[start];
                runs[^1].Add(new(start + (seconds / 2), Math.Round((value - mean) * factor, 2), count, count < usual ? usual : null));
                end = start + seconds;
            }
            decimal[] all = [.. runs.SelectMany(r => r).Select(p => p.Value)];
            lines.Add(new(node, KeyOf(node), ClassOf(index), all.Length, all.Length == 0 ? null : all[^1], all.Length == 0 ? null : all.Min(), all.Length == 0 ? null : Math.Round(all.Average(), 2),
                all.Length == 0 ? null : all.Max(), PercentileOf(all, 0.95m), [], LineOf(node, index, runs, selection) with { Counted = "nodes" }));
        }
        return new(PlotOf(lines, range, view), lines, selection, seconds, IsDifference: true);
    }

    private static LinePlot? PlotOf(IEnumerable<NodeLine> lines, ViewRange range, ViewSettings view)
        => LinePlot.Of(range.From, range.To, view.Zone, [.. lines.Select(l => l.Plotted)], PlotHeight, hasNames: false);

    private static PlotLine LineOf(NodeEntry node, int index, IReadOnlyList<IReadOnlyList<PlotPoint>> runs, SoloSelection solo)
        => new(node.DisplayName, KeyOf(node), ClassOf(index), runs) { IsFaint = solo.IsFaint(KeyOf(node)) };

    // By linear interpolation, like every percentile of the hub.
    private static decimal? PercentileOf(decimal[] values, decimal part)
    {
        if (values.Length == 0) return null;
        var sorted = values.Order().ToArray();
        var at = part * (sorted.Length - 1);
        var low = (int)at;
        return sorted[low] + ((sorted[Math.Min(low + 1, sorted.Length - 1)] - sorted[low]) * (at - low));
    }

    private static string ClassOf(int index) => FormattableString.Invariant($"s{(index % Colors) + 1}");

    private static string KeyOf(NodeEntry node) => node.Node.Address.ToString(CultureInfo.InvariantCulture);
}
