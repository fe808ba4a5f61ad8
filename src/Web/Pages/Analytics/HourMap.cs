using NodaTime;
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
    private const int Hour = 3_600;
    private const int Week = Days * 24 * Hour;

    // Time zones differ by multiples of this.
    private const int Quarter = 900;

    // Sensor noise must not fill the scale: like the axes of the charts, it spans at least this much in the unit of the page.
    private const decimal MinSpan = 1;

    public static IReadOnlyList<string> Weekdays { get; } = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

    public int Filled => Cells.Sum(day => day.Count(cell => cell is not null));

    /// <summary>Whether a cell lacks nodes or readings.</summary>
    public bool HasFew => Cells.Any(day => day.Any(cell => cell is { HasFew: true }));

    /// <param name="hours">Averages of the range.</param>
    /// <param name="isHumidity">Whether of humidity.</param>
    /// <param name="view">Unit and time zone.</param>
    /// <param name="from">Start of the range, or the first reading if that is later; Unix seconds.</param>
    /// <param name="to">End of the range, or now if that is earlier.</param>
    public static HourMap Of(IReadOnlyList<HourOfWeek> hours, bool isHumidity, ViewSettings view, long from, long to)
    {
        var cells = Enumerable.Range(0, Days).Select(_ => new HourCell?[24]).ToArray();
        var known = hours.Select(h => (Hour: h, Value: isHumidity ? h.Percent : view.Temperature(h.Celsius))).Where(h => h.Value is not null).ToArray();
        if (known.Length == 0) return new(cells, null, null);
        var (min, max) = (known.Min(h => h.Value!.Value), known.Max(h => h.Value!.Value));
        var spare = Math.Max(0, MinSpan - (max - min)) / 2;
        (min, max) = (min - spare, max + spare);
        var occurrences = OccurrencesOf(from, to, view.Zone);
        var usualNodes = MedianOf(known.Select(h => (decimal)h.Hour.NodeCount));
        var usualReadings = MedianOf(known.Select(h => h.Hour.Count / (decimal)Math.Max(1, occurrences[IndexOf(h.Hour)])));
        foreach (var (hour, value) in known)
        {
            var step = Math.Min(Steps - 1, (int)((value!.Value - min) / (max - min) * Steps));
            cells[(hour.Weekday + Days - 1) % Days][hour.Hour] = new(value.Value, hour.Count, step, hour.NodeCount, (int)usualNodes, (long)(usualReadings * Math.Max(1, occurrences[IndexOf(hour)])));
        }
        return new(cells, min, max);
    }

    // From Sunday, like the hours.
    private static int IndexOf(HourOfWeek hour) => (hour.Weekday * 24) + hour.Hour;

    // How often each hour of the week occurs in a range; one that it only begins or ends in counts as well, because readings of the rest are missing.
    private static int[] OccurrencesOf(long from, long to, DateTimeZone zone)
    {
        var (weeks, seconds) = ((int)((to - from) / Week), new int[Days * 24]);
        for (var time = from + ((long)weeks * Week); time < to; time = Math.Min(to, ((time / Quarter) + 1) * Quarter))
        {
            var local = Instant.FromUnixTimeSeconds(time).InZone(zone).LocalDateTime;
            seconds[((int)local.DayOfWeek % Days * 24) + local.Hour] += (int)(Math.Min(to, ((time / Quarter) + 1) * Quarter) - time);
        }
        return [.. seconds.Select(s => weeks + ((s + Hour - 1) / Hour))];
    }

    private static decimal MedianOf(IEnumerable<decimal> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}

/// <param name="Value">In the unit of the page.</param>
/// <param name="Count">Readings.</param>
/// <param name="Step">0 to <see cref="HourMap.Steps"/> − 1.</param>
/// <param name="Nodes">Nodes with readings.</param>
/// <param name="UsualNodes">Median of all hours.</param>
/// <param name="UsualCount">Readings of as many of these hours as the range has, by the median of all hours.</param>
internal sealed record HourCell(decimal Value, long Count, int Step, int Nodes, int UsualNodes, long UsualCount)
{
    private bool HasFewNodes => Nodes * 10 < UsualNodes * 9;

    private bool HasFewReadings => Count * 10 < UsualCount * 9;

    /// <summary>Whether it has fewer than nine in ten of the usual nodes or readings.</summary>
    public bool HasFew => HasFewNodes || HasFewReadings;

    /// <summary>"11 of 12 nodes, 120 readings".</summary>
    public string CountText => (HasFewNodes ? $"{Nodes} of {NumberText.Count(UsualNodes, "node")}, " : "")
        + (HasFewReadings ? $"{Count.ToString("N0", System.Globalization.CultureInfo.InvariantCulture)} of usually {NumberText.Count(UsualCount, "reading")}" : NumberText.Count(Count, "reading"));
}
