using System.Globalization;

namespace SensorDash.Faults.Tests.Bodies;

internal enum ReadingFormat
{
    Json,
    Ndjson,
    Lines,
}

/// <summary>A reading as the tests understand it.</summary>
/// <param name="Received">Null: the server's clock.</param>
internal readonly record struct Row(long Node, long Time, long? Temperature, long? Humidity, long Flags, long? Received, ulong? Device);

/// <summary>Which lines of a body are readings, by the rules of docs/api.md, without the product's code.</summary>
internal sealed class ReferenceReadings
{
    private const int MaxLength = 64 * 1024;
    private const long FirstTime = 946_684_800;
    private const long DaySeconds = 86_400;

    private readonly long _now;

    private ReferenceReadings(long now) => _now = now;

    public List<(long Line, Row Row)> Accepted { get; } = [];

    public List<long> Rejected { get; } = [];

    /// <summary>Malformed JSON ended the body; how many elements a reader saw before it is not fixed.</summary>
    public bool EndsEarly { get; private set; }

    /// <summary>Whether a time is so close to the limit, or comes from the server's clock, that the verdict depends on the moment.</summary>
    public bool DependsOnClock { get; private set; }

    /// <param name="body">Without elements of nearly the maximum length or longer.</param>
    /// <param name="unitsPerSecond">Of line protocol.</param>
    public static ReferenceReadings Of(ReadingFormat format, ReadOnlySpan<byte> body, long now, long unitsPerSecond)
    {
        var result = new ReferenceReadings(now);
        if (body.StartsWith("\uFEFF"u8)) body = body[3..];
        var text = ReferenceJson.Latin1(body);
        if (format == ReadingFormat.Json) result.ReadJson(text);
        else result.ReadLines(text, format, unitsPerSecond);
        return result;
    }

    private void ReadJson(string text)
    {
        var json = new ReferenceJson(text);
        var isArray = json.Take('[');
        for (long element = 1; ; element++)
        {
            if (isArray && element == 1 && json.Take(']')) break;
            if (json.IsAtEnd)
            {
                Rejected.Add(element);
                EndsEarly = true;
                return;
            }
            var start = json.At;
            if (!json.TakeValue())
            {
                Rejected.Add(element);
                EndsEarly = true;
                return;
            }
            Add(element, ReadObject(text[start..json.At]));
            if (!isArray || json.Take(']')) break;
            if (json.Take(',')) continue;
            Rejected.Add(element + 1);
            EndsEarly = true;
            return;
        }
        if (json.IsAtEnd) return;
        Rejected.Add(Accepted.Count + Rejected.Count + 1);
        EndsEarly = true;
    }

