using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using SensorDash.Faults.Tests.Bodies;

namespace SensorDash.Faults.Tests.Queries;

/// <summary>Values of query parameters, by the parameter's name: good ones, ones at their limits, and hostile ones.</summary>
/// <param name="nodes">Addresses that have readings.</param>
/// <param name="eventIds">Ids of stored events.</param>
/// <param name="cursors">Cursors that the server gave out.</param>
internal sealed class Values(IReadOnlyList<int> nodes, IReadOnlyList<string> eventIds, IReadOnlyList<string> cursors, long now)
{
    private static readonly string[] _numbers =
    [
        "0", "1", "2", "-1", "-0", "007", "+1", " 1", "1 ", "1e3", "1.0", "0x10", "NaN", "2147483647", "2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "99999999999999999999999", "١", "1_000", "1,000", "true",
    ];

    private static readonly string[] _times =
    [
        "0", "1", "-1", "946684800", "253402300799", "253402300800", "253402300799999999", "253402300800000000", "-62135596800000000", "-62135596800000001", "9223372036854775807", "-9223372036854775808", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-02-29T00:00:00Z", "2026-01-26T10:00:00Z", "2026-01-26T10:00:00+02:00", "2026-01-26 10:00:00Z", "2026-01-26", "now", "now-6h", "now-", "now-999999y", "yesterday", "2026-01-26T10:00",
        "9999-12-31", "0001-01-01", "2026-03-29T02:30", "1969-12-31T23:59:59Z", "0000000000000", "24:00", "T",
    ];

    private static readonly string[] _zones =
    [
        "UTC", "Europe/Paris", "Australia/Lord_Howe", "Africa/Monrovia", "Pacific/Apia", "Asia/Kolkata", "America/St_Johns", "Etc/GMT+12", "Pacific/Kiritimati", "EST5EDT", "Antarctica/Troll", "europe/paris", "UTC+01", "browser", "../etc/passwd", "Z", "é", "CET",
    ];

    private static readonly string[] _ranges = ["5m", "24h", "30d", "20y", "21y", "999999y", "0h", "-1h", "1 h", "now-6h", "2026-01-01 to 2026-02-01", "now to now-1h", "now-2d to now-1d", " to ", "to", "2100-01-01 to 2100-01-02", "5", "1000000s", "9999-12-31 to 9999-12-31", "0001-01-01"];

    private static readonly string[] _words =
    [
        "asc", "desc", "canonical", "source", "raw", "parsed", "ui", "command", "metadata", "raw,parsed", "csv", "ndjson", "unix", "iso", "local", "comma", "semicolon", "tab", "dot", "hourly", "daily", "live", "late", "stale", "never", "none", "temperature", "humidity", "table", "chart", "name", "c", "f",
        "bands", "hours", "nodes", "quality", "timestamp", "timestamp,temperature_celsius", "node_name", "count", "50,95,99", "0,100", "1.25", "101", "0.001", "SHOW DATABASES", "UiUpdate", "CommandRequest", "sender-0", "stream1",
    ];

    private static readonly string[] _hostile =
    [
        "\0", "a\0b", "\u202e", "\uFEFF", "'", "\"", "';--", "<script>alert(1)</script>", "%", "%%", "{{7*7}}", "${x}", "../..", "\\", "\r\nX: y", "\u2028", "😀", "\uD83D", "null", "undefined", "[]", "{}", ",", ",,,,", ".", "*", "?", "&", "=", "+", "#", "/", ":", "İ", "ß", "\u0001", "true", "é́́́",
    ];

    private static readonly string[] _encodedHostile = ["%", "%zz", "%FF%FE", "%ED%A0%80", "%C0%80", "%00", "%u0041", "+", "%2B", "%250", "a%", "%F4%90%80%80"];

    public int Node(Random random) => random.Next(8) switch { 0 => 0, 1 => -1, 2 => int.MaxValue, 3 => 999_999, _ => nodes[random.Next(nodes.Count)] };

    public string EventId(Random random) => random.Next(6) switch { 0 => new string('0', 64), 1 => new string('f', 63), 2 => new string('A', 64), 3 => "metadata2", _ => eventIds[random.Next(eventIds.Count)] };

