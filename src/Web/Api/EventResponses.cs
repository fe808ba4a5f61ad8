using System.Text.Json;
using System.Text.Json.Serialization;
using SensorDash.Data.Events;

namespace SensorDash.Web.Api;

/// <summary>A response with events, which are written directly, without a JSON tree.</summary>
internal sealed class EventsResponse(IReadOnlyList<LaneEvent> events, string? next) : IResult
{
    // The response is flushed at this size, because it may have many megabytes.
    private const int FlushBytes = 64 * 1024;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        var output = httpContext.Response.BodyWriter;
        await using var json = new Utf8JsonWriter(output, EventJsonWriter.Options);
        json.WriteStartObject();
        json.WriteStartArray("events"u8);
        var sent = 0L;
        foreach (var laneEvent in events)
        {
            EventJsonWriter.Write(json, laneEvent);
            if (json.BytesCommitted + json.BytesPending - sent < FlushBytes) continue;
            // Flushing the writer only passes the bytes to the pipe; flushing the pipe waits for a slow client.
            await json.FlushAsync(httpContext.RequestAborted);
            await output.FlushAsync(httpContext.RequestAborted);
            sent = json.BytesCommitted;
        }
        json.WriteEndArray();
        json.WriteNumber("count"u8, events.Count);
        json.WriteString("next"u8, next);
        json.WriteEndObject();
        await json.FlushAsync(httpContext.RequestAborted);
    }
}

/// <summary>A response with one event.</summary>
internal sealed class EventResponse(LaneEvent laneEvent) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(httpContext.Response.BodyWriter, EventJsonWriter.Options);
        EventJsonWriter.Write(json, laneEvent);
        await json.FlushAsync(httpContext.RequestAborted);
    }
}

/// <param name="AlreadyAccepted">Lines of command requests that are not stored because their scope accepted the same requestId before.</param>
/// <param name="Rejected">The first 100 rejected lines; rejectedCount counts all.</param>
internal sealed record EventIngestResponse(
    [property: JsonPropertyName("inserted")] long Inserted,
    [property: JsonPropertyName("duplicates")] long Duplicates,
    [property: JsonPropertyName("alreadyAccepted")] IReadOnlyList<long> AlreadyAccepted,
    [property: JsonPropertyName("rejected")] IReadOnlyList<RejectedResponse> Rejected,
    [property: JsonPropertyName("rejectedCount")] long RejectedCount);

/// <param name="CheckpointId">The checkpoint that the state starts from; null without one.</param>
/// <param name="LastEventId">The last event of the state.</param>
/// <param name="UpdatesApplied">Updates after the checkpoint.</param>
internal sealed record UiStateResponse(
    [property: JsonPropertyName("data")] System.Text.Json.Nodes.JsonObject Data,
    [property: JsonPropertyName("checkpointId")] string? CheckpointId,
    [property: JsonPropertyName("lastEventId")] string LastEventId,
    [property: JsonPropertyName("updatesApplied")] int UpdatesApplied);
