using Microsoft.Extensions.Caching.Memory;
using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;

namespace SensorDash.Web.Pages.Overview;

/// <summary>Draws the last 24 hours of nodes and caches each drawing, because a page of 60 reads one day of each node.</summary>
internal sealed class Sparklines(IReadingStore store, IMemoryCache cache, TimeProvider clock)
{
    private const int DaySeconds = 86_400;

    // In this time the drawing moves left by an invisible two thirds of a unit.
    private const int StepSeconds = 240;

    private const int RedrawSeconds = 120;
    private const int NewNodeReadings = 1_000;

    public async Task<Sparkline> DrawAsync(NodeView view, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var to = ((now / StepSeconds) + 1) * StepSeconds;
        // Redrawn every two minutes while readings arrive, and at each reading of a new node; the values next to it are always current.
        var version = view.Node.TotalReadings < NewNodeReadings ? view.Node.TotalReadings : view.Node.LastSeenAt / RedrawSeconds;
        var key = (nameof(Sparklines), view.Node.Address, version, view.Liveness.ExpectedIntervalSeconds, to);
        if (cache.TryGetValue(key, out Sparkline? cached)) return cached!;
        var series = await NodeSeries.BuildAsync(store, view.Node, to - DaySeconds, to, Sparkline.Points,
            view.Metadata?.ExpectedIntervalS, now, cancellationToken);
        return cache.Set(key, Sparkline.Of(series), TimeSpan.FromSeconds(StepSeconds));
    }
}
