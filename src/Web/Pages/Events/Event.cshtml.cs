using EventId = SensorDash.Data.Events.EventId;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SensorDash.Data.Events;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Pages.Events;

/// <summary>The page of one event.</summary>
[RequestTimeout(EventReadLimit.Policy)]
[Need(Need.Viewer)]
internal sealed class EventModel(IEventStore store, TimeProvider clock) : PageModel
{
    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public long Now { get; private set; }
    public EventDetails Details { get; private set; } = null!;

    public async Task<IActionResult> OnGetAsync(string id, CancellationToken cancellationToken)
    {
        View = ViewSettings.Of(HttpContext);
        Now = clock.GetUtcNow().ToUnixTimeSeconds();
        var timebase = Request.Query["timebase"] == "source" ? Timebase.Source : Timebase.Canonical;
        if (!EventId.TryParse(id, out var eventId)) return NotFound();
        long? time = EventTime.TryParse(Request.Query[EventLinks.TimeParameter].ToString(), out var given) ? given : null;
        if (await store.FindAsync(eventId, time, cancellationToken) is not { } found) return NotFound();
        Details = new(found, timebase, View);
        return Page();
    }
}
