using Microsoft.Extensions.Caching.Memory;
using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;

namespace SensorDash.Web.Pages.Display;

/// <summary>Draws the last day of nodes, and keeps each drawing for a while: sixty of them read a day each.</summary>
internal sealed class Sparklines(IReadingStore store, IMemoryCache cache, TimeProvider clock)
{
    private const int DaySeconds = 86_400;

    // The drawing moves left by two thirds of a unit in this time, which nobody sees.
    private const int StepSeconds = 240;

    private const int LivelySeconds = 120;
    private const int YoungReadings = 1_000;

    public async Task<Sparkline> DrawAsync(NodeView view, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var to = ((now / StepSeconds) + 1) * StepSeconds;
        // A lively node is drawn anew every other minute, a young one at each reading; the values beside it are always those of now.
        var version = view.Node.TotalReadings < YoungReadings ? view.Node.TotalReadings : view.Node.LastSeenAt / LivelySeconds;
        var key = (nameof(Sparklines), view.Node.Address, version, view.Liveness.ExpectedIntervalSeconds, to);
        if (cache.TryGetValue(key, out Sparkline? known)) return known!;
        var series = await NodeSeries.BuildAsync(store, view.Node, to - DaySeconds, to, Sparkline.Points,
            view.Metadata?.ExpectedIntervalS, now, cancellationToken);
        return cache.Set(key, Sparkline.Of(series), TimeSpan.FromSeconds(StepSeconds));
    }
}
