using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using SensorDash.Data.Events.Canonical;

namespace SensorDash.Data.Events;

/// <summary>A value somewhere in the JSON content of an event, such as <c>nested.list.0</c> = <c>12</c>.</summary>
/// <remarks>Judged here and not in SQL, so that every engine and the live streams mean the same by it.</remarks>
public sealed class PayloadCondition
{
    private static readonly SearchValues<char> _ofNumbers = SearchValues.Create("+-.0123456789eE");

    private readonly string[] _path;
    private readonly string _value;
    private readonly byte[] _number; // Its canonical text; empty if the value is not a number.

    /// <param name="path">Keys, and indices of arrays from 0, joined by dots.</param>
    /// <param name="value">A string (exact match), a number (by value), true, false or null.</param>
    public PayloadCondition(string path, string value)
    {
        _path = path.Split('.');
        _value = value;
        _number = CanonicalNumber(value);
    }

    private static byte[] CanonicalNumber(string value)
    {
        if (value.Length == 0 || value.AsSpan().ContainsAnyExcept(_ofNumbers)) return [];
        var text = new byte[Es6Number.MaxLength];
        return Es6Number.Canonicalize(Encoding.ASCII.GetBytes(value), text, out var length) is null ? text[..length] : [];
    }

    /// <param name="canonicalJson">The content of an event of a JSON lane.</param>
    internal bool Matches(ReadOnlySpan<byte> canonicalJson)
    {
        var reader = new Utf8JsonReader(canonicalJson, new JsonReaderOptions { MaxDepth = CanonicalJson.MaxDepth });
        reader.Read();
        foreach (var step in _path)
            if (!Enter(ref reader, step)) return false;
        return reader.TokenType switch
        {
            JsonTokenType.String => reader.ValueTextEquals(_value),
            JsonTokenType.Number => reader.ValueSpan.SequenceEqual(_number),
            JsonTokenType.True => _value == "true",
            JsonTokenType.False => _value == "false",
            JsonTokenType.Null => _value == "null",
            _ => false,
        };
    }

    /// <summary>JSON objects such that each matching content contains one of them (jsonb containment); empty if containment cannot express the condition.</summary>
    internal IEnumerable<string> Containers()
    {
        // A number may be a key or an index; a path deeper than any content never matches; jsonb does not support U+0000.
        if (_path.Length >= CanonicalJson.MaxDepth || _path.Append(_value).Any(text => text.Contains('\0'))) return [];
        if (_path.Any(step => int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out _))) return [];
        var values = new List<string> { JsonSerializer.Serialize(_value) };
        if (_number.Length > 0) values.Add(Encoding.ASCII.GetString(_number));
        if (_value is "true" or "false" or "null") values.Add(_value);
        var opening = string.Concat(_path.Select(step => $"{{{JsonSerializer.Serialize(step)}:"));
        return values.Select(value => opening + value + new string('}', _path.Length));
    }

    private static bool Enter(ref Utf8JsonReader reader, string step)
    {
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isIt = reader.ValueTextEquals(step);
                reader.Read();
                if (isIt) return true;
                reader.Skip();
            }
            return false;
        }
        if (reader.TokenType != JsonTokenType.StartArray || !int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var index)) return false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (index-- == 0) return true;
            reader.Skip();
        }
        return false;
    }
}
