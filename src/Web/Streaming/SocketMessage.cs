using System.Text.Json;
using Microsoft.Extensions.Primitives;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;
using SensorDash.Web.Requests;

namespace SensorDash.Web.Streaming;

/// <summary>A message is invalid; the text is for the client.</summary>
internal sealed class SocketMessageException(string message) : Exception(message);

/// <summary>A message of a client: an object with a type and known members.</summary>
internal sealed class SocketMessage : IDisposable
{
    private static readonly Dictionary<string, string[]> _members = new()
    {
        ["auth"] = ["token"],
        ["query"] = ["requestId", "startTime", "stopTime", "timebase", "filters", "limit", "cursor"],
        ["startStream"] = ["startTime", "stopTime", "rate", "timebase", "filters", "skipGaps", "after", "cursor"],
        ["setRate"] = ["rate"],
        ["cancelStream"] = [],
        ["command"] = ["requestId", "commandId", "targetId", "commandType", "payload", "scopeId", "timelineMode"],
    };

    private static readonly JsonDocumentOptions _options = new() { MaxDepth = 128, AllowDuplicateProperties = false };

    private readonly JsonDocument _document;

    private SocketMessage(JsonDocument document) => _document = document;

    public string Type { get; private set; } = "";

    /// <summary>The requestId, for responses and errors; null without one.</summary>
    public string? RequestId { get; private set; }

    /// <exception cref="SocketMessageException">It is not a message.</exception>
    public static SocketMessage Parse(ReadOnlyMemory<byte> json)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, _options);
        }
        catch (JsonException e)
        {
            throw new SocketMessageException($"the message must be a JSON object with each member once: {e.Message}");
        }
        catch (InvalidOperationException)
        {
            // The search for names that are there twice reads them.
            throw new SocketMessageException(JsonText.UnpairedName);
        }
        if (document.RootElement.ValueKind == JsonValueKind.Object) return new(document);
        document.Dispose();
        throw new SocketMessageException("the message must be a JSON object");
    }

    /// <summary>Reads type and requestId, and checks the names of all members.</summary>
    /// <exception cref="SocketMessageException">They are not those of a message.</exception>
    public void Check()
    {
        if (JsonText.FindUnpaired(_document.RootElement) is { } unpaired) throw new SocketMessageException(unpaired);
        RequestId = _document.RootElement.TryGetProperty("requestId", out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null;
        var type = Text("type") ?? throw new SocketMessageException($"type is required; allowed: {string.Join(", ", _members.Keys)}");
        if (!_members.TryGetValue(type, out var members))
            throw new SocketMessageException($"type '{OutsideText.Shown(type)}' is unknown; allowed: {string.Join(", ", _members.Keys)}");
        Type = type;
        foreach (var member in _document.RootElement.EnumerateObject())
        {
            if (member.Name != "type" && !members.Contains(member.Name))
                throw new SocketMessageException($"'{OutsideText.Shown(member.Name)}' is not a member of {type}; allowed: {string.Join(", ", members.Prepend("type"))}");
        }
        if (_document.RootElement.TryGetProperty("requestId", out id) && RequestId is null) throw new SocketMessageException("requestId must be a string");
    }

    /// <summary>A string; null when absent or null.</summary>
    public string? Text(string name) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, "a string", value);

    /// <summary>An integer, such as Unix microseconds; null when absent or null.</summary>
    public long? Whole(string name, long min = long.MinValue, long max = long.MaxValue)
    {
        if (Find(name) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= min && number <= max) return number;
        throw Wrong(name, min == long.MinValue ? "an integer" : $"an integer from {min} to {max}", value);
    }

    /// <summary>A time in integer Unix microseconds, of the years 1 to 9999; null when absent or null.</summary>
    public long? Time(string name)
    {
        if (Find(name) is not { } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var time) && time is >= -62_135_596_800_000_000 and <= 253_402_300_799_999_999) return time;
        throw Wrong(name, "null or integer Unix microseconds of the years 1 to 9999", value);
    }

    public bool Switch(string name) => Find(name) is { } value
        && (value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(name, "true or false", value));

    /// <summary>A rate, not 0 and at most <paramref name="max"/> in either direction.</summary>
    public double? Rate(double max)
    {
        if (!_document.RootElement.TryGetProperty("rate", out var value)) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var rate) && rate != 0 && Math.Abs(rate) <= max) return rate;
        throw Wrong("rate", FormattableString.Invariant($"a number from -{max} to {max}, and not 0"), value);
    }

    public Timebase Timebase() => Text("timebase") switch
    {
        null or "canonical" => Data.Events.Timebase.Canonical,
        "source" => Data.Events.Timebase.Source,
        var other => throw new SocketMessageException($"timebase must be canonical or source, not '{OutsideText.Shown(other)}'"),
    };

    /// <summary>The filters, with the names of the parameters of GET /api/events.</summary>
    public EventFilter Filters()
    {
        if (Find("filters") is not { } filters) return EventFilter.All;
        if (filters.ValueKind != JsonValueKind.Object) throw Wrong("filters", "an object", filters);
        var query = new Dictionary<string, StringValues>(StringComparer.Ordinal);
        foreach (var filter in filters.EnumerateObject()) query[filter.Name] = TextOf(filter.Name, filter.Value);
        var reader = new QueryReader(query);
        UnknownParameters.Check(reader, EventParameters.OfFilter);
        var read = reader.HasErrors ? EventFilter.All : EventParameters.ReadFilter(reader);
        if (reader.HasErrors) throw new SocketMessageException(string.Join("; ", reader.Errors.Select(e => $"filters.{e.Key} {e.Value[0]}")));
        return read;
    }

    /// <summary>The JSON text of a member; null when absent.</summary>
    public string? Raw(string name) => _document.RootElement.TryGetProperty(name, out var value) ? value.GetRawText() : null;

    public void Dispose() => _document.Dispose();

    private static string TextOf(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        JsonValueKind.Null when name.StartsWith("payload.", StringComparison.Ordinal) => "null",
        JsonValueKind.Array => string.Join(',', value.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.String ? e.GetString() : throw Wrong($"filters.{name}", "a string or an array of strings", e))),
        _ => throw Wrong($"filters.{name}", "a string, or an array of strings for lanes and scope", value),
    };

    private JsonElement? Find(string name) => _document.RootElement.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static SocketMessageException Wrong(string name, string rule, JsonElement value) => new($"{name} must be {rule}, not {OutsideText.Shown(value.GetRawText())}");
}
