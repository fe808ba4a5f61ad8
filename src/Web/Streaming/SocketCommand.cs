using System.Buffers;
using System.Text.Json;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest;
using SensorDash.Data.Ingest.Parsing;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Streaming;

/// <summary>A command of a client: stored as a request in the command lane, from where all who watch it get it.</summary>
internal static class SocketCommand
{
    /// <summary>Stores the request and acknowledges it when it is durable. A requestId that the scope accepted before is acknowledged and not stored again.</summary>
    /// <exception cref="SocketMessageException">The command is invalid or refused; nothing is stored.</exception>
    /// <exception cref="StoreUnavailableException">It is unknown whether it is stored; sending it again is safe.</exception>
    public static async Task RunAsync(SocketMessage message, bool isReplaying, SocketSender sender, SocketServices services, CancellationToken cancellationToken)
    {
        if (isReplaying) throw new SocketMessageException(EventJsonParser.ReplayRefusal);
        var now = services.Clock.NowMicroseconds();
        if (new EventJsonParser(now, trustsProducerIds: false).Parse(EventOf(message, services.Events.ScopeId, now), out var command) is { } error)
            throw new SocketMessageException(error.Error);
        var submission = new Submission<LaneEvent>(new[] { command }, isWaitedFor: true);
        if (!services.Buffer.TryAdd(submission)) throw new SocketMessageException("the write buffer is full; retry");
        SubmissionResult result;
        try
        {
            result = await submission.Done.WaitAsync(services.Ingest.AckTimeout, services.Clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new SocketMessageException("the command is not committed yet; retry (it is stored once)");
        }
        if (result.Rejected is [var rejected, ..]) throw new SocketMessageException(rejected.Error);
        await sender.SendAsync("ack", json =>
        {
            json.WriteString("of"u8, "command");
            json.WriteString("requestId"u8, message.RequestId);
            json.WriteString("commandId"u8, ((CommandEvent)command).CommandId);
            json.WriteBoolean("alreadyAccepted"u8, result.Inserted == 0);
            if (result.Inserted > 0) json.WriteString("eventId"u8, command.Id.ToString());
        });
    }

    // As a producer would send it, so that the same rules apply.
    private static ReadOnlySpan<byte> EventOf(SocketMessage message, string defaultScope, long now)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, EventJsonWriter.Options))
        {
            json.WriteStartObject();
            json.WriteString("lane"u8, Lane.Command.Name());
            json.WriteString("messageType"u8, CommandEvent.Request);
            json.WriteString("scopeId"u8, message.Text("scopeId") ?? defaultScope);
            json.WriteString("sourceTruthTime"u8, EventTime.Format(now));
            json.WriteString("timelineMode"u8, message.Text("timelineMode") ?? CommandEvent.LiveMode);
            foreach (var name in (string[])["requestId", "commandId", "targetId", "commandType"])
                if (message.Text(name) is { } text) json.WriteString(name, text);
            if (message.Raw("payload") is { } payload)
            {
                json.WritePropertyName("payload"u8);
                json.WriteRawValue(payload, skipInputValidation: true);
            }
            json.WriteEndObject();
        }
        return buffer.WrittenSpan;
    }
}
