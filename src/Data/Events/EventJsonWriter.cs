using System.Text.Encodings.Web;
using System.Text.Json;

namespace SensorDash.Data.Events;

/// <summary>Events as JSON in the API; ingestion accepts what queries return.</summary>
public static class EventJsonWriter
{
    /// <summary>For all writers of events: never used inside HTML, so only quotes and control characters are escaped.</summary>
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
        var table = LaneTable.Of(laneEvent.Lane);
        foreach (var column in table.Own) Write(json, column, laneEvent);
        json.WritePropertyName(table.JsonContent);
        if (laneEvent.Lane.HoldsJson()) json.WriteRawValue(laneEvent.Content, skipInputValidation: true); // Canonical since ingestion.
        else json.WriteBase64StringValue(laneEvent.Content);
        json.WriteEndObject();
    }

    // Absent fields are omitted.
    private static void Write(Utf8JsonWriter json, LaneColumn column, LaneEvent laneEvent)
    {
        switch (column)
        {
            case TextColumn text when text.Get(laneEvent) is { } value:
                json.WriteString(column.JsonName, value);
                break;
            case WholeColumn whole:
                json.WriteNumber(column.JsonName, whole.Get(laneEvent));
                break;
            case TimeColumn time when time.Get(laneEvent) is { } value:
                json.WriteString(column.JsonName, EventTime.Format(value));
                break;
        }
    }
}
