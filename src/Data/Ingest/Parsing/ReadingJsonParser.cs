using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using SensorDash.Data.Events.Canonical;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Ingest.Parsing;

/// <summary>The JSON object of one reading. Unknown fields are ignored.</summary>
/// <param name="now">The server's clock in Unix seconds: the default of received_at and the limit of timestamps.</param>
public sealed class ReadingJsonParser(long now) : IJsonRow<Reading>
{
    // The value and the depth of an ignored field do not matter.
    private static readonly JsonReaderOptions _options = new() { MaxDepth = ReadingFields.MaxTextLength };

    /// <inheritdoc/>
    public int MaxLength => ReadingFields.MaxTextLength;

    /// <inheritdoc/>
    public RowError? Parse(ReadOnlySpan<byte> json, out Reading row)
    {
        row = default;
        var fields = default(ReadingFields);
        var reader = new Utf8JsonReader(json, _options);
        reader.Read();
        var fault = ParseMembers(ref reader, ref fields);
        if (fault is null)
        {
            reader.Read(); // Rejects anything after the object.
            fault = fields.Validate(now, out row);
        }
        return fault is { } found && (fields.NodeAddress ?? FindNode(json)) is { } node ? found with { Sender = Reading.SenderOf(node) } : fault;
    }

    // It may follow the member at fault, and the rest may be malformed.
    private static long? FindNode(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, _options);
        long? node = null;
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (!reader.ValueIsEscaped && reader.ValueTextEquals("node_address"u8)) return Whole(ref reader, "node_address", ref node) is null ? node : null;
                reader.Read();
                reader.Skip();
            }
        }
        catch (JsonException)
        {
            // The fault that was found first is told.
        }
        return null;
    }

    private static RowError? ParseMembers(ref Utf8JsonReader reader, ref ReadingFields fields)
    {
        if (reader.TokenType != JsonTokenType.StartObject) return new(null, "a reading must be a JSON object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueIsEscaped && JsonEscapes.HasUnpairedSurrogate(reader.ValueSpan)) return new(null, "a field name contains an unpaired surrogate");
            if (ParseMember(ref reader, ref fields) is { } fault) return fault;
        }
        return null;
    }

    private static RowError? ParseMember(ref Utf8JsonReader reader, ref ReadingFields fields)
    {
        if (reader.ValueTextEquals("node_address"u8)) return Whole(ref reader, "node_address", ref fields.NodeAddress);
        if (reader.ValueTextEquals("timestamp"u8)) return Whole(ref reader, "timestamp", ref fields.Timestamp);
        if (reader.ValueTextEquals("temperature_centidegrees"u8))
            return Whole(ref reader, "temperature_centidegrees", ref fields.TemperatureCentidegrees);
        if (reader.ValueTextEquals("humidity_centipercent"u8))
            return Whole(ref reader, "humidity_centipercent", ref fields.HumidityCentipercent);
        if (reader.ValueTextEquals("flags"u8)) return Whole(ref reader, "flags", ref fields.Flags);
        if (reader.ValueTextEquals("received_at"u8)) return Whole(ref reader, "received_at", ref fields.ReceivedAt);
        if (reader.ValueTextEquals("device_id"u8)) return DeviceId(ref reader, ref fields.DeviceId);
        if (reader.ValueTextEquals("temperature_celsius"u8))
            return Decimal(ref reader, "temperature_celsius", ref fields.TemperatureCentidegrees);
        if (reader.ValueTextEquals("humidity_percent"u8))
            return Decimal(ref reader, "humidity_percent", ref fields.HumidityCentipercent);
        reader.Skip();
        return null;
    }

    private static RowError? Whole(ref Utf8JsonReader reader, string field, ref long? value)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return null;
        if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var given))
            return new(field, $"{field} must be a whole number");
        return Set(field, given, ref value);
    }

    private static RowError? Decimal(ref Utf8JsonReader reader, string field, ref long? value)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return null;
        if (reader.TokenType != JsonTokenType.Number) return new(field, $"{field} must be a number");
        return Hundredths.TryParse(reader.ValueSpan, out var given) && given is { } hundredths
            ? Set(field, hundredths, ref value) : new(field, $"{field} is out of range");
    }

    private static RowError? DeviceId(ref Utf8JsonReader reader, ref ulong? value)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return null;
        // A string, because JavaScript numbers do not have 64 bits; a whole number is accepted too.
        var valid = reader.TokenType switch
        {
            JsonTokenType.String => ulong.TryParse(TextOf(ref reader), NumberStyles.None, CultureInfo.InvariantCulture, out var text) ? text : null,
            JsonTokenType.Number => reader.TryGetUInt64(out var number) ? number : (ulong?)null,
            _ => null,
        };
        if (valid is null) return new("device_id", $"device_id must be a decimal number from 0 to {ulong.MaxValue}, as a string");
        if (value is { } earlier && earlier != valid) return Contradiction("device_id");
        value = valid;
        return null;
    }

    // Empty if it is not text: an escape such as \ud800 alone is valid JSON, and the reader does not check UTF-8.
    private static ReadOnlySpan<byte> TextOf(ref Utf8JsonReader reader)
    {
        var text = reader.ValueSpan;
        if (!reader.ValueIsEscaped) return text;
        if (!Utf8.IsValid(text) || JsonEscapes.HasUnpairedSurrogate(text)) return [];
        var unescaped = new byte[text.Length];
        return unescaped.AsSpan(0, reader.CopyString(unescaped));
    }

    // The same value in both notations is allowed; different values are a contradiction.
    private static RowError? Set(string field, long given, ref long? value)
    {
        if (value is { } earlier && earlier != given) return Contradiction(field);
        value = given;
        return null;
    }

    private static RowError Contradiction(string field) => new(field, $"{field} contradicts an earlier field of the same object");
}
