using EventId = SensorDash.Data.Events.EventId;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SensorDash.Data.Events;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Security;

namespace SensorDash.Web.Pages.Events;

/// <summary>Events of all lanes in time order, filtered and paged, with their counts over time.</summary>
[Need(Need.Viewer)]
internal sealed class EventsModel(IEventStore store, IEventCounts counts, TimeProvider clock) : PageModel
{
    // After these the page says that it timed out: a search for a rare value in a long range reads every event.
    private static readonly TimeSpan _readLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan _countLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _latestLimit = TimeSpan.FromSeconds(2);

    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public long Now { get; private set; }
    public ViewRange Range { get; private set; } = null!;
    public EventSelection Selection { get; private set; } = null!;
    public bool IsTable { get; private set; }

    /// <summary>Null when the search timed out or the filters are invalid.</summary>
    public EventPage? Events { get; private set; }

    /// <summary>Null when counting timed out.</summary>
    public EventChart? Chart { get; private set; }

    /// <summary>The latest event that matches the filter, otherwise the latest of all. Only set when the range has no events.</summary>
    public LaneEvent? Latest { get; private set; }

    /// <summary>Whether <see cref="Latest"/> matches the filter.</summary>
    public bool LatestMatchesFilter { get; private set; }

    /// <summary>The event that is open in the side; null: none.</summary>
    public EventDetails? Opened { get; private set; }

    /// <summary>Whether the store has no events.</summary>
    public bool IsEmpty { get; private set; }

    /// <summary>A command that works unchanged, with the host name of this request.</summary>
    public string FirstEventCommand => $"curl {Request.Scheme}://{Request.Host}/api/events -H 'Content-Type: application/json' "
        + "-d '{\"lane\": \"parsed\", \"scopeId\": \"home\", \"sourceTruthTime\": \"'$(date -u +%Y-%m-%dT%H:%M:%SZ)'\", \"streamId\": \"door\", "
        + "\"streamType\": \"contact\", \"schemaVersion\": \"1\", \"payload\": {\"open\": true}}'";

    /// <summary>The next page, or null.</summary>
    public PageUrl? NextPage => Events?.Next is { } next ? View.CurrentUrl.With(("page", EventCursor.Format(next, Selection.Timebase))) : null;

    /// <summary>The page of one event. Its URL keeps the parameters of this list.</summary>
    public PageUrl PageOf(LaneEvent laneEvent) => EventLinks.PageOf(View.CurrentUrl, laneEvent);

    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        var search = EventSearch.Read(Request);
        if (search?.Target is { } target) return LocalRedirect(target.ToString());
        View = ViewSettings.Of(HttpContext);
        Now = clock.GetUtcNow().ToUnixTimeSeconds();
        Range = ViewRange.Read(Request.Query, View.Zone, Now);
        Selection = EventSelection.Read(Request.Query, Range, search);
        IsTable = Request.Query["view"] == "table";
        if (Selection.Errors.Count > 0) return Page();

        Events = await clock.WithinAsync(_readLimit, token => store.ReadAsync(Selection.Query, token), cancellationToken);
        if (Events is null) return Page();
        if (Events.Events.Count == 0 && !Selection.IsLaterPage)
        {
            await FindLatestAsync(cancellationToken);
            return Page();
        }
        Opened = await FindOpenedAsync(cancellationToken);
        var query = EventChart.QueryOf(Selection.Query);
        if (await clock.WithinAsync(_countLimit, token => counts.CountAsync(query, token), cancellationToken) is { } found) Chart = EventChart.Of(query, found);
        return Page();
    }

    /// <summary>The files of a table. A range that ends now includes this second, as on the page.</summary>
    public TableLinks Files(string table) => TableFiles.Of(table, View, Request, Range.IsRolling ? Range with { To = Range.To + 1 } : Range);

    /// <summary>The list or the counts as a file, with times in the page's time zone.</summary>
    public async Task<IActionResult> OnGetTableAsync(string? table, string? format, CancellationToken cancellationToken)
    {
        if (table is not ("list" or "counts")) return NotFound();
        View = ViewSettings.Of(HttpContext);
        Range = ViewRange.Read(Request.Query, View.Zone, clock.GetUtcNow().ToUnixTimeSeconds());
        Selection = EventSelection.Read(Request.Query, Range);
        if (Selection.Errors.Count > 0) return BadRequest();
        var name = FormattableString.Invariant($"sensordash_event_{table}_{Range.From}_{Range.To}.csv");
        if (table == "list")
            return await clock.WithinAsync(_readLimit, token => store.ReadAsync(Selection.Query, token), cancellationToken) is { } page
                ? TableFiles.Send(EventText.ToTable(page.Events, View), format, name) : StatusCode(StatusCodes.Status504GatewayTimeout);
        var query = EventChart.QueryOf(Selection.Query);
        return await clock.WithinAsync(_readLimit, token => counts.CountAsync(query, token), cancellationToken) is { } found
            ? TableFiles.Send(EventChart.Of(query, found).ToTable(View), format, name) : StatusCode(StatusCodes.Status504GatewayTimeout);
    }

    private async Task<EventDetails?> FindOpenedAsync(CancellationToken cancellationToken)
    {
        if (!EventId.TryParse(Request.Query[EventLinks.OpenParameter].ToString(), out var id)) return null;
        long? time = EventTime.TryParse(Request.Query[EventLinks.TimeParameter].ToString(), out var given) ? given : null;
        var found = await clock.WithinAsync(_latestLimit, token => store.FindAsync(id, time, token), cancellationToken);
        return found is null ? null : new(found, Selection.Timebase, View);
    }

    private async Task FindLatestAsync(CancellationToken cancellationToken)
    {
        var latest = await store.FindNewestAsync(EventFilter.All, Selection.Timebase, cancellationToken);
        IsEmpty = latest is null;
        if (IsEmpty) return;
        Latest = await clock.WithinAsync(_latestLimit, token => store.FindNewestAsync(Selection.Query.Filter, Selection.Timebase, token), cancellationToken);
        LatestMatchesFilter = Latest is not null;
        Latest ??= latest;
    }
}
