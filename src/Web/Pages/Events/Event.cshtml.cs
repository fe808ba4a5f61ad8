using System.Text.Json;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SensorDash.Data.Events;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Requests;
using EventId = SensorDash.Data.Events.EventId;

namespace SensorDash.Web.Pages.Events;

/// <summary>One event with all its fields and its content.</summary>
[RequestTimeout(EventReadLimit.Policy)]
internal sealed class EventModel(IEventStore store, TimeProvider clock) : PageModel
{
    /// <summary>Maximum number of bytes of a frame that the page shows.</summary>
    public const int MaxBytes = 4_096;

    // The depth that ingest accepts.
    private static readonly JsonDocumentOptions _deep = new() { MaxDepth = 128 };

    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public long Now { get; private set; }
    public LaneEvent Event { get; private set; } = null!;
    public EventId ComputedId { get; private set; }
    public Timebase Timebase { get; private set; }
    public bool IsIntact => ComputedId == Event.Id;

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

    public JsonTree Tree
    {
        get
        {
            using var document = JsonDocument.Parse(Event.Content, _deep);
            return new(document.RootElement.Clone());
        }
    }

    public async Task<IActionResult> OnGetAsync(string id, CancellationToken cancellationToken)
    {
        View = ViewSettings.Of(HttpContext);
        Now = clock.GetUtcNow().ToUnixTimeSeconds();
        Timebase = Request.Query["timebase"] == "source" ? Timebase.Source : Timebase.Canonical;
        if (!EventId.TryParse(id, out var eventId)) return NotFound();
        long? time = EventTime.TryParse(Request.Query[EventLinks.TimeParameter].ToString(), out var given) ? given : null;
        if (await store.FindAsync(eventId, time, cancellationToken) is not { } found) return NotFound();
        Event = found;
        ComputedId = found.ComputeId();
        return Page();
    }
}
