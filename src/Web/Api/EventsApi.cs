using EventId = SensorDash.Data.Events.EventId;
using Microsoft.Extensions.Options;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest;
using SensorDash.Data.Ingest.Parsing;
using SensorDash.Data.Storage;
using SensorDash.Web.Operations.Metrics;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>Ingest and queries of events.</summary>
internal static class EventsApi
{
    private static readonly WholeParameter _limit = new("limit", 1, EventQuery.MaxLimit, "Maximum number of events, all lanes together, 1 to 10000. Default 1000.", "100", 1000);
    private static readonly WholeParameter _metadataLimit = new("limit", 1, EventQuery.MaxLimit, "Maximum number of events, 1 to 10000. Default 10000.", "100", EventQuery.MaxLimit);
    private static readonly TextParameter _cursor = new("cursor", "Continue after an earlier page: its `next`.", "AQEEAAY");
    private static readonly TimeParameter _sourceTime = new("sourceTruthTime", "The source time of the event, which makes the search in a large store fast.");
    private static readonly TimeParameter _asOf = new("asOf", "The metadata in effect at this time. Default: now.");
    private static readonly TimeParameter _at = new("at", "The state at this time. Default: now.");
    private static readonly TextParameter _oneScope = new("scope", "Only events of this scope.", "payload1");
    private static readonly TextParameter _system = new("systemId", "Part of the view's identity; required.", "hardwareService");
    private static readonly TextParameter _container = new("containerId", "Part of the view's identity; required.", "node1");
    private static readonly TextParameter _unique = new("uniqueId", "Part of the view's identity; required.", "dev0");
    private static readonly TextParameter _view = new("viewId", "Part of the view's identity; required.", "status");

    public static void MapEvents(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/events").WithTags("Events");
        group.MapPost("", PostAsync).WithName("PostEvents").For(Need.Send).WithMetadata(ChecksRows.Instance).Produces<EventIngestResponse>()
            .WithSummary("Stores one event, an array or NDJSON, with any lanes; responds when all are durable")
            .WithBody("""
                {"lane": "parsed", "scopeId": "payload1", "sourceTruthTime": "2026-01-26T10:00:00Z", "streamId": "stream1", "streamType": "nav.pvt", "schemaVersion": "1.0", "payload": {"speed": 3}}
                """, "application/json", "application/x-ndjson");
        group.MapGet("", ListAsync).WithName("ListEvents").For(Need.Viewer).Produces(200, contentType: "application/json")
            .WithSummary("Events of all lanes in one order: time, lane, connection and sequence, id").WithQuery([.. EventParameters.All, _limit, _cursor]).WithRequestTimeout(EventReadLimit.Policy);
        group.MapGet("/{eventId}", FindAsync).WithName("FindEvent").For(Need.Viewer).Produces(200, contentType: "application/json").WithSummary("One event").WithQuery(_sourceTime)
            .WithRequestTimeout(EventReadLimit.Policy);
        group.MapGet("/metadata", MetadataAsync).WithName("EventMetadata").For(Need.Viewer).Produces(200, contentType: "application/json")
            .WithSummary("The metadata in effect at a time: the latest of each scope, stream or manifest, and type").WithQuery(_asOf, EventParameters.Scope, EventParameters.Timebase, _metadataLimit, _cursor)
            .WithRequestTimeout(EventReadLimit.Policy);
        group.MapGet("/ui-state", UiStateAsync).WithName("UiState").For(Need.Viewer).Produces(200, contentType: "application/json").ProducesProblem(422)
            .WithSummary("The state of a view at a time: its last checkpoint and the updates after it")
            .WithQuery(_at, _oneScope, _system, _container, _unique, _view, EventParameters.Timebase)
            .WithRequestTimeout(EventReadLimit.Policy);
    }

