using NodaTime;
using NodaTime.TimeZones;

namespace SensorDash.Data.Analytics;

/// <summary>Length of a calendar bucket.</summary>
public enum CalendarUnit
{
    Hour,
    Day,
}

/// <summary>A calendar bucket: Unix seconds, <paramref name="End"/> exclusive.</summary>
public readonly record struct CalendarBucket(long Start, long End);

/// <summary>Hours and days in local time of a time zone. Computed here, never by time zone functions of a database.</summary>
/// <remarks>
/// A day lasts from midnight to midnight, so it has 23 or 25 hours at a clock change (and 23½ or 24½ on Lord Howe Island). Where clocks are set back
/// over midnight (St. John's until 2011: 00:01 → 23:01), the day ends at the last midnight. A clock change splits an hour: an hour that
/// occurs twice in local time is two buckets, and a half-hour change leaves half an hour.
/// </remarks>
public sealed class CalendarBuckets(DateTimeZone zone, CalendarUnit unit)
{
    private const long SecondsPerHour = 3600;

    private const long SecondsPerDay = 86_400;

    private static readonly ZoneLocalMappingResolver _firstMoment = Resolvers.CreateMappingResolver(
        (earlier, later) => GoesBackOverMidnight(earlier.GetZoneInterval(), later.GetZoneInterval()) ? later : earlier, Resolvers.ReturnStartOfIntervalAfter);

    /// <summary>The bucket that contains a time.</summary>
    /// <param name="time">Unix seconds.</param>
    public CalendarBucket Containing(long time)
    {
        var instant = Instant.FromUnixTimeSeconds(time);
        if (unit == CalendarUnit.Day)
        {
            var date = instant.InZone(zone).Date;
            if (StartOf(date) > time) date = date.PlusDays(-1); // Before the clocks are set back over midnight.
            return new(StartOf(date), StartOf(date.PlusDays(1)));
        }
        var interval = zone.GetZoneInterval(instant);
        var offset = interval.WallOffset.Seconds;
        var start = (Downsampling.Index(time + offset, SecondsPerHour) * SecondsPerHour) - offset;
        var end = start + SecondsPerHour;
        if (interval.HasStart) start = Math.Max(start, interval.Start.ToUnixTimeSeconds());
        if (interval.HasEnd) end = Math.Min(end, interval.End.ToUnixTimeSeconds());
        return new(start, end);
    }

    /// <summary>Seconds to add to a time so that whole days since the epoch equal the days of <see cref="Containing"/>; each applies until a time, the last without end.</summary>
    /// <param name="start">Start of the times of interest.</param>
    /// <param name="end">End of the times of interest, exclusive.</param>
    internal static IEnumerable<(Instant End, long Seconds)> DayOffsets(DateTimeZone zone, Instant start, Instant end)
    {
        foreach (var interval in zone.GetZoneIntervals(start, end))
        {
            var offset = interval.WallOffset.Seconds;
            if (interval.HasEnd && GoesBackOverMidnight(interval, zone.GetZoneInterval(interval.End)))
            {
                yield return (interval.IsoLocalEnd.Date.AtMidnight().WithOffset(interval.WallOffset).ToInstant(), offset);
                offset -= (int)SecondsPerDay;
            }
            yield return (interval.HasEnd ? interval.End : Instant.MaxValue, offset);
        }
    }

    private static bool GoesBackOverMidnight(ZoneInterval before, ZoneInterval after)
        => after.IsoLocalStart.Date < before.IsoLocalEnd.Date && before.IsoLocalEnd.TimeOfDay != LocalTime.Midnight;

    // Some time zones skip midnight, and Samoa once skipped a day; a day starts at the first existing time at or after midnight.
    private long StartOf(LocalDate date) => zone.ResolveLocal(date.AtMidnight(), _firstMoment).ToInstant().ToUnixTimeSeconds();
}
