using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SensorDash.Data.Events;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Events;

/// <summary>Events of all lanes in their order, filtered, page by page, with their counts over time.</summary>
internal sealed class EventsModel(IEventStore store, IEventCounts counts, TimeProvider clock) : PageModel
{
    // Beyond these the page says so instead: a rare value in a long range is looked for event by event.
    private static readonly TimeSpan _readLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan _countLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _newestLimit = TimeSpan.FromSeconds(2);

    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public long Now { get; private set; }
    public ViewRange Range { get; private set; } = null!;
    public EventSelection Choice { get; private set; } = null!;
    public bool IsTable { get; private set; }

    /// <summary>Null: it took too long, or what is asked for cannot be meant.</summary>
    public EventPage? Events { get; private set; }

    /// <summary>Null: it took too long.</summary>
    public EventChart? Chart { get; private set; }

    /// <summary>The newest event that the filter lets through, or else of all; looked for only when the range has none.</summary>
    public LaneEvent? Newest { get; private set; }

    /// <summary>Whether <see cref="Newest"/> passes the filter.</summary>
    public bool IsNewestOfFilter { get; private set; }

    /// <summary>Whether there is no event at all.</summary>
    public bool IsEmpty { get; private set; }

    /// <summary>A command that works as it stands, against the address this page was asked under.</summary>
    public string FirstEventCommand => $"curl {Request.Scheme}://{Request.Host}/api/events -H 'Content-Type: application/json' "
        + "-d '{\"lane\": \"parsed\", \"scopeId\": \"home\", \"sourceTruthTime\": \"'$(date -u +%Y-%m-%dT%H:%M:%SZ)'\", \"streamId\": \"door\", "
        + "\"streamType\": \"contact\", \"schemaVersion\": \"1\", \"payload\": {\"open\": true}}'";

    /// <summary>The next page, or null.</summary>
    public PageUrl? NextPage => Events?.Next is { } next ? View.CurrentUrl.With(("page", EventCursor.Format(next, Choice.Timebase))) : null;

    /// <summary>The page of one event, which knows the way back to this list.</summary>
    public PageUrl PageOf(LaneEvent laneEvent) => EventLinks.PageOf(View.CurrentUrl, laneEvent);

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        View = ViewSettings.Of(HttpContext);
        Now = clock.GetUtcNow().ToUnixTimeSeconds();
        Range = ViewRange.Read(Request.Query, View.Zone, Now);
        Choice = EventSelection.Read(Request.Query, Range);
        IsTable = Request.Query["view"] == "table";
        if (Choice.Errors.Count > 0) return;

        Events = await WithinAsync(_readLimit, token => store.ReadAsync(Choice.Query, token), cancellationToken);
        if (Events is null) return;
        if (Events.Events.Count == 0 && !Choice.IsBehindThePage)
        {
            await FindNewestAsync(cancellationToken);
            return;
        }
        var query = EventChart.QueryOf(Choice.Query);
        if (await WithinAsync(_countLimit, token => counts.CountAsync(query, token), cancellationToken) is { } counted) Chart = EventChart.Of(query, counted);
    }

    /// <summary>The counts as a file: machine numbers, times of the zone on screen.</summary>
    public async Task<IActionResult> OnGetCountsAsync(CancellationToken cancellationToken)
    {
        View = ViewSettings.Of(HttpContext);
        Range = ViewRange.Read(Request.Query, View.Zone, clock.GetUtcNow().ToUnixTimeSeconds());
        Choice = EventSelection.Read(Request.Query, Range);
        if (Choice.Errors.Count > 0) return BadRequest();
        var query = EventChart.QueryOf(Choice.Query);
        if (await WithinAsync(_readLimit, token => counts.CountAsync(query, token), cancellationToken) is not { } counted)
            return StatusCode(StatusCodes.Status504GatewayTimeout);
        return File(EventChart.Of(query, counted).ToCsv(View), "text/csv", FormattableString.Invariant($"sensordash_event_counts_{Range.From}_{Range.To}.csv"));
    }

    private async Task FindNewestAsync(CancellationToken cancellationToken)
    {
        var newest = await store.FindNewestAsync(EventFilter.All, Choice.Timebase, cancellationToken);
        IsEmpty = newest is null;
        if (IsEmpty) return;
        Newest = await WithinAsync(_newestLimit, token => store.FindNewestAsync(Choice.Query.Filter, Choice.Timebase, token), cancellationToken);
        IsNewestOfFilter = Newest is not null;
        Newest ??= newest;
    }

    private async Task<T?> WithinAsync<T>(TimeSpan limit, Func<CancellationToken, Task<T>> read, CancellationToken cancellationToken)
        where T : class?
    {
        using var late = new CancellationTokenSource(limit, clock);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await read(limited.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
