using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using SensorDash.Data.Ingest;
using SensorDash.Data.Ingest.Parsing;
using SensorDash.Data.Readings;
using SensorDash.Web.Operations.Metrics;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>Ingest of readings: JSON, NDJSON and line protocol.</summary>
internal static class IngestApi
{
    private static readonly ChoiceParameter<bool> _ack = new("ack", "durable: respond after the commit; buffered: respond immediately with 202, the default with Ingest:Durability SdSaver",
        ("durable", true), ("buffered", false));

    private static readonly ChoiceParameter<TimePrecision> _precision = new("precision", "Unit of timestamps",
        ("ns", TimePrecision.Nanoseconds), ("us", TimePrecision.Microseconds), ("ms", TimePrecision.Milliseconds), ("s", TimePrecision.Seconds),
        ("n", TimePrecision.Nanoseconds), ("u", TimePrecision.Microseconds)); // InfluxDB 1 uses the last two.

    // InfluxDB's clients send them; SensorDash has one database and no login.
    private static readonly TextParameter[] _ofInfluxDb = [.. ((string[])["db", "rp", "consistency", "u", "p", "org", "orgID", "bucket"])
        .Select(name => new TextParameter(name, "Accepted for clients of InfluxDB, and ignored.", "x"))];

    public static void MapIngest(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/sensor-data", PostReadingsAsync).WithTags("Ingest").WithName("PostReadings").For(Need.SendReadings).WithMetadata(ChecksRows.Instance).Produces<IngestResponse>().Produces<BufferedResponse>(202)
            .WithSummary("Stores one reading, an array or NDJSON; responds when all are durable").WithQuery(_ack)
            .WithBody("""{"node_address": 12, "timestamp": 1767225600, "temperature_celsius": 21.5, "humidity_percent": 40.2}""",
                "application/json", "application/x-ndjson");
        foreach (var path in (string[])["/write", "/api/v2/write"])
        {
            routes.MapPost(path, PostLinesAsync).WithTags("Ingest").WithName(path == "/write" ? "WriteLines" : "WriteLinesV2").For(Need.SendReadings).WithMetadata(ChecksRows.Instance).Produces(204)
                .WithSummary("Stores InfluxDB line protocol: tag node; fields temp or temperature, hum or humidity").WithQuery([_precision, .. _ofInfluxDb])
                .WithBody("climate,node=12 temp=21.5,hum=40.2 1767225600000000000", "text/plain");
        }
    }