    private void ReadLines(string text, ReadingFormat format, long unitsPerSecond)
    {
        var number = 0L;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.Trim(' ', '\t', '\r');
            if (line.Length == 0 || (format == ReadingFormat.Lines && line[0] == '#')) continue;
            if (raw.Length > MaxLength) Rejected.Add(number);
            else Add(number, format == ReadingFormat.Lines ? ReadLine(line, unitsPerSecond) : ReadObject(line));
        }
    }

    private void Add(long line, Row? row)
    {
        if (row is { } valid) Accepted.Add((line, valid));
        else Rejected.Add(line);
    }

    private Row? ReadObject(string text)
    {
        var json = new ReferenceJson(text);
        if (json.TakeObject() is not { } fields || !json.IsAtEnd) return null;
        var values = new Values();
        foreach (var (name, value) in fields)
        {
            var isValid = name switch
            {
                null => false,
                _ when value == "null" => true,
                "node_address" or "timestamp" or "flags" or "received_at" => values.Set(name, Whole(value)),
                "temperature_centidegrees" => values.Set("t", Whole(value)),
                "humidity_centipercent" => values.Set("h", Whole(value)),
                "temperature_celsius" => values.Set("t", Hundredths(value)),
                "humidity_percent" => values.Set("h", Hundredths(value)),
                "device_id" => values.SetDevice(value),
                _ => true,
            };
            if (!isValid) return null;
        }
        return Check(values);
    }

    private Row? ReadLine(string line, long unitsPerSecond)
    {
        var values = new Values();
        var (series, rest) = Split(line, ' ', quotes: false);
        foreach (var tag in Pieces(series, quotes: false).Skip(1))
        {
            var (key, value) = Split(tag, '=', quotes: false);
            if (key.Length == 0 || value.Length == 0 || (key == "node" && !values.Set("node_address", SignedWhole(value)))) return null;
        }
        if (values["node_address"] is null) return null;
        var (fields, time) = Split(rest.TrimStart(' '), ' ', quotes: true);
        if (fields.Length == 0) return null;
        foreach (var field in Pieces(fields, quotes: true))
        {
            var (key, value) = Split(field, '=', quotes: false);
            if (key.Length == 0 || value.Length == 0) return null;
            var isWhole = value[^1] is 'i' or 'u';
            var number = isWhole ? SignedWhole(value[..^1]) : DecimalModel.TryParse(value, out var hundredths) ? hundredths : null;
            var isValid = key switch
            {
                "temp" or "temperature" => values.Set("t", number),
                "hum" or "humidity" => values.Set("h", number),
                "flags" => isWhole && values.Set("flags", number),
                _ => true,
            };
            if (!isValid) return null;
        }
        time = time.Trim(' ');
        if (time.Length == 0)
        {
            DependsOnClock = true;
            values.Set("timestamp", _now);
        }
        else if (SignedWhole(time) is not { } units || !values.Set("timestamp", (long)Math.Floor((decimal)units / unitsPerSecond)))
        {
            return null;
        }
        return Check(values);
    }

    private Row? Check(Values values)
    {
        if (values["node_address"] is not (>= 1 and <= int.MaxValue and var node) || values["timestamp"] is not { } time || !IsTime(time)) return null;
        var (t, h) = (values["t"], values["h"]);
        if ((t is null && h is null) || t is < short.MinValue or > short.MaxValue || h is < 0 or > 10_000) return null;
        if (values["flags"] is < 0 or > uint.MaxValue || (values["received_at"] is { } received && !IsTime(received))) return null;
        return new Row(node, time, t, h, values["flags"] ?? 0, values["received_at"], values.Device);
    }

    private bool IsTime(long time)
    {
        DependsOnClock |= Math.Abs((decimal)time - _now - DaySeconds) < 3 * 3600;
        return time >= FirstTime && time <= _now + DaySeconds;
    }

    private static long? Whole(string json) => json.Length > 0 && (json[0] == '-' || char.IsAsciiDigit(json[0])) ? SignedWhole(json) : null;

    private static long? SignedWhole(string text)
        => text.Length > 0 && text[^1] is >= '0' and <= '9' && text.AsSpan(1).ToString().All(char.IsAsciiDigit) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static long? Hundredths(string json) => (json[0] == '-' || char.IsAsciiDigit(json[0])) && DecimalModel.TryParse(json, out var value) ? value : null;

    // A separator at the end ends nothing.
    private static IEnumerable<string> Pieces(string text, bool quotes)
    {
        while (text.Length > 0)
        {
            var (piece, rest) = Split(text, ',', quotes);
            yield return piece;
            text = rest;
        }
    }

    private static (string Before, string After) Split(string text, char separator, bool quotes)
    {
        var isQuoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\') i++;
            else if (quotes && text[i] == '"') isQuoted = !isQuoted;
            else if (text[i] == separator && !isQuoted) return (text[..i], text[(i + 1)..]);
        }
        return (text, "");
    }

    private sealed class Values
    {
        private readonly Dictionary<string, long> _values = [];

        public ulong? Device { get; private set; }

        public long? this[string name] => _values.TryGetValue(name, out var value) ? value : null;

        public bool Set(string name, long? value) => value is { } given && (_values.TryAdd(name, given) || _values[name] == given);

        public bool SetDevice(string json)
        {
            var digits = json[0] == '"' ? ReferenceJson.Unescape(json) : json;
            if (string.IsNullOrEmpty(digits) || !digits.All(char.IsAsciiDigit) || !ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value)) return false;
            if (Device is { } earlier && earlier != value) return false;
            Device = value;
            return true;
        }
    }
}
