using Microsoft.Extensions.Caching.Memory;
using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Pages.Display.Plots;

namespace SensorDash.Web.Pages.Overview;

/// <summary>A zone of a hub with many nodes.</summary>
/// <param name="Zone">Null: nodes without a zone.</param>
/// <param name="Problems">How many of its nodes are not live, in words.</param>
/// <param name="Mean">Latest mean, in the unit of the page.</param>
/// <param name="Scale">Null without data.</param>
/// <param name="Statuses">Of each node, the worst first.</param>
internal sealed record ZonePanel(Zone? Zone, string Problems, decimal? Mean, PlotScale? Scale, PlotPaths? Line, string Band, IReadOnlyList<NodeStatus> Statuses);

/// <summary>A bucket of a zone.</summary>
/// <param name="Expected">Its usual nodes, if it lacks some or is not over; otherwise null.</param>
internal readonly record struct PanelPoint(long Time, SeriesValue Value, int Nodes, int? Expected);

/// <summary>Draws the zones of a hub with too many nodes for a line each.</summary>
internal sealed class ZonePanels(IReadingAnalytics analytics, IMemoryCache cache)
{
    public const int Height = 54;

    /// <summary>Zones of one page: more are better found in the table.</summary>
    public const int MaxPanels = 24;

    private const int Points = 96;

    // A zone has hundreds of thousands of readings per day, and its mean moves slowly.
    private static readonly TimeSpan _cachedFor = TimeSpan.FromMinutes(2);

    /// <returns>The panels, and the span of their common scale.</returns>
    public async Task<(IReadOnlyList<ZonePanel> Panels, decimal Span)> DrawAsync(
        IReadOnlyList<NodeEntry> nodes, ViewRange range, bool isHumidity, ViewSettings view, CancellationToken cancellationToken)
    {
        var step = Math.Max(1, range.Seconds / Points);
        var to = range.IsRolling ? ((range.To / step) + 1) * step : range.To;
        var from = to - range.Seconds;
        var found = new List<(Zone? Zone, IReadOnlyList<NodeEntry> Nodes, IReadOnlyList<PanelPoint[]> Runs)>();
        foreach (var zone in nodes.Order(NodeOrder.ByZone).GroupBy(n => n.Zone?.Id).Take(MaxPanels))
        {
            var key = (nameof(ZonePanels), zone.Key ?? 0, zone.Count(), from, to, isHumidity);
            if (!cache.TryGetValue(key, out IReadOnlyList<PanelPoint[]>? runs))
                runs = cache.Set(key, await ReadAsync([.. zone.Select(n => n.Node.Address)], from, to, isHumidity, cancellationToken), _cachedFor);
            found.Add((zone.First().Zone, [.. zone], runs!));
        }
        var span = found.Max(f => SpanOf(f.Runs));
        return ([.. found.Select(f => Draw(f.Zone, f.Nodes, f.Runs, span, from, to, isHumidity, view))], Shown(span, isHumidity, view, isSpan: true));
    }

    private async Task<IReadOnlyList<PanelPoint[]>> ReadAsync(int[] addresses, long from, long to, bool isHumidity, CancellationToken cancellationToken)
    {
        var series = await analytics.FleetAsync(addresses, from, to, Points, Population.Nodes, cancellationToken);
        var runs = new List<List<PanelPoint>>();
        long? end = null;
        foreach (var bucket in series.Buckets)
        {
            var values = isHumidity ? bucket.Statistics.Humidity : bucket.Statistics.Temperature;
            if (values.Average is null) continue;
            if (bucket.Start != end) runs.Add([]);
            runs[^1].Add(new(bucket.Start + (series.BucketSeconds / 2), new(values.Min, values.Average, values.Max), bucket.NodeCount, series.Lacks(bucket) ? series.ExpectedNodeCount : null));
            end = bucket.Start + series.BucketSeconds;
        }
        return [.. runs.Select(r => r.ToArray())];
    }

    private static ZonePanel Draw(Zone? zone, IReadOnlyList<NodeEntry> nodes, IReadOnlyList<PanelPoint[]> runs, decimal span,
        long from, long to, bool isHumidity, ViewSettings view)
    {
        var statuses = nodes.Select(n => n.Status).OrderByDescending(RailNodes.Severity).ToArray();
        var problems = string.Join(", ", statuses.Where(s => s != NodeStatus.Live).GroupBy(s => s).Select(s => $"{s.Count()} {StatusName.Of(s.Key).Replace('_', ' ')}"));
        if (runs.Count == 0) return new(zone, problems, null, null, null, "", statuses);
        var (min, max) = (runs.SelectMany(r => r).Min(p => p.Value.Min!.Value), runs.SelectMany(r => r).Max(p => p.Value.Max!.Value));
        var lowest = Math.Floor((min + max - span) / 2);
        decimal At(decimal value) => Shown(value, isHumidity, view);
        var scale = new PlotScale(At(lowest), At(lowest + span), [At(lowest), At(lowest + (span / 2)), At(lowest + span)]);
        var shown = runs.Select(run => run.Select(p => (p.Time, Low: At(p.Value.Min!.Value), Mean: At(p.Value.Average!.Value), High: At(p.Value.Max!.Value), p.Nodes, p.Expected)).ToArray()).ToArray();
        return new(zone, problems, shown[^1][^1].Mean, scale,
            PlotPaths.Of(shown.Select(r => (IReadOnlyList<PlotPoint>)[.. r.Select(p => new PlotPoint(p.Time, p.Mean, p.Nodes, p.Expected))]), from, to, scale, Height),
            LinePlot.AreaOf(shown.Select(r => (IReadOnlyList<(long, decimal, decimal)>)[.. r.Select(p => (p.Time, p.Low, p.High))]), from, to, scale, Height), statuses);
    }

    // An even number, so that its middle is a whole number.
    private static decimal SpanOf(IReadOnlyList<PanelPoint[]> runs) => runs.Count == 0 ? 2
        : Math.Max(2, (Math.Ceiling((runs.SelectMany(r => r).Max(p => p.Value.Max!.Value) - runs.SelectMany(r => r).Min(p => p.Value.Min!.Value)) / 2) * 2) + 2);

    private static decimal Shown(decimal value, bool isHumidity, ViewSettings view, bool isSpan = false)
        => isHumidity || !view.Fahrenheit ? value : isSpan ? value * 9 / 5 : view.Temperature(value)!.Value;
}