    private static async Task<IResult> PostAsync(
        HttpRequest request, WriteBuffer<LaneEvent> buffer, IOptions<IngestOptions> ingest, IOptions<EventOptions> events, HubMetrics metrics, RejectedRows rejections, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        if (IngestRequest.RejectEncoding(request) is { } encoding) return encoding;
        var parser = IngestRequest.ParserOf(request, new EventJsonParser(clock.NowMicroseconds(), events.Value.TrustProducerIds));
        if (parser is null) return IngestRequest.WrongMediaType();
        parser.OnRejected = IngestRequest.Counting(rejections, RejectedRows.Events, request.HttpContext);
        var work = new IngestRequest<LaneEvent>(parser, buffer, ingest.Value.AckTimeout, clock, isWaitedFor: true, batch => batch.WeightByBytes)
        {
            Refuse = KeyLimit.Of(request.HttpContext.User) is { } limit ? laneEvent => limit.FindRefusal(laneEvent) is { } refusal ? new RowError("scopeId", refusal) : null : null,
        };
        var end = await work.RunAsync(request.HttpContext.Response, cancellationToken);
        metrics.CountRejected(parser.RejectedCount - work.RejectedByStore, isReading: false);
        var response = new EventIngestResponse(work.Inserted, work.Duplicates, work.AlreadyAccepted,
            [.. parser.Rejected.Select(r => new RejectedResponse(r.Line, r.Field, r.Error))], parser.RejectedCount);
        KeyValuePair<string, object?>[] soFar = [
            new("inserted", response.Inserted), new("duplicates", response.Duplicates), new("alreadyAccepted", response.AlreadyAccepted),
            new("rejected", response.Rejected), new("rejectedCount", response.RejectedCount)];
        return end switch
        {
            IngestEnd.BufferFull => Problems.Create(429, "the write buffer is full; retry", soFar),
            IngestEnd.Unavailable => Problems.Create(503, "not all rows are committed; retry (duplicates are ignored)", soFar),
            IngestEnd.TooLarge => Problems.Create(413, $"the body must be at most {ingest.Value.MaxBodyMiB} MiB; earlier rows are kept", soFar),
            IngestEnd.TooCompressed => Problems.Create(413, $"{CompressionRatioException.Rule}; earlier rows are kept", soFar),
            IngestEnd.TooManyRejections => Problems.Create(400, IngestRequest.TooManyRejections(parser), soFar),
            IngestEnd.Broken => Problems.Create(400, "the body is truncated or corrupt; earlier rows are kept", soFar),
            _ when work.Accepted == 0 => Problems.Create(400, NoValidEvent(response.Rejected), soFar),
            _ => TypedResults.Ok(response),
        };
    }

    private static string NoValidEvent(IReadOnlyList<RejectedResponse> rejected) => rejected switch
    {
        [] => "the body has no events",
        [var only] => only.Error,
        [var first, ..] => $"no valid event; line {first.Line}: {first.Error}",
    };

    private static async Task<IResult> ListAsync(HttpRequest request, IEventStore store, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var query = EventParameters.Read(reader) with { Limit = (int)_limit.Read(reader)! };
        if (reader.Text(_cursor.Name) is { } cursor)
        {
            if (EventCursor.TryParse(cursor, query.Timebase, out var after) is { } error) reader.Error(_cursor.Name, error);
            else query = query with { After = after };
        }
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        var page = await store.ReadAsync(query, cancellationToken);
        return new EventsResponse(page.Events, page.Next is { } next ? EventCursor.Format(next, query.Timebase) : null);
    }

    private static async Task<IResult> FindAsync(string eventId, HttpRequest request, IEventStore store, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var sourceTime = _sourceTime.Read(reader);
        if (!EventId.TryParse(eventId, out var id)) reader.Error("eventId", $"must be {EventId.HexLength} lowercase hexadecimal digits, not '{OutsideText.Shown(eventId)}'");
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        return await store.FindAsync(id, sourceTime, cancellationToken) is { } found ? new EventResponse(found) : Problems.NotFound($"event {eventId} not found");
    }

    private static async Task<IResult> MetadataAsync(HttpRequest request, IEventStore store, TimeProvider clock, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var (asOf, timebase, limit) = (_asOf.Read(reader), EventParameters.Timebase.Read(reader), (int)_metadataLimit.Read(reader)!);
        var scopes = reader.List(EventParameters.Scope.Name);
        MetadataKey? after = null;
        if (reader.Text(_cursor.Name) is { } cursor)
        {
            if (MetadataCursor.TryParse(cursor, out var last, out var time)) (after, asOf) = (last, time);
            else reader.Error(_cursor.Name, "is not a valid cursor; pass `next` unchanged");
        }
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        var at = asOf ?? await store.ReadNowAsync(clock, cancellationToken);
        var page = await new MetadataQuery(scopes, at, timebase, after, limit).ReadAsync(store, cancellationToken);
        return new EventsResponse(page.Events, page.Next is { } next ? MetadataCursor.Format(next, at) : null);
    }

    private static async Task<IResult> UiStateAsync(HttpRequest request, IEventStore store, TimeProvider clock, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var (given, timebase) = (_at.Read(reader), EventParameters.Timebase.Read(reader));
        var view = new UiView(reader.Text(_oneScope.Name), Required(reader, _system), Required(reader, _container), Required(reader, _unique), Required(reader, _view));
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        var at = given ?? await store.ReadNowAsync(clock, cancellationToken);
        try
        {
            return await store.ReadUiStateAsync(view, at, timebase, cancellationToken) is { } state
                ? new UiStateResponse(state) : Problems.NotFound("no events of this view up to this time");
        }
        catch (UiStateTooLargeException)
        {
            return Problems.Create(StatusCodes.Status422UnprocessableEntity,
                $"the state must be at most {UiState.MaxBytes >> 20} MiB and {UiState.MaxKeys} keys; read the events of this view with /api/events?lanes=ui");
        }
    }

    private static string Required(QueryReader reader, TextParameter parameter)
    {
        if (reader.Text(parameter.Name) is { } text) return text;
        reader.Error(parameter.Name, "is required");
        return "";
    }
}
