using SensorDash.Data.Analytics;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Analytics;

/// <summary>Averages by weekday and hour, with a step of color each.</summary>
/// <param name="Cells">By weekday, Monday first, and hour; null without values.</param>
/// <param name="Min">Where the scale begins: the lowest average or below; null without any.</param>
/// <param name="Max">Where it ends.</param>
internal sealed record HourMap(IReadOnlyList<HourCell?[]> Cells, decimal? Min, decimal? Max)
{
    /// <summary>Steps of color: more nobody can tell apart.</summary>
    public const int Steps = 9;

    private const int Days = 7;

    // A sensor's noise must not fill the scale: it spans at least this much, in the unit shown, as the charts' axes do.
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

/// <param name="Value">In the unit shown.</param>
/// <param name="Count">Readings.</param>
/// <param name="Step">0 to <see cref="HourMap.Steps"/> − 1.</param>
internal sealed record HourCell(decimal Value, long Count, int Step);
