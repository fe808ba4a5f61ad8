using NodaTime;
using SensorDash.Web.Operations.Figures;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Pages.Display.Plots;

namespace SensorDash.Web.Pages.SystemStatus;

/// <summary>The size of the stores by day, and where its growth leads.</summary>
/// <param name="Plot">The drawing.</param>
/// <param name="Unit">Unit of its axis.</param>
/// <param name="HasForecast">Whether the growth is drawn on.</param>
/// <param name="Label">The chart as a sentence.</param>
internal sealed record StoragePlot(LinePlot Plot, string Unit, bool HasForecast, string Label)
{
    private const int Height = 112, Ticks = 6;
    private const long Day = 86_400;

    /// <summary>Null before there is a day of data.</summary>
    public static StoragePlot? Of(SystemState state, DateTimeZone zone)
    {
        if ((state.IsOnServer ? state.ServerGrowth : state.FileGrowth) is not { } growth) return null;
        Func<StorageSize, long?> of = state.IsOnServer ? size => size.Server : size => size.Files;
        var sizes = state.Days.SelectMany(d => new[] { d.First, d.Last }).OfType<StorageSize>().Where(s => of(s) is not null).ToList();
        var (first, last) = (sizes[0], sizes[^1]);
        // As far ahead as it looks back, but not beyond the end.
        var ahead = (long)Math.Min(last.At - first.At, (state.DaysLeft ?? double.MaxValue) * Day);
        var hasForecast = growth is { IsSteady: false, BytesPerDay: > 0 } && ahead > 0;
        var end = of(last)!.Value + (growth.BytesPerDay * ahead / Day);
        var (factor, unit) = Measures.BytesOf(Math.Max(sizes.Max(s => of(s)!.Value), hasForecast ? end : 0), "");
        var lines = new List<PlotLine> { new("stores", "stores", "s2", [[.. sizes.Select(s => new PlotPoint(s.At, (decimal)(of(s)!.Value * factor)))]]) };
        if (hasForecast) lines.Add(new("at this rate", "forecast", "s2 forecast", [[new(last.At, (decimal)(of(last)!.Value * factor)), new(last.At + ahead, (decimal)(end * factor))]]));
        var plot = LinePlot.Of(first.At, hasForecast ? last.At + ahead : last.At, zone, lines, Height, hasNames: false, Ticks, fromZero: true)!;
        return new(plot, unit, hasForecast, $"Size of the stores by day in {unit}: {SizeText.Of(of(first)!.Value)} at first, {SizeText.Of(of(last)!.Value)} now. The table has the values of each day.");
    }
}
