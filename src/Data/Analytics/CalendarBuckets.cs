using NodaTime;
using NodaTime.TimeZones;

namespace SensorDash.Data.Analytics;

/// <summary>Length of a calendar bucket.</summary>
public enum CalendarUnit
{
    Hour,
    Day,
}

/// <summary>A calendar bucket: Unix seconds, <paramref name="End"/> not included.</summary>
public readonly record struct CalendarBucket(long Start, long End);

/// <summary>Hours and days as the clocks of a zone show them. Computed here, never by a database's own time-zone functions.</summary>
/// <remarks>
/// A day lasts from midnight to midnight, so it has 23 or 25 hours at a clock change (and 23½ or 24½ on Lord Howe Island). Where clocks go back
/// over midnight (St. John's until 2011: 00:01 → 23:01), the day ends at the last midnight. An hour is cut where the clocks change: an hour that
/// the clocks show twice is two buckets, and a half-hour change leaves half an hour.
/// </remarks>
public sealed class CalendarBuckets(DateTimeZone zone, CalendarUnit unit)
{
    private const long SecondsPerHour = 3600;

    private const long SecondsPerDay = 86_400;

    private static readonly ZoneLocalMappingResolver _firstMoment = Resolvers.CreateMappingResolver(
        (earlier, later) => GoesBackOverMidnight(earlier.GetZoneInterval(), later.GetZoneInterval()) ? later : earlier, Resolvers.ReturnStartOfIntervalAfter);

    /// <summary>The bucket that a time falls in.</summary>
    /// <param name="time">Unix seconds.</param>
    public CalendarBucket Containing(long time)
    {
        var instant = Instant.FromUnixTimeSeconds(time);
        if (unit == CalendarUnit.Day)
        {
            var date = instant.InZone(zone).Date;
            if (StartOf(date) > time) date = date.PlusDays(-1); // Before the clocks go back over midnight.
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

    /// <summary>Seconds to add to a time so that whole days since the epoch are the days of <see cref="Containing"/>; each up to a time, the last without end.</summary>
    /// <param name="start">First time of interest.</param>
    /// <param name="end">Time after the last one of interest.</param>
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

    // Some zones skip midnight itself, and Samoa once a whole day; a day starts at the first moment that exists from midnight on.
    private long StartOf(LocalDate date) => zone.ResolveLocal(date.AtMidnight(), _firstMoment).ToInstant().ToUnixTimeSeconds();
}
