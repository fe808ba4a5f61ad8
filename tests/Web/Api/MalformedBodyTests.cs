using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Api;

/// <summary>Bodies that are not what their headers say, and senders that go away: never a 500, never an error in the log.</summary>
public sealed class MalformedBodyTests() : ApiTests(
    ("Logging:LogLevel:Microsoft.AspNetCore.Routing.EndpointMiddleware", "Information"), ("Logging:LogLevel:Microsoft.AspNetCore.Server.Kestrel.Connections", "Debug"))
{
    private const string Ndjson = "application/x-ndjson";

    private static readonly string _reading = $$"""{"node_address":12,"timestamp":{{Noon}},"temperature_celsius":21.5}""";

    public static TheoryData<string, string> Endpoints => new()
    {
        { "/api/sensor-data", "application/json" },
        { "/api/sensor-data", Ndjson },
        { "/api/events", "application/json" },
        { "/api/events", Ndjson },
        { "/write?precision=s", "text/plain" },
        { "/api/zones", "application/json" },
    };

    public static TheoryData<string> Encodings => ["gzip", "deflate", "br"];

    [Theory]
    [InlineData("\"\\ud800\":1")]
    [InlineData("\"lan\\ud83d\":1")]
    [InlineData("\"\\udc00\\ud800\":{\"a\":1}")]
    [InlineData("\"note\":{\"\\ud800\":\"\\udfff\"},\"\\ud800\\u0041\":1")]
    public async Task Events_NameWithHalfASurrogatePair_IsARejectedLineAndTheGoodAreKept(string member)
    {
        var bad = $"{{{member},{EventsApiTests.Parsed("b").Trim()[1..]}";
        var lines = await JsonOfAsync(await PostAsync("/api/events", $"{EventsApiTests.Raw.Trim()}\n{bad}\n{EventsApiTests.Parsed("a")}", Ndjson));
        Assert.Equal((2, 1), (lines.GetProperty("inserted").GetInt32(), lines.GetProperty("rejectedCount").GetInt32()));
        Assert.Contains("surrogate", lines.GetProperty("rejected")[0].GetProperty("error").GetString(), StringComparison.Ordinal);

        var array = await JsonOfAsync(await PostAsync("/api/events", $"[{EventsApiTests.Raw},{bad},{EventsApiTests.Parsed("a")}]"));
        Assert.Equal((2, 1), (array.GetProperty("duplicates").GetInt32(), array.GetProperty("rejectedCount").GetInt32()));
        AssertNoErrorLogged();
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Post_EscapesThatAreNoText_AreNoError(string path, string mediaType)
    {
        foreach (var body in (string[])["{\"\\ud800\":1}", "{\"name\":\"\\udc00\"}", "{\"lane\":\"\\ud800\"}", "{\"device_id\":\"\\ud800\"}", "{\"name\":{\"\\ud800\":1}}"])
        {
            using var response = await PostAsync(path, body, mediaType);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }
        AssertNoErrorLogged();
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Post_BytesThatAreNoUtf8_AreNoError(string path, string mediaType)
    {
        foreach (var bad in (byte[][])[[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]])
        {
            using var name = await PostAsync(path, [.. "{\""u8, .. bad, .. "\\u0041\":1,\"name\":1}"u8], mediaType);
            Assert.Equal(HttpStatusCode.BadRequest, name.StatusCode);
            using var value = await PostAsync(path, [.. "{\"name\":\""u8, .. bad, .. "\",\"device_id\":\""u8, .. bad, .. "\"}"u8], mediaType);
            Assert.Equal(HttpStatusCode.BadRequest, value.StatusCode);
        }
        AssertNoErrorLogged();
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public async Task Post_CompressionThatIsNone_Is400(string encoding)
    {
        var random = new Random(1);
        var good = Compress(encoding, [.. Enumerable.Range(0, 20_000).Select(_ => (byte)random.Next('a', 'z'))]);
        foreach (var path in (string[])["/api/sensor-data", "/api/events", "/write?precision=s", "/api/zones", "/api/nodes/12/metadata"])
        {
            for (var i = 0; i < 20; i++)
            {
                var body = i % 2 == 0 ? good.ToArray() : new byte[random.Next(1, 5000)];
                random.NextBytes(body.AsSpan(i % 2 == 0 ? random.Next(body.Length - 8) : 0));
                if (i == 4) body = good[..(good.Length / 2)];
                using var content = new ByteArrayContent(body);
                content.Headers.ContentType = MediaTypeHeaderValue.Parse(path[..4] == "/api" ? "application/json" : "text/plain");
                content.Headers.ContentEncoding.Add(encoding);
                using var response = path.EndsWith("metadata", StringComparison.Ordinal) ? await Client.PutAsync(path, content) : await Client.PostAsync(path, content);
                Assert.True(response.StatusCode == HttpStatusCode.BadRequest, $"{path} {i}: {response.StatusCode}");
            }
        }
        AssertNoErrorLogged();
    }

    [Theory]
    [InlineData("zz\r\nabc\r\n0\r\n\r\n")]
    [InlineData("ffffffffffffffffff\r\nabc")]
    [InlineData("-1\r\nabc\r\n0\r\n\r\n")]
    [InlineData("3\r\nabcdef\r\n0\r\n\r\n")]
    [InlineData("3\nabc\r\n0\r\n\r\n")]
    [InlineData("\r\n\r\n")]
    [InlineData("3;\u0000=\u0001\r\nabc\r\nx\r\n\r\n")]
    [InlineData("3\r\n{}\n\r\n0\r\nbad trailer\r\n\r\n")]
    public async Task Post_MalformedChunks_Is400AndTheConnectionEnds(string chunks)
    {
        foreach (var (path, type) in Endpoints.Select(row => ((string)row[0], (string)row[1])).Append(("/api/sensor-data", "text/wrong")))
        {
            var answer = await SendRawAsync($"POST {path} HTTP/1.1\r\nHost: {App.Address.Authority}\r\nContent-Type: {type}\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");

            AssertNoErrorLogged();
            // A body that nobody reads is refused for what was seen of it; then the connection ends all the same.
            Assert.StartsWith(type == "text/wrong" ? "HTTP/1.1 415 " : "HTTP/1.1 400 ", answer, StringComparison.Ordinal);
            Assert.Single(answer.Split("HTTP/1.1 ", StringSplitOptions.RemoveEmptyEntries));
        }
        AssertNoErrorLogged();
    }

    [Fact]
    public async Task Post_SenderGoesAwayInTheMiddle_IsNothing()
    {
        var requests = 0;
        foreach (var (path, type) in Endpoints.Select(row => ((string)row[0], (string)row[1])).Append(("/zones", "application/x-www-form-urlencoded")).Append(("/query", "multipart/form-data; boundary=x")))
        {
            foreach (var headers in (string[])["Content-Length: 100000\r\n", "Content-Length: 100000\r\nContent-Encoding: br\r\n", "Transfer-Encoding: chunked\r\n"])
            {
                foreach (var isReset in (bool[])[true, false])
                {
                    // Not a TcpClient, which shuts down before it resets.
                    using var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { LingerState = new(isReset, 0) };
                    await client.ConnectAsync(App.Address.Host, App.Address.Port);
                    var begin = headers[0] == 'T' ? $"1000\r\n{_reading}" : _reading;
                    await client.SendAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: {App.Address.Authority}\r\nContent-Type: {type}\r\n{headers}\r\n{begin}"));
                    requests++;
                    await WaitFor.TrueAsync("the request", () => Count("Executing endpoint") - Count("Executing endpoint '/Error") == requests);
                    await Task.Delay(20); // So that most are read by then; those that are not must be nothing either.
                }
                // Kestrel reads the rest of a body after the request.
                await WaitFor.TrueAsync("the end of the connections", () => Count("\" stopped.") == requests);
            }
        }
        AssertNoErrorLogged();

        int Count(string text) => App.Logs.Entries.Count(e => e.Text.Contains(text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Content-Type: text/wrong\r\n", "{\"name\":\"GET / HTTP/1.1\"}", 415)]
    [InlineData("Content-Type: application/json\r\nContent-Encoding: zstd\r\n", "GET /api/nodes HTTP/1.1\r\n\r\n", 415)]
    [InlineData("Content-Type: application/json\r\nContent-Encoding: br\r\n", "GET /api/nodes HTTP/1.1\r\n\r\n", 400)]
    [InlineData("Content-Type: application/json\r\n", "x]GET /api/nodes HTTP/1.1\r\n\r\n", 400)]
    public async Task Post_BodyNotReadToItsEnd_LeavesTheConnectionSound(string headers, string body, int status)
    {
        foreach (var path in (string[])["/api/sensor-data", "/api/events", "/api/zones"])
        {
            var answer = await SendRawAsync($"POST {path} HTTP/1.1\r\nHost: {App.Address.Authority}\r\n{headers}Content-Length: {body.Length}\r\n\r\n{body}"
                + $"GET /health/live HTTP/1.1\r\nHost: {App.Address.Authority}\r\nConnection: close\r\n\r\n");

            Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
            var answers = answer.Split("HTTP/1.1 ", StringSplitOptions.RemoveEmptyEntries);
            // Either the server said that it ends the connection, or it took the next request for what it is.
            if (answers is [var only]) Assert.Contains("Connection: close", only, StringComparison.Ordinal);
            else Assert.True(answers is [_, var second] && second.StartsWith("200 OK", StringComparison.Ordinal), answer);
        }
        AssertNoErrorLogged();
    }

    private async Task<string> SendRawAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(App.Address.Host, App.Address.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        using var answer = new MemoryStream();
        await stream.CopyToAsync(answer).WaitAsync(WaitFor.Limit); // The server ends the connection.
        return Encoding.UTF8.GetString(answer.ToArray());
    }

    private void AssertNoErrorLogged()
    {
        var errors = string.Join('\n', App.Logs.Entries.Where(e => e.Level >= LogLevel.Warning).Select(e => e.Text));
        Assert.True(errors.Length == 0, errors);
    }

    private static byte[] Compress(string encoding, byte[] body)
    {
        using var compressed = new MemoryStream();
        using (Stream stream = encoding switch
        {
            "gzip" => new GZipStream(compressed, CompressionLevel.Fastest),
            "deflate" => new ZLibStream(compressed, CompressionLevel.Fastest),
            _ => new BrotliStream(compressed, CompressionLevel.Fastest),
        })
        {
            stream.Write(body);
        }
        return compressed.ToArray();
    }
}
