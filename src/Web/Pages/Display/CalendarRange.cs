using NodaTime;

namespace SensorDash.Web.Pages.Display;

/// <summary>A day, week or month of a time zone. Its days have 23 to 25 hours.</summary>
/// <param name="Name">One of <see cref="Names"/>.</param>
/// <param name="IsCurrent">Whether it is not over yet.</param>
/// <param name="Before">Start of the one before it, Unix seconds.</param>
/// <param name="End">Its end, exclusive, Unix seconds.</param>
/// <param name="After">End of the one after it, Unix seconds.</param>
internal sealed record CalendarRange(string Name, bool IsCurrent, long Before, long End, long After)
{
    /// <summary>The names in URLs. As typed, they may have spaces.</summary>
    public static IReadOnlyList<string> Names { get; } = ["today", "yesterday", "this-week", "last-week", "this-month", "last-month"];

    /// <summary>Its start, Unix seconds, and the range; null for any other text.</summary>
    public static (long Start, CalendarRange Range)? Find(string text, DateTimeZone zone, long now)
    {
        var name = text.ToLowerInvariant().Replace(' ', '-');
        if (!Names.Contains(name)) return null;
        var today = Instant.FromUnixTimeSeconds(now).InZone(zone).Date;
        var (unit, first) = name switch
        {
            "today" or "yesterday" => (Period.FromDays(1), today),
            "this-week" or "last-week" => (Period.FromWeeks(1), today.PlusDays(1 - (int)today.DayOfWeek)), // Monday, as in the heat map.
            _ => (Period.FromMonths(1), new LocalDate(today.Year, today.Month, 1)),
        };
        var isCurrent = name is "today" or "this-week" or "this-month";
        if (!isCurrent) first -= unit;
        return (Start(first), new(name, isCurrent, Start(first - unit), Start(first + unit), Start(first + unit + unit)));

        // Where midnight is skipped, the day starts an hour later.
        long Start(LocalDate date) => zone.AtStartOfDay(date).ToInstant().ToUnixTimeSeconds();
    }
}
