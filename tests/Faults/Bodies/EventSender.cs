using System.Text;
using System.Text.Json;

namespace SensorDash.Faults.Tests.Bodies;

/// <summary>Posts bodies of events of its own scope, and damaged ones of another, and knows what the store must hold afterwards.</summary>
internal sealed class EventSender(AttackedServer server, Findings findings, int number)
{
    private const string Attack = "post events";

    private readonly EventGrammar _grammar = new($"sender-{number}");
    private readonly EventGrammar _ofDamaged = new($"damaged_{number}");
    private readonly HashSet<string> _requests = [];
    private readonly Dictionary<string, MeantEvent> _stored = [];
    private bool _isUnsure;

    /// <summary>Events that a response has covered, by id.</summary>
    public IReadOnlyDictionary<string, MeantEvent> Stored => _stored;

    /// <returns>False when the connection broke.</returns>
    public async Task<bool> SendAsync(int @case)
    {
        var random = AttackSize.RandomOf($"{Attack} {number}", @case);
        var isDamaged = random.Rarely(3);
        var made = (isDamaged ? _ofDamaged : _grammar).Make(random);
        var bytes = isDamaged ? Mutation.Mutate(random, made.Bytes) : made.Bytes;
        Response? response;
        do
        {
            using var request = Transport.Post(random, server.Target("/api/events"), bytes, made.IsArray ? "application/json" : "application/x-ndjson");
            response = await server.TrySendAsync(request);
            _isUnsure |= response?.Status is null or 429 or 503;
        }
        while (response?.Status is 429 or 503);
        if (response is null) return false;
        if (AttackedServer.Judge(response) is { } error) findings.Add($"{Attack} {number}/{@case}", error, bytes);
        else if (!isDamaged && Differs(response, made) is { } difference) findings.Add($"{Attack} {number}/{@case}", $"{difference}: {response.Text}", bytes);
        return true;
    }

    private string? Differs(Response response, EventBody made)
    {
        var (inserted, duplicates, again, valid) = (0, 0, new List<long>(), 0);
        for (var i = 0; i < made.Lines.Count; i++)
        {
            if (made.Lines[i] is not { } meant) continue;
            valid++;
            if (_stored.ContainsKey(meant.Id)) duplicates++;
            else if (meant.Request is { } request && !_requests.Add(request)) again.Add(i + 1);
            else if (_stored.TryAdd(meant.Id, meant)) inserted++;
        }
        var status = valid > 0 ? 200 : 400;
        if (response.Status != status) return $"status {response.Status}, not {status}";
        using var json = JsonDocument.Parse(response.Body);
        var root = json.RootElement;
        var given = (root.GetProperty("inserted").GetInt32(), root.GetProperty("duplicates").GetInt32(), root.GetProperty("alreadyAccepted").GetArrayLength());
        // After a broken connection events may be stored that no response has covered.
        if (_isUnsure ? given.Item1 + given.Item2 + given.Item3 != valid : given != (inserted, duplicates, again.Count)) return $"{inserted} new, {duplicates} known, again {string.Join(',', again)}";
        if (root.GetProperty("rejectedCount").GetInt64() != made.Lines.Count - valid) return $"{made.Lines.Count - valid} invalid";
        return root.GetProperty("rejected").EnumerateArray().Select(r => r.GetProperty("line").GetInt64()).All(line => made.Lines[(int)line - 1] is null) ? null : "a valid line is rejected";
    }

    /// <summary>Adds a finding for every event that is missing or altered in an export of all events.</summary>
    public static void Check(byte[] export, IEnumerable<EventSender> senders, Findings findings)
    {
        var found = new Dictionary<string, (string Time, string Content)>();
        foreach (var line in ReferenceJson.Latin1(export).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = new ReferenceJson(line).TakeObject()!.ToDictionary(f => f.Name!, f => f.Value);
            var content = fields.GetValueOrDefault("payload") ?? fields.GetValueOrDefault("data") ?? fields["bytes"].Trim('"');
            if (!found.TryAdd(fields["eventId"].Trim('"'), (fields["sourceTruthTime"].Trim('"'), content))) findings.Add("stored events", $"twice: {line}");
        }
        foreach (var meant in senders.SelectMany(sender => sender.Stored.Values))
        {
            var expected = (meant.Time, ReferenceJson.Latin1(Encoding.UTF8.GetBytes(meant.Content)));
            if (!found.TryGetValue(meant.Id, out var given)) findings.Add("stored events", $"missing: {meant}");
            else if (given != expected) findings.Add("stored events", $"{given}, not {meant}");
        }
    }
}
