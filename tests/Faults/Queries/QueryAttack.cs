using System.Text.Json;
using SensorDash.Faults.Tests.Bodies;

namespace SensorDash.Faults.Tests.Queries;

/// <summary>Every GET route of the API's description, and every page, with any parameters.</summary>
/// <param name="allowsBrokenConnections">The server is killed meanwhile.</param>
internal sealed class QueryAttack(AttackedServer server, Findings findings, bool allowsBrokenConnections = false)
{
    private const string Attack = "query";

    private static readonly Route[] _pages =
    [
        Page("/", "status", "zone", "q", "page"), Page("/nodes/{address}", "view", "page", "handler:Table"), Page("/zones"), Page("/system"),
        Page("/export", "node_address", "order", "time", "separator", "decimal", "resolution", "columns", "bom", "footer", "gzip", "handler:Download"),
        Page("/analytics", "nodes", "zone", "quantity", "view", "whole", "sort", "table", "handler:Bands,Hours,Comparison,Quality,SidePath,Csv"),
        Page("/events", "lanes", "scope", "connectionId", "streamId", "messageType", "payload", "payload.a", "timebase", "order", "view", "page", "handler:Counts"), Page("/events/{eventId}", "timebase", "time"),
        Page("/dist/app.css"), Page("/nothing"), Page("/nodes/{address}/x"), Page("/api"), Page("/api/nodes/{address}/nothing"),
    ];

    private readonly List<Route> _routes = [.. _pages];
    private Values _values = null!; // Read from the server before the first query.

    private sealed record Route(string Path, string[] Parameters, bool IsApi);

    /// <summary>Reads the description of the API and what the store has.</summary>
    public async Task PrepareAsync(IReadOnlyList<int> nodes, IReadOnlyList<string> eventIds, long now)
    {
        using var description = JsonDocument.Parse((await server.GetAsync("/openapi/v1.json")).Body);
        foreach (var path in description.RootElement.GetProperty("paths").EnumerateObject())
        {
            // A stream has no end.
            if (!path.Value.TryGetProperty("get", out var get) || get.GetRawText().Contains("text/event-stream", StringComparison.Ordinal)) continue;
            var parameters = get.TryGetProperty("parameters", out var all) ? all.EnumerateArray().Where(p => p.GetProperty("in").GetString() == "query").Select(p => p.GetProperty("name").GetString()!).ToArray() : [];
            _routes.Add(new(path.Name, parameters, IsApi: true));
        }
        var cursors = new List<string>();
        foreach (var path in (string[])["/api/sensor-data?limit=3", "/api/events?limit=2", "/api/events?limit=2&lanes=raw", "/api/events?limit=3&timebase=source&order=desc", "/api/events/metadata?limit=1"])
        {
            using var page = JsonDocument.Parse((await server.GetAsync(path)).Body);
            if (page.RootElement.GetProperty("next").GetString() is { } next) cursors.Add(next);
        }
        _values = new Values(nodes, eventIds, cursors, now);
    }

    /// <returns>False when the connection broke.</returns>
    public async Task<bool> SendAsync(int @case)
    {
        var random = AttackSize.RandomOf(Attack, @case);
        var (target, isUnknown) = Target(random, _routes[random.Next(_routes.Count)]);
        using var request = new HttpRequestMessage(random.Rarely(30) ? HttpMethod.Head : HttpMethod.Get, server.Target(target));
        if (random.Pick(null, null, "text/html", "application/json", "*/*", "text/html;q=0,x/y") is { } accept) request.Headers.TryAddWithoutValidation("Accept", accept);
        if (random.Rarely(10)) request.Headers.TryAddWithoutValidation("Cookie", $"sensordash-zone={random.Pick("Europe/Paris", "nowhere", "%00", "%FF", new string('a', 3_000))}; sensordash-theme={random.Pick("dark", "x")}; sensordash-forgery={random.Pick("x", "CfDJ8")}");
        if (await server.TrySendAsync(request, server.ClientWithoutCookies) is not { } response)
        {
            if (!allowsBrokenConnections) findings.Add($"{Attack} {@case}", $"{request.Method} {target}: the connection broke");
            return false;
        }
        if (AttackedServer.Judge(response) is { } error) findings.Add($"{Attack} {@case}", $"{request.Method} {target}: {error}");
        else if (isUnknown && response.Status is not (400 or 404 or 405)) findings.Add($"{Attack} {@case}", $"{request.Method} {target}: {response.Status} despite a parameter that does not exist");
        return true;
    }

    private (string Target, bool IsUnknown) Target(Random random, Route route)
    {
        var path = route.Path.Replace("{address}", $"{_values.Node(random)}", StringComparison.Ordinal).Replace("{eventId}", _values.EventId(random), StringComparison.Ordinal)
            .Replace("{id}", $"{random.Pick(0, 1, 2, -1, int.MaxValue)}", StringComparison.Ordinal);
        var isDamaged = random.Rarely(40);
        if (isDamaged) path = path[..random.Next(1, path.Length + 1)] + random.Pick("%00", "/", "//", "%2F", "%", ";x", "%E2%80%AE", "/..", "/%2e%2e/", "\\", "%5C", "%C3%A9");
        var (query, isUnknown) = (new List<string>(), false);
        var names = route.Parameters.ToArray();
        random.Shuffle(names);
        foreach (var name in names.Take(random.Next(random.Pick(2, 4, 8)))) query.Add(Parameter(random, name, _values.Of(random, name)));
        if (random.Rarely(10) && names.Length > 0) query.Add(Parameter(random, names[0], _values.Of(random, names[0])));
        if (random.Rarely(12))
        {
            var unknown = random.Pick("nonsense", "Limit", "LIMIT", "start-time", "node", "tz ", "%00", "é", "limit%00", "%E2%80%AE", "__proto__", "payload", "payload.", new string('x', 500));
            query.Add($"{unknown}={_values.Of(random, "x")}");
            isUnknown = route.IsApi && !isDamaged && !route.Parameters.Contains(unknown);
        }
        if (random.Rarely(50)) query.Add(random.Pick("=", "&&", "=x", "a=b=c", "?", "limit"));
        return (query.Count == 0 ? path : $"{path}?{string.Join('&', query)}", isUnknown);
    }

    private static string Parameter(Random random, string name, string value)
    {
        if (name.StartsWith("handler:", StringComparison.Ordinal)) return $"handler={(random.Rarely(6) ? "Nothing" : random.Pick<string>(name["handler:".Length..].Split(',')))}";
        return $"{name.Replace("<path>", random.Pick("a", "a.0", "a.b.c", ".", "", "0", string.Join('.', Enumerable.Repeat("a", 80)), "%00", "é", "'", "\"", "value", "a..b", "99999999999"), StringComparison.Ordinal)}={value}";
    }

    private static Route Page(string path, params string[] parameters) => new(path, [.. parameters, "range", "from", "to", "tz", "unit", "refresh", "base"], IsApi: false);
}
