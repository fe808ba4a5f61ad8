using SensorDash.Data.Events;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Events;

/// <summary>Links from an event to its page, its list and related events.</summary>
internal static class EventLinks
{
    /// <summary>Parameter with the source time of an event, which makes finding it fast.</summary>
    public const string TimeParameter = "at";

    private const long Second = 1_000_000; // Microseconds.

    /// <summary>Parameter with the id of the event that is open in the side of a list.</summary>
    public const string OpenParameter = "event";

    /// <summary>The list with an event open in its side.</summary>
    public static PageUrl Open(PageUrl list, LaneEvent laneEvent)
        => list.With((OpenParameter, laneEvent.Id.ToString()), (TimeParameter, EventTime.Format(laneEvent.SourceTime)));

    /// <summary>The list with its side closed.</summary>
    public static PageUrl Closed(PageUrl list) => list.With((OpenParameter, null), (TimeParameter, null));

    /// <summary>The page of one event. It keeps the other parameters, so that it can link back.</summary>
    public static PageUrl PageOf(PageUrl list, LaneEvent laneEvent)
        => list.With((OpenParameter, null), (TimeParameter, EventTime.Format(laneEvent.SourceTime))).Path($"/events/{laneEvent.Id}");

    /// <summary>The page of the command that an event belongs to.</summary>
    public static PageUrl CommandOf(PageUrl page, CommandEvent command)
        => page.At($"/events/commands/{Uri.EscapeDataString(command.CommandId)}").With(("scope", command.ScopeId));

    /// <summary>The list from which the page of an event was opened.</summary>
    public static PageUrl List(PageUrl page) => Closed(page).Path("/events");

    /// <summary>All events within some seconds of an event, oldest first.</summary>
    public static PageUrl Around(PageUrl page, LaneEvent laneEvent, Timebase timebase, int seconds)
    {
        var time = (long)Math.Floor((decimal)laneEvent.TimeBy(timebase) / Second);
        return Unfiltered(page).With(("range", null), ("base", null), ("order", "asc"), ("timebase", ParameterOf(timebase)),
            ("from", ClockText.Utc(time - seconds)), ("to", ClockText.Utc(time + 1 + seconds)));
    }

    /// <summary>The events with this value, in the same range and timebase.</summary>
    public static PageUrl Only(PageUrl page, string name, string value) => Unfiltered(page).With((name, value));

    // Null: the default.
    private static string? ParameterOf(Timebase timebase) => timebase == Timebase.Source ? "source" : null;

    private static PageUrl Unfiltered(PageUrl page)
        => List(page).Without(name => name == "page" || EventSelection.FilterNames.Contains(name) || name.StartsWith("payload.", StringComparison.Ordinal));
}
