using System.Buffers.Text;
using System.IO.Pipelines;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Ingest.Parsing;

/// <summary>Unit of the time at the end of a line.</summary>
public enum TimePrecision : long
{
    Nanoseconds = 1_000_000_000,
    Microseconds = 1_000_000,
    Milliseconds = 1_000,
    Seconds = 1,
}

/// <summary>InfluxDB line protocol: any measurement, the tag <c>node</c>, fields <c>temp</c>/<c>temperature</c> and <c>hum</c>/<c>humidity</c>
/// (a float in °C or %, or an integer with <c>i</c> in hundredths), <c>flags</c>. Other tags and fields are ignored.</summary>
/// <param name="now">The server's clock in Unix seconds: the default of all times and the limit of timestamps.</param>
public sealed class LineProtocolParser(PipeReader body, TimePrecision precision, long now) : LineParser<Reading>(body, ReadingFields.MaxTextLength)
{
    private protected override void ParseLine(ReadOnlySpan<byte> line, long number, ParsedBatch<Reading> batch)
    {
        if (line[0] == '#') return;
        var fields = new ReadingFields { Timestamp = now };
        var reading = default(Reading);
        if ((Parse(line, ref fields) ?? fields.Validate(now, out reading)) is { } error) Reject(number, fields.NodeAddress is { } node ? error with { Sender = Reading.SenderOf(node) } : error);
        else batch.Add(reading, number, line.Length);
    }

    private RowError? Parse(ReadOnlySpan<byte> line, ref ReadingFields fields)
    {
        var series = TakeUntil(ref line, ' ', quotes: false);
        TakeUntil(ref series, ',', quotes: false); // The measurement may be anything.
        while (!series.IsEmpty)
        {
            var value = TakeUntil(ref series, ',', quotes: false);
            var key = TakeUntil(ref value, '=', quotes: false);
            if (key.IsEmpty || value.IsEmpty) return new(null, "a tag must be key=value");
            if (!key.SequenceEqual("node"u8)) continue;
            if (!TryParseWhole(value, out var node)) return new("node", "the tag node must be a whole number");
            if (Set("node", node, ref fields.NodeAddress) is { } error) return error;
        }
        if (fields.NodeAddress is null) return new("node", "the tag node is missing");

        line = line.TrimStart((byte)' ');
        var set = TakeUntil(ref line, ' ', quotes: true);
        if (set.IsEmpty) return new(null, "the line has no fields");
        while (!set.IsEmpty)
        {
            var value = TakeUntil(ref set, ',', quotes: true);
            var key = TakeUntil(ref value, '=', quotes: false);
            if (key.IsEmpty || value.IsEmpty) return new(null, "a field must be key=value");
            if (ParseField(key, value, ref fields) is { } error) return error;
        }
        return ParseTime(line.Trim((byte)' '), ref fields);
    }

    private static RowError? ParseField(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ref ReadingFields fields)
    {
        if (key.SequenceEqual("temp"u8) || key.SequenceEqual("temperature"u8))
            return ParseValue("temperature", value, ref fields.TemperatureCentidegrees);
        if (key.SequenceEqual("hum"u8) || key.SequenceEqual("humidity"u8))
            return ParseValue("humidity", value, ref fields.HumidityCentipercent);
        if (!key.SequenceEqual("flags"u8)) return null;
        if (value[^1] is not ((byte)'i' or (byte)'u') || !TryParseWhole(value[..^1], out var flags))
            return new("flags", "flags must be an integer such as 3i");
        return Set("flags", flags, ref fields.Flags);
    }

    private static RowError? ParseValue(string field, ReadOnlySpan<byte> value, ref long? hundredths)
    {
        if (value[^1] is (byte)'i' or (byte)'u')
        {
            if (!TryParseWhole(value[..^1], out var given)) return new(field, $"{field} must be a number such as 21.5 or 2150i");
            return Set(field, given, ref hundredths);
        }
        if (!Hundredths.TryParse(value, out var number)) return new(field, $"{field} must be a number such as 21.5 or 2150i");
        return number is { } whole ? Set(field, whole, ref hundredths) : new(field, $"{field} is out of range");
    }

    private static RowError? Set(string field, long given, ref long? value)
    {
        if (value is { } earlier && earlier != given) return new(field, $"{field} contradicts an earlier one on the same line");
        value = given;
        return null;
    }

    private RowError? ParseTime(ReadOnlySpan<byte> text, ref ReadingFields fields)
    {
        if (text.IsEmpty) return null; // The server's clock.
        if (!TryParseWhole(text, out var time)) return new("timestamp", "the time must be a whole number");
        var (seconds, rest) = Math.DivRem(time, (long)precision);
        fields.Timestamp = rest < 0 ? seconds - 1 : seconds;
        return null;
    }

    private static bool TryParseWhole(ReadOnlySpan<byte> text, out long value)
        => Utf8Parser.TryParse(text, out value, out var length) && length == text.Length;

    /// <summary>Takes the text before the first <paramref name="end"/> that is not escaped and, if <paramref name="quotes"/> is set, not inside quotes.</summary>
    private static ReadOnlySpan<byte> TakeUntil(ref ReadOnlySpan<byte> rest, char end, bool quotes)
    {
        var quoted = false;
        for (var i = 0; i < rest.Length; i++)
        {
            if (rest[i] == '\\') i++;
            else if (quotes && rest[i] == '"') quoted = !quoted;
            else if (rest[i] == end && !quoted)
            {
                var taken = rest[..i];
                rest = rest[(i + 1)..];
                return taken;
            }
        }
        var all = rest;
        rest = [];
        return all;
    }
}
