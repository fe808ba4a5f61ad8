using System.Globalization;
using SensorDash.Data.Analytics;

namespace SensorDash.Web.Pages.Overview;

/// <summary>One day of temperature or humidity as SVG shapes: a line and a min–max band per run without gaps, and the gaps.</summary>
/// <param name="Lines">One list of polyline points per run.</param>
/// <param name="Bands">One list of polygon points per run.</param>
/// <param name="Dots">Runs of one point, which a line does not show.</param>
/// <param name="Gaps">Left edge and width.</param>
/// <param name="Zero">Vertical position of 0; null when 0 is outside the values.</param>
/// <param name="Min">Smallest value; null without values.</param>
/// <param name="Max">Largest value.</param>
/// <param name="IsHumidity">The node has no temperature sensor.</param>
internal sealed record Sparkline(
    IReadOnlyList<string> Lines, IReadOnlyList<string> Bands, IReadOnlyList<(string X, string Y)> Dots,
    IReadOnlyList<(string X, string Width)> Gaps, string? Zero, decimal? Min, decimal? Max, bool IsHumidity)
{
    public const int Width = 240;
    public const int Height = 40;

    /// <summary>Buckets per day: each is about two units wide.</summary>
    public const int Points = 120;

    private const decimal Margin = 2;

    public static Sparkline Of(NodeSeries series)
    {
        var isHumidity = series.Statistics.Temperature.Count == 0;
        var statistics = isHumidity ? series.Statistics.Humidity : series.Statistics.Temperature;
        var length = Math.Max(1, series.To - series.From);
        var gaps = series.Gaps.Select(g => (X(g.From), Number((decimal)(g.To - g.From) / length * Width))).ToArray();
        if (statistics is not { Min: { } min, Max: { } max }) return new([], [], [], gaps, null, null, null, isHumidity);

        // Sensor noise must not fill the height: a quiet day looks quiet.
        var span = Math.Max(max - min, 1);
        var bottom = ((min + max) / 2) - (span / 2);
        var runs = series.Runs
            .Select(run => run.Select(p => (p.Time, Value: isHumidity ? p.Humidity : p.Temperature)).Where(p => p.Value.Average is not null).ToArray())
            .Where(run => run.Length > 0).ToArray();
        return new(
            [.. runs.Where(r => r.Length > 1).Select(r => string.Join(' ', r.Select(p => $"{X(p.Time)},{Y(p.Value.Average!.Value)}")))],
            [.. runs.Where(r => r.Length > 1).Select(r => string.Join(' ', r.Select(p => $"{X(p.Time)},{Y(p.Value.Max!.Value)}")
                .Concat(r.Reverse().Select(p => $"{X(p.Time)},{Y(p.Value.Min!.Value)}"))))],
            [.. runs.Where(r => r.Length == 1).Select(r => (X(r[0].Time), Y(r[0].Value.Average!.Value)))],
            gaps, min < 0 && max > 0 ? Y(0) : null, min, max, isHumidity);

        string X(long time) => Number((decimal)(time - series.From) / length * Width);
        string Y(decimal value) => Number(Height - Margin - ((value - bottom) / span * (Height - (2 * Margin))));
    }

    private static string Number(decimal value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