    private static async Task<IResult> PostReadingsAsync(
        HttpRequest request, WriteBuffer<Reading> buffer, IOptions<IngestOptions> options, HubMetrics metrics, RejectedRows rejections, TimeProvider clock, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request);
        var isWaitedFor = _ack.Read(query, absent: !options.Value.GathersReadings);
        if (query.HasErrors) return Problems.Invalid(query.Errors);
        if (IngestRequest.RejectEncoding(request) is { } encoding) return encoding;
        var parser = IngestRequest.ParserOf(request, new ReadingJsonParser(clock.GetUtcNow().ToUnixTimeSeconds()));
        if (parser is null) return IngestRequest.WrongMediaType();
        parser.OnRejected = IngestRequest.Counting(rejections, RejectedRows.Readings, request.HttpContext);
        var ingest = new IngestRequest<Reading>(parser, buffer, options.Value.ReadingAckTimeout, clock, isWaitedFor) { Refuse = RefusalOf(request.HttpContext) };
        var end = await ingest.RunAsync(request.HttpContext.Response, cancellationToken);
        metrics.CountRejected(parser.RejectedCount - ingest.RejectedByStore, isReading: true);
        KeyValuePair<string, object?>[] soFar = [
            new("inserted", ingest.Inserted), new("duplicates", ingest.Duplicates),
            new("rejected", Listed(parser)), new("rejected_count", parser.RejectedCount)];
        return end switch
        {
            IngestEnd.BufferFull => Problems.Create(429, "the write buffer is full; retry", soFar),
            IngestEnd.Unavailable => Problems.Create(503, "not all rows are committed; retry (duplicates are ignored)", soFar),
            IngestEnd.TooLarge => Problems.Create(413, $"the body must be at most {options.Value.MaxBodyMiB} MiB; earlier rows are kept", soFar),
            IngestEnd.TooCompressed => Problems.Create(413, $"{CompressionRatioException.Rule}; earlier rows are kept", soFar),
            IngestEnd.TooManyRejections => Problems.Create(400, IngestRequest.TooManyRejections(parser), soFar),
            IngestEnd.Broken => Problems.Create(400, "the body is truncated or corrupt; earlier rows are kept", soFar),
            _ when ingest.Accepted == 0 => Problems.Create(400, NoValidReading(parser), soFar),
            _ when !isWaitedFor => TypedResults.Accepted((string?)null, new BufferedResponse(ingest.Accepted, Listed(parser), parser.RejectedCount)),
            _ => TypedResults.Ok(new IngestResponse(ingest.Inserted, ingest.Duplicates, Listed(parser), parser.RejectedCount)),
        };
    }

    private static async Task<IResult> PostLinesAsync(
        HttpContext context, WriteBuffer<Reading> buffer, IOptions<IngestOptions> options, HubMetrics metrics, RejectedRows rejections, TimeProvider clock, CancellationToken cancellationToken)
    {
        var query = new QueryReader(context.Request);
        var precision = _precision.Read(query);
        if (query.HasErrors) return Line(400, "invalid", string.Join("; ", query.Errors.Select(f => $"{f.Key} {f.Value[0]}")), null);
        if (IngestRequest.RejectEncoding(context.Request) is not null) return Line(415, "unsupported media type", "the Content-Encoding must be gzip or absent", null);
        var parser = new LineProtocolParser(IngestRequest.BodyOf(context.Request), precision, clock.GetUtcNow().ToUnixTimeSeconds());
        parser.OnRejected = IngestRequest.Counting(rejections, RejectedRows.Readings, context);
        var ingest = new IngestRequest<Reading>(parser, buffer, options.Value.ReadingAckTimeout, clock, isWaitedFor: !options.Value.GathersReadings) { Refuse = RefusalOf(context) };
        var end = await ingest.RunAsync(context.Response, cancellationToken);
        metrics.CountRejected(parser.RejectedCount - ingest.RejectedByStore, isReading: true);
        switch (end)
        {
            case IngestEnd.BufferFull:
                context.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
                return Line(429, "too many requests", "the write buffer is full; retry", null);
            case IngestEnd.Unavailable:
                context.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
                return Line(503, "unavailable", "not all rows are committed; retry (duplicates are ignored)", null);
            case IngestEnd.TooLarge:
                return Line(413, "request too large", $"the body must be at most {options.Value.MaxBodyMiB} MiB; earlier rows are kept", null);
            case IngestEnd.TooCompressed:
                return Line(413, "request too large", $"{CompressionRatioException.Rule}; earlier rows are kept", null);
            case IngestEnd.TooManyRejections:
                return Line(400, "invalid", IngestRequest.TooManyRejections(parser), parser.Rejected[0].Line);
            case IngestEnd.Broken:
                return Line(400, "invalid", "the body is truncated or corrupt; earlier rows are kept", null);
        }
        if (parser.RejectedCount == 0) return TypedResults.NoContent();
        var first = parser.Rejected[0];
        return Line(400, "invalid", $"line {first.Line}: {first.Error}; {parser.RejectedCount} lines rejected, {ingest.Accepted} kept", first.Line);
    }

    private static Func<Reading, RowError?>? RefusalOf(HttpContext context)
        => KeyLimit.Of(context.User) is { } limit ? reading => limit.FindRefusal(reading) is { } refusal ? new RowError("node_address", refusal) : null : null;

    private static JsonHttpResult<LineProblem> Line(int status, string code, string message, long? line)
        => TypedResults.Json(new LineProblem(code, message, line), statusCode: status);

    private static IReadOnlyList<RejectedResponse> Listed(BodyParser<Reading> parser)
        => [.. parser.Rejected.Select(r => new RejectedResponse(r.Line, r.Field, r.Error))];

    private static string NoValidReading(BodyParser<Reading> parser) => parser.Rejected switch
    {
        [] => "the body has no readings",
        [var only] => only.Error,
        [var first, ..] => $"no valid reading; line {first.Line}: {first.Error}",
    };
}

/// <summary>A line or array element that was not stored. Lines count from 1.</summary>
internal sealed record RejectedResponse(long Line, string? Field, string Error);

/// <param name="Rejected">The first 100 rejected lines; rejected_count counts all.</param>
internal sealed record IngestResponse(long Inserted, long Duplicates, IReadOnlyList<RejectedResponse> Rejected, long RejectedCount);

/// <param name="Accepted">Queued readings; a killed process loses them.</param>
internal sealed record BufferedResponse(long Accepted, IReadOnlyList<RejectedResponse> Rejected, long RejectedCount);

/// <summary>An error in the format of InfluxDB 2.</summary>
internal sealed record LineProblem(string Code, string Message, long? Line);