    /// <returns>The encoded value.</returns>
    public string Of(Random random, string name)
    {
        if (random.Rarely(15)) return Uri.EscapeDataString(Replace(random.Pick<string>(_hostile)));
        if (random.Rarely(40)) return random.Pick<string>(_encodedHostile);
        if (random.Rarely(80)) return new string(random.Pick('a', '9', ',', '.', '{'), random.Pick(200, 2_000, 6_000));
        if (random.Rarely(20)) return "";
        if (random.Rarely(12)) return Uri.EscapeDataString(random.Pick<string>(random.Pick<string[]>(_numbers, _times, _zones, _ranges, _words)));
        return Uri.EscapeDataString(name switch
        {
            "start_time" or "end_time" => random.Rarely(2) ? Recent(random) : random.Pick<string>(_times),
            "from" or "to" or "at" or "asOf" or "sourceTruthTime" or "time" when !random.Rarely(5) => random.Rarely(2) ? Recent(random) : random.Pick<string>(_times),
            "tz" => random.Pick<string>(_zones),
            "range" => random.Pick<string>(_ranges),
            "cursor" or "page" => Cursor(random),
            "node_address" or "nodes" => string.Join(',', Enumerable.Range(0, random.Pick(1, 1, 3)).Select(_ => Node(random))),
            "limit" or "offset" or "points" or "downsample" or "zone_id" or "zone" or "refresh" or "code" or "bom" or "gzip" or "footer" or "whole" =>
                random.Rarely(2) ? random.Next(1, 600).ToString(CultureInfo.InvariantCulture) : random.Pick<string>(_numbers),
            _ => random.Rarely(6) ? random.Pick<string>(_numbers) : random.Pick<string>(_words),
        });
    }

    private static string Replace(string text) => text == "\uD83D" ? "\uFFFD" : text; // .NET does not encode it; %ED%A0%80 stands in.

    private string Recent(Random random)
    {
        var time = now - random.Next(200_000);
        return random.Rarely(3) ? DateTimeOffset.FromUnixTimeSeconds(time).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) : time.ToString(CultureInfo.InvariantCulture);
    }

    // One that is valid, damaged, or made up from extreme parts.
    private string Cursor(Random random)
    {
        switch (random.Next(5))
        {
            case 0 when cursors.Count > 0: return cursors[random.Next(cursors.Count)];
            case 1 when cursors.Count > 0:
                var bytes = Mutation.Mutate(random, Base64Url.DecodeFromChars(cursors[random.Next(cursors.Count)]));
                return Base64Url.EncodeToString(bytes);
            case 2: return Base64Url.EncodeToString(Encoding.ASCII.GetBytes($"{random.Pick<string>(_numbers)}.{random.Pick<string>(_numbers)}{random.Pick("", "." + random.Pick<string>(_numbers))}"));
            case 3:
                var isMetadata = random.Rarely(3);
                var cursor = new byte[isMetadata ? 10 : 43 + (random.Rarely(2) ? 12 : 0)];
                random.NextBytes(cursor);
                cursor[0] = (byte)(isMetadata ? 2 : 1);
                if (isMetadata)
                {
                    BinaryPrimitives.WriteInt64BigEndian(cursor.AsSpan(1), random.Pick(long.MinValue, long.MaxValue, 0, random.NextInt64()));
                    cursor[9] = (byte)random.Next(3);
                    return Base64Url.EncodeToString([.. cursor, .. random.Pick<byte[]>("ab"u8.ToArray(), [0, 0, 0], "a:\0"u8.ToArray(), [])]);
                }
                (cursor[1], cursor[2]) = ((byte)random.Next(2), cursor.Length > 43 ? (byte)4 : (byte)random.Next(5));
                BinaryPrimitives.WriteInt64BigEndian(cursor.AsSpan(3), random.Pick(long.MinValue, long.MaxValue, 0, now * 1_000_000, random.NextInt64()));
                if (cursor.Length > 43) (cursor[51], cursor[52], cursor[53], cursor[54]) = (0, 2, (byte)random.Pick(0, 'a'), (byte)random.Pick(0, 'b'));
                return Base64Url.EncodeToString(cursor);
            default: return random.Pick("", "AA", "=", "AQ==", "!!", "AQEEAAY", "MTc2NzIyNTYwMC4xMg");
        }
    }
}
