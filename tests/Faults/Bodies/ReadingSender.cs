using System.Text.Json;

namespace SensorDash.Faults.Tests.Bodies;

/// <summary>Posts bodies of readings of its own nodes, one after the other, and knows what the store must hold afterwards.</summary>
internal sealed class ReadingSender(AttackedServer server, Findings findings, int number, long now)
{
    private const string Attack = "post readings";

    private readonly int[] _nodes = [1_000 + (3 * number), 1_001 + (3 * number), int.MaxValue - number];
    private readonly Dictionary<(long Node, long Time), Row> _stored = [];

    /// <summary>Every reading that a response has covered; the first of a key.</summary>
    public IReadOnlyDictionary<(long Node, long Time), Row> Stored => _stored;

    /// <summary>Readings of a body whose response did not arrive: they may be stored or not.</summary>
    public HashSet<(long Node, long Time)> Unsure { get; } = [];

    public IEnumerable<int> Nodes => _nodes;

    /// <returns>False when the connection broke.</returns>
    public async Task<bool> SendAsync(int @case)
    {
        var random = AttackSize.RandomOf($"{Attack} {number}", @case);
        var made = new ReadingGrammar(_nodes, now).Make(random);
        var bytes = random.Rarely(3) ? Mutation.Mutate(random, made.Bytes) : made.Bytes;
        var expected = ReferenceReadings.Of(made.Format, bytes, now, made.UnitsPerSecond);
        if (expected.DependsOnClock || expected.Accepted.Any(a => !_nodes.Contains((int)a.Row.Node)))
            (bytes, expected) = (made.Bytes, ReferenceReadings.Of(made.Format, made.Bytes, now, made.UnitsPerSecond));

        var (path, mediaType) = made.Format switch
        {
            ReadingFormat.Json => ("/api/sensor-data", random.Pick("application/json", "text/json", "Application/JSON")),
            ReadingFormat.Ndjson => ("/api/sensor-data", random.Pick("application/x-ndjson", "application/ndjson", "application/jsonl")),
            _ => ($"{random.Pick("/write", "/api/v2/write")}?precision={made.UnitsPerSecond switch { 1 => "s", 1_000 => "ms", 1_000_000 => random.Pick("us", "u"), _ => random.Pick("ns", "n") }}&db=x", "text/plain"),
        };
        Response? response;
        var isRetry = false;
        while (true)
        {
            using var request = Transport.Post(random, server.Target(path), bytes, mediaType);
            response = await server.TrySendAsync(request);
            if (response?.Status is not (429 or 503)) break;
            isRetry = true; // Parts of it may be stored already.
        }
        if (response is null)
        {
            foreach (var (_, row) in expected.Accepted) Unsure.Add((row.Node, row.Time));
            return false;
        }
        isRetry |= expected.Accepted.Any(a => Unsure.Contains((a.Row.Node, a.Row.Time)));
        var (inserted, duplicates) = (0, 0);
        foreach (var (_, row) in expected.Accepted)
        {
            var key = (row.Node, row.Time);
            if (Unsure.Contains(key)) continue; // Either value may be the first.
            if (_stored.TryAdd(key, row)) inserted++;
            else duplicates++;
        }
        if (AttackedServer.Judge(response) is { } error) findings.Add($"{Attack} {number}/{@case}", error, bytes);
        else if (Differs(made.Format, response, expected, isRetry ? null : (inserted, duplicates)) is { } difference) findings.Add($"{Attack} {number}/{@case}", $"{difference}: {response.Text}", bytes);
        return true;
    }

    private static string? Differs(ReadingFormat format, Response response, ReferenceReadings expected, (int Inserted, int Duplicates)? counts)
    {
        var (accepted, rejected) = (expected.Accepted.Count, expected.Rejected.Count);
        var status = format == ReadingFormat.Lines ? (rejected > 0 ? 400 : 204) : accepted > 0 ? 200 : 400;
        if (response.Status != status) return $"status {response.Status}, not {status}";
        if (status == 204) return null;
        using var json = JsonDocument.Parse(response.Body);
        var root = json.RootElement;
        if (format == ReadingFormat.Lines)
            return root.GetProperty("line").GetInt64() == expected.Rejected[0] ? null : $"line {expected.Rejected[0]} is the first rejected one";
        var (inserted, duplicates) = (root.GetProperty("inserted").GetInt32(), root.GetProperty("duplicates").GetInt32());
        if (inserted + duplicates != accepted || (counts is { } c && (inserted, duplicates) != c)) return $"{accepted} accepted, of them {counts}";
        if (expected.EndsEarly) return root.GetProperty("rejected_count").GetInt64() > 0 ? null : "nothing rejected";
        if (root.GetProperty("rejected_count").GetInt64() != rejected) return $"{rejected} rejected";
        return root.GetProperty("rejected").EnumerateArray().Select(r => r.GetProperty("line").GetInt64()).SequenceEqual(expected.Rejected.Take(100)) ? null : $"rejected are {string.Join(',', expected.Rejected)}";
    }
}
