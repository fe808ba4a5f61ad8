using System.Text.Encodings.Web;
using System.Text.Json;

namespace SensorDash.Data.Events;

/// <summary>Events as JSON on the wire: what one endpoint gives, another takes.</summary>
public static class EventJsonWriter
{
    /// <summary>For every writer of events: never used inside HTML, so nothing but quotes and controls is escaped.</summary>
    public static JsonWriterOptions Options { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Writes one event as an object.</summary>
    public static void Write(Utf8JsonWriter json, LaneEvent laneEvent)
    {
        json.WriteStartObject();
        json.WriteString("lane"u8, laneEvent.Lane.Name());
        json.WriteString("eventId"u8, laneEvent.Id.ToString());
        json.WriteString("scopeId"u8, laneEvent.ScopeId);
        json.WriteString("sourceTruthTime"u8, laneEvent.SourceTruthTime);
        json.WriteString("canonicalTruthTime"u8, EventTime.Format(laneEvent.CanonicalTime));
        switch (laneEvent)
        {
            case RawEvent raw:
                json.WriteString("connectionId"u8, raw.ConnectionId);
                json.WriteNumber("sequence"u8, raw.Sequence);
                json.WriteBase64String("bytes"u8, raw.Content);
                break;
            case ParsedEvent parsed:
                json.WriteString("streamId"u8, parsed.StreamId);
                json.WriteString("streamType"u8, parsed.StreamType);
                json.WriteString("schemaVersion"u8, parsed.SchemaVersion);
                break;
            case UiEvent ui:
                json.WriteString("messageType"u8, ui.MessageType);
                json.WriteString("systemId"u8, ui.SystemId);
                json.WriteString("containerId"u8, ui.ContainerId);
                json.WriteString("uniqueId"u8, ui.UniqueId);
                json.WriteString("viewId"u8, ui.ViewId);
                json.WriteString("manifestId"u8, ui.ManifestId);
                json.WriteString("manifestVersion"u8, ui.ManifestVersion);
                break;
            case CommandEvent command:
                json.WriteString("messageType"u8, command.MessageType);
                json.WriteString("commandId"u8, command.CommandId);
                if (command.RequestId is { } request) json.WriteString("requestId"u8, request);
                json.WriteString("targetId"u8, command.TargetId);
                json.WriteString("commandType"u8, command.CommandType);
                json.WriteString("timelineMode"u8, command.TimelineMode);
                break;
            case MetadataEvent metadata:
                json.WriteString("messageType"u8, metadata.MessageType);
                if (metadata.EffectiveTime is { } effective) json.WriteString("effectiveTime"u8, EventTime.Format(effective));
                if (metadata.StreamId is { } stream) json.WriteString("streamId"u8, stream);
                if (metadata.ManifestId is { } manifest) json.WriteString("manifestId"u8, manifest);
                break;
        }
        if (laneEvent.Lane.HoldsJson())
        {
            json.WritePropertyName(laneEvent.Lane == Lane.Ui ? "data"u8 : "payload"u8);
            json.WriteRawValue(laneEvent.Content, skipInputValidation: true); // Canonical since it was taken in.
        }
        json.WriteEndObject();
    }
}
