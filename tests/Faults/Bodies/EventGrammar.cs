using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SensorDash.Faults.Tests.Bodies;

/// <summary>An event as its author meant it.</summary>
/// <param name="Content">Canonical JSON, or base64 of a frame.</param>
/// <param name="Request">The id of a command request; null for any other.</param>
internal sealed record MeantEvent(string Id, string Lane, string Scope, string Time, string Content, string? Request);

/// <param name="IsArray">A JSON array, else NDJSON.</param>
/// <param name="Lines">Line by line the event, or null where a line is invalid.</param>
internal sealed record EventBody(bool IsArray, byte[] Bytes, IReadOnlyList<MeantEvent?> Lines);

/// <summary>Events of the five lanes in unusual spellings, between lines that are wrong in one way each.</summary>
/// <param name="scope">Their scope, so that request ids and duplicates are those of one sender.</param>
internal sealed class EventGrammar(string scope)
{
    private static readonly string[] _names = ["a", "stream1", "ü", "日本", "😀", "a b", "x|y", "x:y", "\"", "\\", "'; DROP TABLE nodes; --", "%00", "null", "{}", "<b>", new string('n', 256), new string('é', 128), "\u00a0", "a\u0301"];

    private static readonly string[] _ignored = ["\"canonicalTruthTime\":5", "\"x\":[[[[1e999]]]]", "\"\":\"\\u0000\"", "\"LANE\":\"raw\"", "\"y\":\"\\ud800\"", "\"scope\":null", "\"sequence\":null"];

    private static readonly string[] _wrong =
    [
        "\"lane\":\"RAW\"", "\"lane\":7", "\"lane\":\"\"", "\"scopeId\":\"\"", "\"scopeId\":\"a b\"", "\"scopeId\":\"é\"", "\"scopeId\":null", "\"sourceTruthTime\":\"1999-12-31T23:59:59.999999Z\"", "\"sourceTruthTime\":\"9999-12-31T23:59:59Z\"",
        "\"sourceTruthTime\":\"0001-01-01T00:00:00+23:59\"", "\"sourceTruthTime\":\"2026-02-30T00:00:00Z\"", "\"sourceTruthTime\":\"2026-01-01T24:00:00Z\"", "\"sourceTruthTime\":\"2026-01-01T00:00:60Z\"", "\"sourceTruthTime\":1767225600",
        "\"sourceTruthTime\":\"2026-01-01T00:00:00\"", "\"sourceTruthTime\":\"2026-01-01T00:00:00.Z\"", "\"sourceTruthTime\":\"2026-01-01T00:00:00+24:00\"", "\"sourceTruthTime\":\"2026-01-01\\u0000T00:00:00Z\"", "\"eventId\":\"00\"", "\"eventId\":7",
        "\"eventId\":\"0000000000000000000000000000000000000000000000000000000000000000\"", "\"\\ud800\":1",
    ];

    private static readonly string[] _wrongContents =
    [
        "null", "[]", "1", "\"{}\"", "{\"a\":1,\"a\":1}", "{\"a\":1,\"\\u0061\":2}", "{\"a\":\"\\ud800\"}", "{\"\\udc00\":1}", "{\"a\":\"\\u0000\"}", "{\"a\":9007199254740993}", "{\"a\":-9007199254740993}", "{\"a\":1e400}", "{\"a\":1e17}",
        "{\"a\":9007199254740993.0}", "{\"a\":123456789012345678901}", "{\"b\":[{\"a\":1,\"a\":2}]}", "{\"a\":" + Deep('[', 64) + Deep(']', 64) + "}", Deeper(65),
    ];

    private readonly List<MeantEvent> _earlier = [];
    private readonly List<string> _earlierSpellings = [];

    public EventBody Make(Random random)
    {
        var isArray = random.Rarely(2);
        var (lines, parts) = (new List<MeantEvent?>(), new List<string>());
        for (var left = 1 + random.Next(random.Rarely(40) ? 120 : 5); left > 0; left--)
        {
            if (_earlier.Count > 0 && random.Rarely(10))
            {
                var again = random.Next(_earlier.Count);
                lines.Add(_earlier[again]);
                parts.Add(_earlierSpellings[again]);
                continue;
            }
            var isValid = !random.Rarely(4);
            var (meant, spelling) = Event(random, isValid);
            lines.Add(isValid ? meant : null);
            parts.Add(spelling);
            if (!isValid || random.Rarely(2) || _earlier.Count > 200) continue;
            _earlier.Add(meant);
            _earlierSpellings.Add(spelling);
        }
        var text = isArray ? $"[{string.Join($"{Spelling.Space(random)},{random.Pick("", "\n")}", parts)}]" : string.Join(random.Pick("\n", "\r\n"), parts) + random.Pick("", "\n");
        return new(isArray, Encoding.UTF8.GetBytes((random.Rarely(20) ? "\uFEFF" : "") + text), lines);
    }

