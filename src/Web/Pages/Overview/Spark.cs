using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Html;

namespace SensorDash.Web.Pages.Overview;

/// <summary>Heights of drawings, so that those that are compared have the same scale.</summary>
/// <param name="Celsius">Difference of temperature, °C, that the height of a drawing stands for.</param>
/// <param name="Percent">Likewise, humidity.</param>
internal readonly record struct SparkHeight(decimal Celsius, decimal Percent)
{
    // Sensor noise must not fill the height: a quiet day looks quiet.
    private const decimal Min = 1;

    /// <summary>The height in which all of some traces fit.</summary>
    public static SparkHeight Of(IEnumerable<NodeTrace> traces)
    {
        var (celsius, percent) = (Min, Min);
        foreach (var trace in traces)
        {
            celsius = Math.Max(celsius, Math.Ceiling((trace.Temperature.Max - trace.Temperature.Min) ?? 0));
            percent = Math.Max(percent, Math.Ceiling((trace.Humidity.Max - trace.Humidity.Min) ?? 0));
        }
        return new(celsius, percent);
    }
}

/// <summary>Temperature and humidity of a range as SVG shapes without axes; gaps are hatched.</summary>
internal static class Spark
{
    private const int Width = 160;
    private const decimal Margin = 2;

    /// <summary>Both quantities, temperature above humidity; one alone takes the whole height.</summary>
    public static IHtmlContent Both(NodeTrace trace, SparkHeight height, string label)
    {
        const int Height = 72;
        var (hasTemperature, hasHumidity) = (trace.Temperature.Min is not null, trace.Humidity.Min is not null);
        var shapes = Gaps(trace, Height);
        var middle = hasTemperature && hasHumidity ? Height * 0.58m : hasTemperature ? Height : 0;
        if (hasTemperature) shapes.Append(Line(trace, isHumidity: false, height.Celsius, Margin, middle - Margin));
        if (hasHumidity) shapes.Append(Line(trace, isHumidity: true, height.Percent, middle + Margin, Height - Margin));
        return Svg(Height, shapes, label);
    }

    /// <summary>One quantity, for a row of a table.</summary>
    public static IHtmlContent One(NodeTrace trace, bool isHumidity, SparkHeight height, string label)
    {
        const int Height = 26;
        return Svg(Height, Gaps(trace, Height).Append(Line(trace, isHumidity, isHumidity ? height.Percent : height.Celsius, Margin, Height - Margin)), label);
    }

    private static HtmlString Svg(int height, StringBuilder shapes, string label)
        => new($"<svg class=\"spark\" viewBox=\"0 0 {Width} {height}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{label}\">{shapes}</svg>");

    private static StringBuilder Gaps(NodeTrace trace, int height)
    {
        var shapes = new StringBuilder();
        foreach (var gap in trace.Gaps)
        {
            var (from, to) = (X(trace, Math.Max(gap.From, trace.From)), X(trace, Math.Min(gap.To, trace.To)));
            if (to > from) shapes.Append(CultureInfo.InvariantCulture, $"<rect x=\"{Number(from)}\" width=\"{Number(Math.Max(1, to - from))}\" height=\"{height}\" fill=\"url(#hatch)\" />");
        }
        return shapes;
    }

    private static string Line(NodeTrace trace, bool isHumidity, decimal span, decimal top, decimal bottom)
    {
        var total = isHumidity ? trace.Humidity : trace.Temperature;
        if (total is not { Min: { } min, Max: { } max }) return "";
        // Each trace stands in the middle of its height: the scale is shared, the level is written beside it.
        var lowest = ((min + max) / 2) - (span / 2);
        var (path, end) = (new StringBuilder(), (X: 0m, Y: 0m));
        foreach (var run in trace.RunsOf(isHumidity))
        {
            var command = 'M';
            foreach (var (time, value) in run)
            {
                end = (X(trace, time), bottom - ((value.Average!.Value - lowest) / span * (bottom - top)));
                path.Append(command).Append(Number(end.X)).Append(' ').Append(Number(end.Y));
                command = 'L';
            }
            if (run.Count == 1) path.Append("h0");
        }
        return $"<g class=\"{(isHumidity ? "humidity" : "temperature")}\"><path class=\"trace\" d=\"{path}\" /><path class=\"end-dot\" d=\"M{Number(Math.Min(end.X, Width - 2))} {Number(end.Y)}h0\" /></g>";
    }

    private static decimal X(NodeTrace trace, long time) => (decimal)(time - trace.From) / Math.Max(1, trace.To - trace.From) * Width;

    private static string Number(decimal value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
