using System.Text.Json;
using System.Text.Json.Serialization;
using SensorDash.Data.Events;

namespace SensorDash.Web.Api;

/// <summary>Events as an answer, written as they are, without a tree in between.</summary>
internal sealed class EventsResponse(IReadOnlyList<LaneEvent> events, string? next) : IResult
{
    // What is written is sent so often; an answer may be many megabytes.
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
            // Flushing the writer only hands over to the pipe; flushing the pipe waits for a slow reader.
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

/// <summary>One event as an answer.</summary>
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

/// <param name="AlreadyAccepted">Lines of command requests whose requestId was accepted in their scope before; they are not stored.</param>
/// <param name="Rejected">The first 100; rejectedCount counts all.</param>
internal sealed record EventIngestResponse(
    [property: JsonPropertyName("inserted")] long Inserted,
    [property: JsonPropertyName("duplicates")] long Duplicates,
    [property: JsonPropertyName("alreadyAccepted")] IReadOnlyList<long> AlreadyAccepted,
    [property: JsonPropertyName("rejected")] IReadOnlyList<RejectedResponse> Rejected,
    [property: JsonPropertyName("rejectedCount")] long RejectedCount);

/// <param name="CheckpointId">The checkpoint that the state began with; null when there is none.</param>
/// <param name="LastEventId">The last event that went into it.</param>
/// <param name="UpdatesApplied">Updates behind the checkpoint.</param>
internal sealed record UiStateResponse(
    [property: JsonPropertyName("data")] System.Text.Json.Nodes.JsonObject Data,
    [property: JsonPropertyName("checkpointId")] string? CheckpointId,
    [property: JsonPropertyName("lastEventId")] string LastEventId,
    [property: JsonPropertyName("updatesApplied")] int UpdatesApplied);