    private (MeantEvent Meant, string Spelling) Event(Random random, bool isValid)
    {
        var lane = random.Pick("raw", "parsed", "ui", "command", "metadata");
        var time = Time(random);
        var fields = new List<(string Name, string Text)>();
        string identity, content, contentName, contentSpelling;
        string? request = null;
        switch (lane)
        {
            case "raw":
                identity = Add("connectionId");
                var bytes = new byte[random.Next(random.Rarely(20) ? 3_000 : 20)];
                random.NextBytes(bytes);
                (contentName, content) = ("bytes", Convert.ToBase64String(bytes));
                contentSpelling = Spelling.Text(random, content, random.Rarely(3) ? 10 : int.MaxValue);
                break;
            case "parsed":
                identity = Add("streamId");
                Add("streamType");
                Add("schemaVersion");
                (contentName, (contentSpelling, content)) = ("payload", JsonGrammar.Object(random));
                break;
            case "ui":
                fields.Add(("messageType", random.Pick("UiUpdate", "UiCheckpoint")));
                var (system, container, unique, view) = (Add("systemId", '|'), Add("containerId", '|'), Add("uniqueId"), Add("viewId", ':'));
                identity = $"{system}|{container}|{unique}:{view}";
                Add("manifestId");
                Add("manifestVersion");
                (contentName, (contentSpelling, content)) = ("data", JsonGrammar.Object(random));
                break;
            case "command":
                var type = random.Pick("CommandRequest", "CommandProgress", "CommandResult");
                fields.Add(("messageType", type));
                var command = Add("commandId");
                if (type == "CommandRequest") fields.Add(("requestId", request = $"r{random.Next(1_000_000)}"));
                identity = request ?? $"{command}:{type}";
                Add("targetId");
                Add("commandType");
                fields.Add(("timelineMode", random.Pick("live", "LIVE", "Live")));
                (contentName, (contentSpelling, content)) = ("payload", JsonGrammar.Object(random));
                break;
            default:
                var hasStream = random.Rarely(2);
                var of = Add(hasStream ? "streamId" : "manifestId");
                if (hasStream && random.Rarely(3)) Add("manifestId");
                identity = $"{of}:{Add("messageType")}";
                if (random.Rarely(3)) fields.Add(("effectiveTime", random.Pick("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "2026-01-01T00:00:00-12:00")));
                (contentName, (contentSpelling, content)) = ("payload", JsonGrammar.Object(random));
                break;
        }
        fields.AddRange([("lane", lane), ("scopeId", scope), ("sourceTruthTime", time)]);
        var id = IdOf(scope, lane, identity, time, lane == "raw" ? Convert.FromBase64String(content) : Encoding.UTF8.GetBytes(content));
        if (isValid && random.Rarely(4)) fields.Add(("eventId", id));
        var spelled = fields.Select(f => $"{Spelling.Text(random, f.Name, 80)}{Spelling.Space(random)}:{Spelling.Space(random)}{Spelling.Text(random, f.Text)}").ToList();
        spelled.Add($"\"{contentName}\":{contentSpelling}");
        if (lane == "raw") spelled.Add($"\"sequence\":{random.Pick(0, long.MaxValue, random.NextInt64())}");
        if (random.Rarely(4) && lane != "raw") spelled.Add(random.Pick<string>(_ignored));
        if (!isValid) Spoil(random, spelled, contentName);
        var order = spelled.ToArray();
        random.Shuffle(order);
        return (new(id, lane, scope, time, content, request), $"{{{string.Join($"{Spelling.Space(random)},{Spelling.Space(random)}", order)}}}");

        string Add(string name, char without = '\0')
        {
            var text = random.Pick<string>(_names);
            if (text.Contains(without, StringComparison.Ordinal)) text = "plain";
            fields.Add((name, text));
            return text;
        }
    }

    private static void Spoil(Random random, List<string> fields, string contentName)
    {
        var content = fields.FindIndex(f => f.StartsWith($"\"{contentName}\":", StringComparison.Ordinal));
        switch (random.Next(5))
        {
            case 0 when contentName != "bytes":
                fields[content] = $"\"{contentName}\":{random.Pick<string>(_wrongContents)}";
                break;
            case 0:
                fields[content] = $"\"bytes\":{random.Pick("null", "7", "\"A\"", "\"AA=\"", "\"A A=\"", "\"AAA=\\u0000\"", "\"====\"", "\"_-_-\"", "{}")}";
                break;
            case 1: // A second one of a field, also with the same value.
                fields.Add(fields[random.Next(fields.Count)] is var field && field.StartsWith("\"sequence\"", StringComparison.Ordinal) ? "\"lane\":\"x\"" : IsIgnored(field) ? "\"lane\":\"x\"" : field);
                break;
            case 2:
                fields.RemoveAt(content);
                break;
            default:
                // The first one decides which error it is; with both it is wrong in any order.
                fields.Add(random.Pick<string>(_wrong));
                break;
        }
    }

    private static bool IsIgnored(string field) => _ignored.Contains(field);

    private static string Time(Random random)
    {
        var at = DateTimeOffset.UnixEpoch.AddSeconds(random.NextInt64(946_771_200, 1_790_000_000));
        var fraction = random.Next(6) switch { 0 => "", 1 => ".0", 2 => ".000000", 3 => "." + new string('9', 7 + random.Next(20)), _ => "." + random.Next(1_000_000).ToString("000000", CultureInfo.InvariantCulture) };
        var text = at.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture) + fraction;
        return random.Rarely(10) ? text.Replace('T', 't') + "z" : text + random.Pick("Z", "Z", "Z", "+00:00", "-00:00", "+05:45", "-12:00");
    }

    private static string IdOf(string scope, string lane, string identity, string time, byte[] content)
        => Convert.ToHexStringLower(SHA256.HashData([.. Encoding.UTF8.GetBytes($"eidV1{scope}{lane}{identity}{time}"), .. content]));

    private static string Deep(char bracket, int depth) => new(bracket, depth);

    private static string Deeper(int depth) => string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);
}
