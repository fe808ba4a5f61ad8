using SensorDash.Data.Events;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Events;

/// <summary>Addresses that lead from events to others.</summary>
internal static class EventLinks
{
    /// <summary>Parameter that finds an event at once by its own time.</summary>
    public const string TimeParameter = "at";

    private const long Second = 1_000_000; // Microseconds.

    /// <summary>The page of one event; the rest of the address stays, so that it knows the way back.</summary>
    public static PageUrl PageOf(PageUrl list, LaneEvent laneEvent)
        => list.With((TimeParameter, EventTime.Format(laneEvent.SourceTime))).Path($"/events/{laneEvent.Id}");

    /// <summary>The list that an event's page was opened from.</summary>
    public static PageUrl List(PageUrl page) => page.With((TimeParameter, null)).Path("/events");

    /// <summary>Everything that happened within so many seconds of an event, oldest first.</summary>
    public static PageUrl Around(PageUrl page, LaneEvent laneEvent, Timebase timebase, int seconds)
    {
        var time = (long)Math.Floor((decimal)laneEvent.TimeBy(timebase) / Second);
        return Unfiltered(page).With(("range", null), ("base", null), ("order", "asc"), ("timebase", Word(timebase)),
            ("from", ClockText.Utc(time - seconds)), ("to", ClockText.Utc(time + 1 + seconds)));
    }

    /// <summary>The events that have this value, in the range and by the clock chosen before.</summary>
    public static PageUrl Only(PageUrl page, string name, string value) => Unfiltered(page).With((name, value));

    /// <summary>The word of a timebase in addresses; null for the usual one.</summary>
    public static string? Word(Timebase timebase) => timebase == Timebase.Source ? "source" : null;

    private static PageUrl Unfiltered(PageUrl page)
        => List(page).Without(name => name == "page" || EventSelection.FilterNames.Contains(name) || name.StartsWith("payload.", StringComparison.Ordinal));
}
