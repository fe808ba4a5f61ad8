using Microsoft.Extensions.Caching.Memory;
using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Web.Pages.Display;

/// <summary>Draws the last day of nodes, and keeps each drawing while nothing it shows has changed.</summary>
internal sealed class Sparklines(IReadingStore store, IMemoryCache cache, TimeProvider clock)
{
    private const int DaySeconds = 86_400;

    // The drawing moves left by two thirds of a unit in this time, which nobody sees.
    private const int StepSeconds = 240;

    public async Task<Sparkline> DrawAsync(NodeView view, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var to = (now / StepSeconds + 1) * StepSeconds;
        var key = (nameof(Sparklines), view.Node.Address, view.Node.TotalReadings, view.Liveness.ExpectedIntervalSeconds, to);
        if (cache.TryGetValue(key, out Sparkline? known)) return known!;
        var series = await NodeSeries.BuildAsync(store, view.Node.Address, to - DaySeconds, to, Sparkline.Points,
            view.Metadata?.ExpectedIntervalS, now, cancellationToken);
        return cache.Set(key, Sparkline.Of(series), TimeSpan.FromSeconds(StepSeconds));
    }
}
