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

/// <summary>The state of a view, written directly: its data, the checkpoint it starts from (null without one), its last event, and the updates after the checkpoint.</summary>
internal sealed class UiStateResponse(UiState state) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(httpContext.Response.BodyWriter, EventJsonWriter.Options);
        json.WriteStartObject();
        json.WritePropertyName("data"u8);
        state.WriteData(json);
        json.WriteString("checkpointId"u8, state.CheckpointId?.ToString());
        json.WriteString("lastEventId"u8, state.LastId?.ToString());
        json.WriteNumber("updatesApplied"u8, state.UpdatesApplied);
        json.WriteEndObject();
        await json.FlushAsync(httpContext.RequestAborted);
    }
}
