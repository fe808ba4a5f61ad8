using SensorDash.Data.Analytics;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Analytics;

/// <summary>Averages by weekday and hour, each with a color step.</summary>
/// <param name="Cells">Seven weekdays, Monday first, of 24 hours each; null without values.</param>
/// <param name="Min">Start of the scale, at or below the lowest average; null without values.</param>
/// <param name="Max">End of the scale.</param>
internal sealed record HourMap(IReadOnlyList<HourCell?[]> Cells, decimal? Min, decimal? Max)
{
    /// <summary>Color steps: more are hard to distinguish.</summary>
    public const int Steps = 9;

    private const int Days = 7;

    // Sensor noise must not fill the scale: like the axes of the charts, it spans at least this much in the unit of the page.
    private const decimal MinSpan = 1;

    public static IReadOnlyList<string> Weekdays { get; } = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

    public int Filled => Cells.Sum(day => day.Count(cell => cell is not null));

    public static HourMap Of(IReadOnlyList<HourOfWeek> hours, bool isHumidity, ViewSettings view)
    {
        var cells = Enumerable.Range(0, Days).Select(_ => new HourCell?[24]).ToArray();
        var known = hours.Select(h => (Hour: h, Value: isHumidity ? h.Percent : view.Temperature(h.Celsius))).Where(h => h.Value is not null).ToArray();
        if (known.Length == 0) return new(cells, null, null);
        var (min, max) = (known.Min(h => h.Value!.Value), known.Max(h => h.Value!.Value));
        var spare = Math.Max(0, MinSpan - (max - min)) / 2;
        (min, max) = (min - spare, max + spare);
        foreach (var (hour, value) in known)
        {
            var step = Math.Min(Steps - 1, (int)((value!.Value - min) / (max - min) * Steps));
            cells[(hour.Weekday + Days - 1) % Days][hour.Hour] = new(value.Value, hour.Count, step);
        }
        return new(cells, min, max);
    }
}

/// <param name="Value">In the unit of the page.</param>
/// <param name="Count">Readings.</param>
/// <param name="Step">0 to <see cref="HourMap.Steps"/> − 1.</param>
internal sealed record HourCell(decimal Value, long Count, int Step);
