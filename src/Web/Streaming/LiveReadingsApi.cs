using System.Text.Json;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Streaming;
using SensorDash.Web.Api;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Streaming;

/// <summary>Readings as they are committed, as server-sent events.</summary>
internal static class LiveReadingsApi
{
    private static readonly NodesParameter _nodes = new("Only these nodes, comma-separated. Default: all, also those that appear later.");
    private static readonly WholeParameter _zone = new("zone_id", 1, int.MaxValue, "Only the nodes of this zone, as it is when the stream starts.", "1");

    public static void MapLiveReadings(this IEndpointRouteBuilder routes)
        => routes.MapGet("/api/sensor-data/live", ReadAsync).WithTags("Readings").WithName("LiveReadings").For(Need.Viewer).Produces<string>(200, "text/event-stream")
            .WithSummary("Readings as they are committed, as server-sent events: readings, caughtUp, reset")
            .WithQuery(StreamParameters.After, _nodes, _zone);

    private static async Task<IResult> ReadAsync(
        HttpRequest request, INodeStore nodes, NodeDirectory directory, ZoneDirectory zones, LiveReadings live, StreamLimit limit, IHostApplicationLifetime lifetime,
        CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var after = StreamParameters.ReadAfter(reader, request);
        var wanted = (await _nodes.ReadAsync(reader, nodes, cancellationToken))?.Select(n => n.Address).ToHashSet();
        if ((int?)_zone.Read(reader) is { } zone && !reader.HasErrors)
        {
            if (await zones.FindAsync(zone, cancellationToken) is null) reader.Error(_zone.Name, $"must be an existing zone, not {zone}");
            var inZone = await directory.ListAddressesAsync(zone, cancellationToken);
            if (wanted is null) wanted = [.. inZone];
            else wanted.IntersectWith(inZone);
        }
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        return new ServerSentEvents(limit, lifetime, (writer, token) => WriteAsync(writer, live.ReadAsync(after, address => wanted is null || wanted.Contains(address), token), token));
    }

    private static async Task WriteAsync(SseWriter writer, IAsyncEnumerable<ReadingItem> items, CancellationToken cancellationToken)
    {
        var epoch = "";
        await foreach (var item in items.WithCancellation(cancellationToken))
        {
            switch (item)
            {
                case ReadingsStarted started:
                    epoch = started.Epoch;
                    break;
                case ReadingsChunk chunk:
                    await writer.SendAsync("readings", new StreamToken(epoch, chunk.Batch).ToString(), json => Write(json, chunk), cancellationToken);
                    break;
                case ReadingsCaughtUp caughtUp:
                    await writer.SendAsync("caughtUp", new StreamToken(epoch, caughtUp.Batch).ToString(), json => json.WriteNumber("batch"u8, caughtUp.Batch), cancellationToken);
                    break;
                case ReadingsReset reset:
                    epoch = reset.Epoch;
                    await writer.SendAsync("reset", new StreamToken(epoch, reset.Newest).ToString(), json =>
                    {
                        json.WriteString("epoch"u8, reset.Epoch);
                        json.WriteNumber("oldest"u8, reset.Oldest);
                        json.WriteNumber("newest"u8, reset.Newest);
                    }, cancellationToken);
                    break;
            }
        }
    }

    private static void Write(Utf8JsonWriter json, ReadingsChunk chunk)
    {
        json.WriteStartArray("readings"u8);
        foreach (var reading in chunk.Readings) Write(json, reading);
        json.WriteEndArray();
        if (chunk.RemovedNodes.Count > 0)
        {
            json.WriteStartArray("removed_nodes"u8);
            foreach (var removal in chunk.RemovedNodes)
            {
                json.WriteStartObject();
                json.WriteNumber("node_address"u8, removal.Node);
                if (removal.Before is { } before) json.WriteNumber("before"u8, before);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        if (chunk.RemovedBefore is { } oldest) json.WriteNumber("removed_before"u8, oldest);
        json.WriteNumber("prev"u8, chunk.Prev);
        json.WriteNumber("batch"u8, chunk.Batch);
    }

    // The names of ReadingResponse, without what a watcher does not need.
    private static void Write(Utf8JsonWriter json, in Reading reading)
    {
        json.WriteStartObject();
        json.WriteNumber("node_address"u8, reading.NodeAddress);
        json.WriteNumber("timestamp"u8, reading.Timestamp);
        if (reading.TemperatureCentidegrees is { } celsius) json.WriteNumber("temperature_celsius"u8, celsius / 100m);
        if (reading.HumidityCentipercent is { } percent) json.WriteNumber("humidity_percent"u8, percent / 100m);
        json.WriteNumber("flags"u8, reading.Flags);
        json.WriteNumber("received_at"u8, reading.ReceivedAt);
        json.WriteEndObject();
    }
}
