using SensorDash.Data.Events;
using SensorDash.Web.Pages.Display;
using EventId = SensorDash.Data.Events.EventId;

namespace SensorDash.Web.Pages.Events;

/// <summary>One event with all its fields and its content, on its own page or in the side of a list.</summary>
/// <param name="Timebase">That of the list.</param>
internal sealed record EventDetails(LaneEvent Event, Timebase Timebase, ViewSettings View)
{
    /// <summary>Maximum number of bytes of a frame that a page shows.</summary>
    public const int MaxBytes = 4_096;

    public EventId ComputedId { get; } = Event.ComputeId();

    public bool IsIntact => ComputedId == Event.Id;

    /// <summary>Its type, as a title.</summary>
    public string Title => Event is RawEvent ? "Raw frame" : EventText.Type(Event);

    /// <summary>The API URL of the event.</summary>
    public string JsonPath => $"/api/events/{Event.Id}?sourceTruthTime={EventTime.Format(Event.SourceTime)}";

    /// <summary>Fields that a list can be filtered by.</summary>
    public IEnumerable<(string Name, string Value)> FilterFields
    {
        get
        {
            yield return ("scope", Event.ScopeId);
            foreach (var eventField in EventFields.All)
                if (Event.ValueOf(eventField) is { } value) yield return (eventField.Name(), value);
        }
    }

    /// <summary>The remaining fields.</summary>
    public IEnumerable<(string Name, string Value)> OtherFields => EventFields.Others(Event);

    public JsonTree Tree => JsonTree.Of(Event);
}
