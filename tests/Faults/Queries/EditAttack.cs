using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using SensorDash.Faults.Tests.Bodies;

namespace SensorDash.Faults.Tests.Queries;

/// <summary>Edits of nodes and zones, as JSON and as forms of the pages, with any values.</summary>
/// <param name="nodes">Nodes that may be edited and deleted.</param>
/// <param name="allowsBrokenConnections">The server is killed meanwhile.</param>
internal sealed partial class EditAttack(AttackedServer server, Findings findings, int[] nodes, long now, bool allowsBrokenConnections = false)
{
    private const string Attack = "edit";

    private static readonly string[] _texts =
    [
        "", " ", "Greenhouse", "é", "😀", "<b>", "'", "\"", "\\", "\0", "\u202e", "\uFEFF", "\n", "\t", "a\r\nb", "#22C55E", "#zzzzzz", "#22c55e", "=1+1", "@x", "{{", "null", "%00", "a\u0301", "\u2028", new string('n', 100), new string('é', 500), new string('x', 5_000), "İ", "١",
    ];

    private static readonly string[] _jsonValues =
    [
        "null", "\"\"", "\"name\"", "0", "1", "2", "-1", "1.0", "1e2", "2147483648", "99999999999999999999", "true", "[]", "{}", "\"\\ud800\"", "\"\\u0000\"", "\"\\u202e\"", "\"#22C55E\"", "\"#22C55\"", "\"1\"", "3600", "2592001", "\"a\\nb\"",
    ];

    private string? _token;

    /// <returns>False when the connection broke.</returns>
    public async Task<bool> SendAsync(int @case)
    {
        var random = AttackSize.RandomOf(Attack, @case);
        using var request = random.Rarely(3) && await TrySignInAsync(random) ? Form(random) : Json(random);
        var described = $"{request.Method} {request.RequestUri!.PathAndQuery}";
        var input = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync();
        if (await server.TrySendAsync(request) is not { } response)
        {
            if (!allowsBrokenConnections) findings.Add($"{Attack} {@case}", $"{described}: the connection broke", input);
            return false;
        }
        if (AttackedServer.Judge(response) is { } error) findings.Add($"{Attack} {@case}", $"{described}: {error}", input);
        return true;
    }

    private HttpRequestMessage Json(Random random)
    {
        var node = nodes[random.Next(nodes.Length)];
        var (method, path, fields) = random.Next(8) switch
        {
            0 => (HttpMethod.Delete, $"/api/nodes/{node}", []),
            1 => (HttpMethod.Delete, $"/api/zones/{random.Next(40)}", []),
            2 or 3 => (HttpMethod.Post, "/api/zones", ["name", "color", "description"]),
            4 => (HttpMethod.Put, $"/api/zones/{random.Next(40)}", ["name", "color", "description"]),
            5 => (HttpMethod.Put, $"/api/nodes/{node}/zone", ["zone_id"]),
            6 => (HttpMethod.Post, "/api/sensor-data", ["node_address"]),
            _ => (HttpMethod.Put, $"/api/nodes/{node}/metadata", (string[])["name", "location", "notes", "zone_id", "expected_interval_s"]),
        };
        if (path == "/api/sensor-data")
            return Transport.Post(random, server.Target(path), Encoding.ASCII.GetBytes($"{{\"node_address\":{node},\"timestamp\":{now - random.Next(100_000)},\"humidity_percent\":5}}"), "application/json");
        var members = fields.Where(_ => !random.Rarely(3)).Select(f => $"\"{f}\":{(random.Rarely(2) ? random.Pick<string>(_jsonValues) : Spelling.Text(random, random.Pick<string>(_texts)))}").ToList();
        if (random.Rarely(10)) members.Add(random.Pick("\"x\":1", "\"\\ud800\":1", "\"name\":\"again\"", "\"Name\":\"x\""));
        var body = Encoding.UTF8.GetBytes($"{{{string.Join(',', members)}}}");
        if (random.Rarely(5)) body = Mutation.Mutate(random, body);
        var request = method == HttpMethod.Delete ? new HttpRequestMessage(method, server.Target(path)) : Transport.Post(random, server.Target(path), body, "application/json");
        request.Method = method;
        return request;
    }

    private HttpRequestMessage Form(Random random)
    {
        var node = nodes[random.Next(nodes.Length)];
        var (path, fields) = random.Next(5) switch
        {
            0 => ("/zones?handler=Add", (string[])["name", "color", "description"]),
            1 => ($"/zones?handler=Edit&id={random.Next(40)}", ["name", "color", "description"]),
            2 => ($"/zones?handler=Delete&id={random.Pick("1", "2", "x", "-1", "99999999999")}", ["typedName"]),
            3 => ($"/nodes/{node}?handler=Delete", ["typedName", "typedAddress"]),
            _ => ($"/nodes/{node}?handler=Edit", ["Form.Name", "Form.Location", "Form.Notes", "Form.ZoneId", "Form.ExpectedInterval"]),
        };
        var values = fields.Where(_ => !random.Rarely(4)).Select(f => KeyValuePair.Create(f, random.Rarely(2) ? random.Pick<string>(_texts) : random.Next(-2, 40).ToString(CultureInfo.InvariantCulture))).ToList();
        if (!random.Rarely(10)) values.Add(new("__RequestVerificationToken", random.Rarely(20) ? "damaged" : _token!));
        var request = new HttpRequestMessage(HttpMethod.Post, server.Target(path + random.Pick("", "&range=7d", "&tz=nowhere", "&q=%E2%80%AE"))) { Content = new FormUrlEncodedContent(values) };
        request.Headers.Add("Accept", random.Pick("text/html", "*/*"));
        return request;
    }

    // Reads the token of a form; the client keeps the cookie that belongs to it.
    private async Task<bool> TrySignInAsync(Random random)
    {
        if (_token is not null && !random.Rarely(50)) return true;
        using var request = new HttpRequestMessage(HttpMethod.Get, server.Target("/zones"));
        if (await server.TrySendAsync(request) is { Status: 200 } page) _token = TokenField().Match(page.Text).Groups[1].Value;
        return _token is not null;
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" type=\"hidden\" value=\"([^\"]+)\"")]
    private static partial Regex TokenField();
}
