using System.Globalization;
using NodaTime;

namespace SensorDash.Web.Pages.Display.Plots;

/// <summary>A tick of a time axis.</summary>
/// <param name="Time">Unix seconds.</param>
/// <param name="Label">A time, or the date where a day starts.</param>
/// <param name="IsDay">Whether a day starts there on an axis of hours.</param>
internal readonly record struct TimeTick(long Time, string Label, bool IsDay);

/// <summary>Ticks at round local times of a time zone, also across clock changes. js/chart-axis.js has the same rules.</summary>
internal static class TimeAxis
{
    private const long Day = 86_400;
    private const long Hour = 3_600;

    private static readonly long[] _steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, Hour, 2 * Hour, 3 * Hour, 6 * Hour, 12 * Hour,
        Day, 2 * Day, 4 * Day, 7 * Day, 14 * Day, 28 * Day, 91 * Day, 182 * Day, 364 * Day];

    public static IReadOnlyList<TimeTick> TicksOf(long from, long to, DateTimeZone zone, int maxTicks)
    {
        var step = _steps.FirstOrDefault(s => (to - from) / s <= maxTicks);
        if (step == 0) step = _steps[^1];
        var ticks = new List<TimeTick>();
        for (var time = Align(from, step, zone); time <= to;)
        {
            if (time >= from && (ticks.Count == 0 || time > ticks[^1].Time)) ticks.Add(TickAt(time, step, zone));
            var next = Align(time + step + (step >= Day ? 2 * Hour : 0), step, zone); // A day may have 25 hours.
            time = next > time ? next : time + step;
        }
        return ticks;
    }

    // The last multiple of the step in local time, at or before a time.
    private static long Align(long time, long step, DateTimeZone zone)
    {
        var local = time + OffsetAt(time, zone);
        var aligned = (local - (((local % step) + step) % step)) - OffsetAt(time, zone);
        return aligned + OffsetAt(time, zone) - OffsetAt(aligned, zone);
    }

    private static TimeTick TickAt(long time, long step, DateTimeZone zone)
    {
        var local = Instant.FromUnixTimeSeconds(time).InZone(zone).LocalDateTime;
        var isMidnight = local.TimeOfDay == LocalTime.Midnight;
        if (step >= Day || isMidnight) return new(time, local.ToString("d MMM", CultureInfo.InvariantCulture), step < Day);
        return new(time, local.ToString(step < 60 ? "HH:mm:ss" : "HH:mm", CultureInfo.InvariantCulture), false);
    }

    private static long OffsetAt(long time, DateTimeZone zone) => zone.GetUtcOffset(Instant.FromUnixTimeSeconds(time)).Seconds;
}
