namespace SensorDash.Web.Pages.Display.Plots;

/// <summary>A vertical scale with round ends and ticks.</summary>
/// <param name="Lowest">Its lower end, at the bottom.</param>
/// <param name="Highest">Its upper end.</param>
/// <param name="Ticks">Upwards, the ends included.</param>
internal sealed record PlotScale(decimal Lowest, decimal Highest, IReadOnlyList<decimal> Ticks)
{
    // Sensor noise must not fill the height, as in the charts of the browser.
    private const decimal MinSpan = 1;

    private static readonly decimal[] _factors = [1, 2, 5];

    /// <param name="min">Smallest value.</param>
    /// <param name="max">Largest value, not below <paramref name="min"/>.</param>
    /// <param name="maxTicks">At most this many intervals, 2 or more.</param>
    public static PlotScale Of(decimal min, decimal max, int maxTicks)
    {
        var spare = Math.Max(0, MinSpan - (max - min)) / 2;
        (min, max) = (min - spare, max + spare);
        var step = Steps().First(s => Math.Ceiling(max / s) - Math.Floor(min / s) <= maxTicks);
        var (lowest, highest) = (Math.Floor(min / step) * step, Math.Ceiling(max / step) * step);
        return new(lowest, highest, [.. Enumerable.Range(0, (int)((highest - lowest) / step) + 1).Select(i => lowest + (i * step))]);
    }

    /// <summary>The vertical position of a value.</summary>
    /// <param name="value">Any value; outside the scale the position is outside the plot.</param>
    /// <param name="height">Height of the plot.</param>
    public decimal At(decimal value, decimal height) => height - ((value - Lowest) / (Highest - Lowest) * height);

    private static IEnumerable<decimal> Steps()
    {
        for (var power = 0.1m; ; power *= 10)
            foreach (var factor in _factors) yield return power * factor;
    }
}
