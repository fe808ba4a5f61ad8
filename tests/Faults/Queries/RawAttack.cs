using System.Globalization;
using System.Net.Sockets;
using System.Text;
using SensorDash.Faults.Tests.Bodies;

namespace SensorDash.Faults.Tests.Queries;

/// <summary>Bytes on a connection that no HTTP client sends. The server may close it, and may answer with a 4xx, but must not fail.</summary>
/// <param name="node">A node whose readings nobody compares: some of them arrive in part.</param>
internal sealed class RawAttack(AttackedServer server, Findings findings, int node, long now)
{
    private const string Attack = "raw";
    private const int MaxRead = 4 << 20;

    private static readonly TimeSpan _silence = TimeSpan.FromMilliseconds(300);

    private static readonly string[] _methods = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PRI", "get", "G\u0001T", "", new string('M', 300), "PROPFIND"];
    private static readonly string[] _targets = ["/", "/api/sensor-data", "/write", "/api/events", "/api/nodes/1/metadata", "/zones?handler=Add", "/query", "*", "http://localhost/api/nodes", "http://evil.example/", "//evil/", "localhost:80", "/%", "/\u0001", "/é", "", "/../../etc/passwd", "/api/zones/1"];
    private static readonly string[] _versions = ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1.10", ""];

    public async Task SendAsync(int @case)
    {
        var random = AttackSize.RandomOf(Attack, @case);
        var (bytes, resets) = Make(random);
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(server.Address.Host, server.Address.Port);
            for (var at = 0; at < bytes.Length;)
            {
                var length = random.Rarely(3) ? Math.Min(bytes.Length - at, 1 + random.Next(300)) : bytes.Length - at;
                await socket.SendAsync(bytes.AsMemory(at, length));
                at += length;
            }
            if (resets)
            {
                socket.LingerState = new LingerOption(true, 0); // Closing sends a reset.
                return;
            }
            var response = await ReadAsync(socket);
            if (response.Length >= MaxRead) findings.Add($"{Attack} {@case}", "the response is too long", bytes);
            var text = Encoding.Latin1.GetString(response);
            for (var at = text.IndexOf("HTTP/1.1 5", StringComparison.Ordinal); at >= 0; at = text.IndexOf("HTTP/1.1 5", at + 1, StringComparison.Ordinal))
                if (!IsAllowed(text[at..])) findings.Add($"{Attack} {@case}", text[at..Math.Min(text.Length, at + 600)], bytes);
        }
        catch (OperationCanceledException)
        {
            findings.Add($"{Attack} {@case}", "the server neither answers nor ends the connection", bytes);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            // The server closed the connection while bytes were on their way.
        }
    }

    // An unknown version, or a store that is busy.
    private static bool IsAllowed(string response)
    {
        var head = response.Split("\r\n\r\n")[0];
        return head[9..].StartsWith("505", StringComparison.Ordinal) || (head[9..].StartsWith("503", StringComparison.Ordinal) && head.Contains("\r\nRetry-After:", StringComparison.OrdinalIgnoreCase));
    }

    // The sender's end must come after the response: Kestrel aborts a request whose sender has ended. A sender that says nothing more ends it at last.
    private static async Task<byte[]> ReadAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(3 * SensorDash.Tests.Support.WaitFor.Limit);
        using var result = new MemoryStream();
        var buffer = new byte[8192];
        var end = EndAsync();
        while (result.Length < MaxRead && await socket.ReceiveAsync(buffer, limit.Token) is var length and > 0) await result.WriteAsync(buffer.AsMemory(0, length), CancellationToken.None);
        await limit.CancelAsync();
        await end;
        return result.ToArray();

        async Task EndAsync()
        {
            await Task.Delay(_silence, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!limit.IsCancellationRequested) socket.Shutdown(SocketShutdown.Send);
        }
    }

    private (byte[] Bytes, bool Resets) Make(Random random)
    {
        var body = new ReadingGrammar([node], now).Make(random);
        var type = body.Format switch { ReadingFormat.Json => "application/json", ReadingFormat.Ndjson => "application/x-ndjson", _ => "text/plain" };
        var path = body.Format == ReadingFormat.Lines ? "/write?precision=s" : random.Pick("/api/sensor-data", "/api/events");
        var start = $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {type}\r\n";
        switch (random.Next(14))
        {
            case 0: // Shorter than its length; closed or reset.
                return (Join($"{start}Content-Length: {body.Bytes.Length + random.Next(1, 100)}\r\n\r\n", body.Bytes), random.Rarely(2));
            case 1: // Cut in the middle.
                return (Join($"{start}Content-Length: {body.Bytes.Length}\r\n\r\n", body.Bytes[..random.Next(body.Bytes.Length)]), random.Rarely(2));
            case 2:
                var size = random.Pick("FFFFFFFF", "7FFFFFFFFFFFFFFF", "FFFFFFFFFFFFFFFFFFFF", "-1", "0x10", "g", "", " 5", "5 ;x", "5;a=" + new string('b', 5_000), "00000000000000000005", "80000000");
                return (Join($"{start}Transfer-Encoding: chunked\r\n\r\n{size}\r\n", body.Bytes, "\r\n0\r\n\r\n"), random.Rarely(4));
            case 3: // A chunk that ends where it must not, trailers, a second request behind it.
                return (Join($"{start}Transfer-Encoding: chunked\r\n\r\n{body.Bytes.Length:x}\r\n", body.Bytes, random.Pick("\r\n", "", "\n", "X") + "0\r\n" + random.Pick("", "X: y\r\n", "Content-Length: 5\r\n", ":\r\n", new string('t', 40_000)) + "\r\nGET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"), false);
            case 4: // Lengths that contradict each other.
                return (Join($"{start}Content-Length: {random.Pick("5", "-1", "+5", "0x5", "5, 5", "5, 6", "99999999999999999999", "", "é")}\r\n{random.Pick("", "Content-Length: 6\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: identity\r\n")}\r\n", body.Bytes), false);
            case 5:
                return (Join($"{random.Pick<string>(_methods)} {random.Pick<string>(_targets)} {random.Pick<string>(_versions)}\r\nHost: {random.Pick("localhost", "127.0.0.1", "[::1]", "evil.example", "", "a b", "localhost:99999", "é", new string('h', 300))}\r\n\r\n"), false);
            case 6: // Many headers, long ones, odd ones.
                var headers = random.Next(4) switch
                {
                    0 => string.Concat(Enumerable.Range(0, random.Pick(99, 101, 2_000)).Select(i => string.Create(CultureInfo.InvariantCulture, $"X-{i}: y\r\n"))),
                    1 => $"X: {new string('y', random.Pick(8_000, 33_000, 200_000))}\r\n",
                    2 => random.Pick(" folded: x\r\n", "no colon\r\n", ": empty\r\n", "X\0: y\r\n", "X: a\0b\r\n", "X : y\r\n", "X: y\n", "X: \u0001\r\n", "X: é\r\n"),
                    _ => $"{random.Pick("Accept", "Content-Type", "Content-Encoding", "Cookie", "Origin", "Sec-Fetch-Site", "Accept-Encoding", "If-None-Match", "Range", "Expect", "Upgrade", "Connection", "traceparent", "X-Forwarded-For", "X-HTTP-Method-Override")}: {random.Pick("", "x", "text/html", "100-continue", "h2c", "websocket", "close, keep-alive", "bytes=0-1,5-,-3", "gzip, gzip", "zstd", "null", "00-0-0-0", new string(';', 500), "application/json; charset=\"")}\r\n",
                };
                return (Join($"{random.Pick("GET", "POST")} {random.Pick("/", "/api/nodes", "/api/sensor-data", "/zones", "/api/sensor-data/export", "/dist/app.css")} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"), false);
            case 7: // Compressed, but damaged, cut, twice, or not at all.
                var encoding = random.Pick("gzip", "br", "deflate");
                var compressed = Transport.Compress(encoding, body.Bytes);
                if (random.Rarely(2)) compressed = Mutation.Mutate(random, compressed);
                if (random.Rarely(4)) compressed = [.. compressed, .. compressed];
                return (Join($"{start}Content-Encoding: {random.Pick(encoding, encoding, encoding, "gzip, br", "GZIP", "x-gzip", "zstd", "identity", "identity, gzip", "")}\r\nContent-Length: {compressed.Length}\r\n\r\n", compressed), random.Rarely(8));
            case 8: // A preface of HTTP/2, TLS, nothing, or noise.
                var noise = new byte[random.Next(400)];
                random.NextBytes(noise);
                return (random.Pick("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0"u8.ToArray(), [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3], [], "\r\n\r\n\r\n"u8.ToArray(), noise), false);
            case 9: // Several requests in one go.
                return (Join(string.Concat(Enumerable.Repeat($"GET {random.Pick("/health/live", "/api/zones", "/nothing")} HTTP/1.1\r\nHost: localhost\r\n\r\n", random.Pick(2, 50)))), random.Rarely(4));
            case 10: // The response is not read.
                return (Join("GET /api/sensor-data/export HTTP/1.1\r\nHost: localhost\r\n\r\n"), true);
            case 11: // A form.
                var form = random.Pick("name=x&color=y", string.Concat(Enumerable.Range(0, 1_500).Select(i => string.Create(CultureInfo.InvariantCulture, $"k{i}=v&"))), "%", "a=" + new string('b', 70_000), "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n", "\0");
                return (Join($"POST {random.Pick("/zones?handler=Add", "/query", "/nodes/1000?handler=Edit", "/analytics?handler=Rebuild", "/")} HTTP/1.1\r\nHost: localhost\r\n{random.Pick("", "Accept: text/html\r\n")}Content-Type: {random.Pick("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data", "multipart/form-data; boundary=" + new string('b', 200))}\r\nContent-Length: {form.Length}\r\n\r\n{form}"), random.Rarely(8));
            case 12: // An edit.
                var json = random.Pick("{}", "{\"name\":\"\\ud800\"}", "{\"name\":1}", "[", "", new string('[', 5_000), "{\"zone_id\":99999999999}", "{\"zone_id\":1e2}", "{\"name\":\"a\\u0000\"}", "{\"name\":\"x\",\"name\":\"y\"}", "\uFEFF{}");
                return (Join($"{random.Pick("PUT", "POST", "DELETE", "PATCH")} {random.Pick("/api/nodes/1/metadata", "/api/nodes/1/zone", "/api/zones", "/api/zones/1", "/api/system/analytics/rebuild")} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {random.Pick("application/json", "text/json", "application/vnd.x+json", "")}\r\nContent-Length: {Encoding.UTF8.GetByteCount(json)}\r\n\r\n{json}"), random.Rarely(8));
            default:
                return (Mutation.Mutate(random, Join($"{start}Content-Length: {body.Bytes.Length}\r\nConnection: close\r\n\r\n", body.Bytes)), random.Rarely(8));
        }
    }

    private static byte[] Join(string start, byte[]? body = null, string end = "") => [.. Encoding.UTF8.GetBytes(start), .. body ?? [], .. Encoding.UTF8.GetBytes(end)];
}
