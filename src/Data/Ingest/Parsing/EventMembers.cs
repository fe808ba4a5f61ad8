using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using SensorDash.Data.Events;
using SensorDash.Data.Events.Canonical;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Ingest.Parsing;

/// <summary>The known fields of an event's JSON as numbers: the common fields, then the fields of the lanes.</summary>
internal static class EventMember
{
    public const int EventId = 0;
    public const int ScopeId = 1;
    public const int Lane = 2;
    public const int SourceTruthTime = 3;

    private static readonly string[] _names = [.. ((string[])["eventId", "scopeId", "lane", "sourceTruthTime"])
        .Union(Lanes.All.Reverse().Select(LaneTable.Of).SelectMany(table => table.Own.Select(column => column.WireName).Append(table.Content)))];

    private static readonly byte[][] _utf8Names = [.. _names.Select(Encoding.UTF8.GetBytes)];

    /// <summary>Number of known fields.</summary>
    public static int Count => _names.Length;

    public static string NameOf(int member) => _names[member];

    /// <summary>The field of a name; −1 if unknown.</summary>
    public static int Of(string name) => Array.IndexOf(_names, name);

    /// <summary>The field of the name at <paramref name="reader"/>, which has no unpaired surrogate; −1 if unknown.</summary>
    public static int At(ref Utf8JsonReader reader)
    {
        for (var i = 0; i < _utf8Names.Length; i++)
            if (reader.ValueTextEquals(_utf8Names[i])) return i;
        return -1;
    }
}

/// <summary>Locations of the fields of one event in its JSON. Rules read values on demand; the first error is kept.</summary>
internal ref struct EventMembers
{
    /// <summary>Maximum length of a string that becomes a column, in bytes of UTF-8: index keys contain some of them.</summary>
    public const int MaxTextLength = 256;

    // Ignored fields may have any depth.
    private static readonly JsonReaderOptions _options = new() { MaxDepth = EventJsonParser.MaxEventLength };

    private readonly ReadOnlySpan<byte> _json;
    private readonly Span<Place> _places;
    private readonly TextPool _texts;

    public struct Place
    {
        public int Start, Length;
        public JsonTokenType Type;
        public bool IsEscaped;
    }

    /// <param name="places">Cleared buffer of <see cref="EventMember.Count"/> locations.</param>
    public EventMembers(ReadOnlySpan<byte> json, Span<Place> places, TextPool texts)
    {
        _json = json;
        _places = places;
        _texts = texts;
    }

    public RowError? Error { get; private set; }

    /// <summary>Finds the fields; null means absent.</summary>
    /// <returns>False when the JSON is not an object.</returns>
    /// <exception cref="JsonException">The JSON is malformed.</exception>
    public bool Find()
    {
        var reader = new Utf8JsonReader(_json, _options);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) return false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isText = !reader.ValueIsEscaped || !JsonEscapes.HasUnpairedSurrogate(reader.ValueSpan);
            if (!isText) Reject(null, "a field name contains an unpaired surrogate");
            var member = isText ? EventMember.At(ref reader) : -1;
            reader.Read();
            var place = new Place
            {
                Start = (int)reader.TokenStartIndex,
                Type = reader.TokenType,
                IsEscaped = reader.TokenType == JsonTokenType.String && reader.ValueIsEscaped,
            };
            reader.Skip();
            if (member < 0) continue;
            place.Length = (int)reader.BytesConsumed - place.Start;
            if (_places[member].Type != JsonTokenType.None) Fail(member, "must be given only once");
            _places[member] = place;
        }
        reader.Read(); // Rejects anything after the object.
        return true;
    }

    public void Fail(int member, string error) => Fail(EventMember.NameOf(member), error);

    public void Fail(string member, string error) => Reject(member, $"{member} {error}");

    /// <summary>As <see cref="Fail(string, string)"/>, with a complete error text.</summary>
    public void Reject(string? member, string error) => Error ??= new(member, error);

    public readonly bool Has(int member) => _places[member].Type is not (JsonTokenType.None or JsonTokenType.Null);

    /// <summary>The value as in the JSON, including quotes.</summary>
    public readonly ReadOnlySpan<byte> Raw(int member) => _json.Slice(_places[member].Start, _places[member].Length);

    /// <summary>A string of 1 to <see cref="MaxTextLength"/> bytes; "" after an error.</summary>
    public string Text(int member)
    {
        var utf8 = Utf8Of(member);
        if (utf8.IsEmpty) Fail(member, Has(member) ? "must not be empty" : "is missing");
        else if (utf8.Length > MaxTextLength) Fail(member, $"must be at most {MaxTextLength} bytes long, not {utf8.Length}");
        else if (OutsideText.FindError(utf8) is { } error) Fail(member, error);
        else return _texts.Get(utf8);
        return "";
    }

    /// <summary>As <see cref="Text"/>, but null when absent.</summary>
    public string? TextOrNull(int member) => Has(member) ? Text(member) : null;

    /// <summary>The UTF-8 of a string; empty when absent and after an error.</summary>
    public ReadOnlySpan<byte> Utf8Of(int member)
    {
        ref readonly var place = ref _places[member];
        if (!Has(member)) return [];
        if (place.Type != JsonTokenType.String)
        {
            Fail(member, "must be a string");
            return [];
        }
        var raw = Raw(member);
        if (!place.IsEscaped) return raw[1..^1];
        if (JsonEscapes.HasUnpairedSurrogate(raw[1..^1]))
        {
            Fail(member, "contains an unpaired surrogate");
            return [];
        }
        var reader = new Utf8JsonReader(raw);
        reader.Read();
        var text = new byte[raw.Length];
        return text.AsSpan(0, reader.CopyString(text));
    }

    /// <summary>A whole number from 0 to 2⁶³−1; 0 after an error.</summary>
    public long Whole(int member)
    {
        if (!Has(member)) Fail(member, "is missing");
        else if (_places[member].Type == JsonTokenType.Number
            && long.TryParse(Raw(member), NumberStyles.None, CultureInfo.InvariantCulture, out var value)) return value;
        else Fail(member, $"must be a whole number from 0 to {long.MaxValue}");
        return 0;
    }

    /// <summary>A time in Unix microseconds; null when absent and after an error.</summary>
    public long? TimeOrNull(int member)
    {
        if (!Has(member)) return null;
        if (EventTime.TryParse(Utf8Of(member), out var time, out _)) return time;
        Fail(member, "must be an RFC 3339 time with a UTC offset, such as 2026-01-26T10:00:00Z");
        return null;
    }

    /// <summary>The decoded base64; empty after an error.</summary>
    public byte[] Base64(int member, int maxLength)
    {
        if (!Has(member)) Fail(member, "is missing");
        var text = Utf8Of(member);
        var bytes = new byte[System.Buffers.Text.Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        if (System.Buffers.Text.Base64.DecodeFromUtf8(text, bytes, out _, out var length) != OperationStatus.Done) Fail(member, "must be base64");
        else if (length > maxLength) Fail(member, $"must be at most {maxLength} bytes, not {length}");
        else return length == bytes.Length ? bytes : bytes[..length];
        return [];
    }
}
