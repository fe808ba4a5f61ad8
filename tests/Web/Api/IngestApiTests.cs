using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Api;

public class IngestApiTests() : ApiTests(("Ingest:MaxBodyMiB", "1"), ("Ingest:BufferCapacity", "5000"))
{
    private const string Path = "/api/sensor-data";
    private const string Ndjson = "application/x-ndjson";

    private static readonly string _one = Object(12, Noon);

    [Fact]
    public async Task Post_OneObject_IsStoredExactlyAndAnswered()
    {
        using var response = await PostAsync(Path, $$"""
            {"node_address": 12, "timestamp": {{Noon}}, "temperature_celsius": 25.34, "humidity_percent": 65.21, "flags": 3,
             "received_at": {{Noon + 5}}, "device_id": "18446744073709551615"}
            """);

        var answer = await JsonOfAsync(response);
        Assert.Equal(["inserted", "duplicates", "rejected", "rejected_count"], MembersOf(answer));
        Assert.Equal("{\"inserted\":1,\"duplicates\":0,\"rejected\":[],\"rejected_count\":0}", answer.GetRawText());
        var latest = await GetAsync("/api/nodes/12/sensor-data/latest");
        Assert.Equal($$"""
            {"node_address":12,"device_id":"18446744073709551615","timestamp":{{Noon}},"temperature_celsius":25.34,"humidity_percent":65.21,
            "temperature_raw":2534,"humidity_raw":6521,"flags":3,"received_at":{{Noon + 5}}}
            """.ReplaceLineEndings(""), latest.GetRawText());
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("text/json")]
    public async Task Post_Array_IsStored(string mediaType)
        => Assert.Equal(2, (await JsonOfAsync(await PostAsync(Path, $"[{_one},{Object(13, Noon)}]", mediaType))).GetProperty("inserted").GetInt32());

    [Fact]
    public async Task Post_Ndjson_KeepsGoodLinesAndReportsBadOnes()
    {
        var answer = await JsonOfAsync(await PostAsync(Path, $"{_one}\n{Object(0, Noon)}\n\nnonsense\n{Object(12, Noon + 1)}\n{_one}\n", Ndjson));

        Assert.Equal((2, 1, 2), (answer.GetProperty("inserted").GetInt32(), answer.GetProperty("duplicates").GetInt32(), answer.GetProperty("rejected_count").GetInt32()));
        Assert.Equal(["line", "field", "error"], MembersOf(answer.GetProperty("rejected")[0]));
        Assert.Equal(["2", "4"], Each(answer.GetProperty("rejected"), "line"));
        Assert.Equal("node_address", answer.GetProperty("rejected")[0].GetProperty("field").GetString());
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("rejected")[1].GetProperty("field").ValueKind);
    }

    [Fact]
    public async Task Post_MoreThanAHundredBadLines_ListsAHundredAndCountsAll()
    {
        var body = string.Join('\n', Enumerable.Repeat(Object(0, Noon), 150).Append(_one));

        var answer = await JsonOfAsync(await PostAsync(Path, body, Ndjson));

        Assert.Equal((100, 150), (answer.GetProperty("rejected").GetArrayLength(), answer.GetProperty("rejected_count").GetInt32()));
    }

    [Fact]
    public async Task Post_Answered_IsInTheDatabase()
    {
        await JsonOfAsync(await PostAsync(Path, $"[{_one},{Object(13, Noon)}]"));

        Assert.Equal(2, await ScalarAsync("SELECT count(*) FROM sensor_readings"));
    }

    [Fact]
    public async Task Post_Twice_KeepsTheFirst()
    {
        await PostAsync(Path, _one);

        var answer = await JsonOfAsync(await PostAsync(Path, Object(12, Noon, temperature: -1)));

        Assert.Equal((0, 1), (answer.GetProperty("inserted").GetInt32(), answer.GetProperty("duplicates").GetInt32()));
        Assert.Equal(21.5m, (await GetAsync("/api/nodes/12/sensor-data/latest")).GetProperty("temperature_celsius").GetDecimal());
        Assert.Equal(1, (await GetAsync("/api/nodes/12")).GetProperty("total_readings").GetInt32());
    }

    [Fact]
    public async Task Post_MembersItDoesNotKnow_ArePassedOverHoweverSlowlyTheBodyComes()
    {
        // Sent in chunks, so that the parser meets the member before the body's end.
        var body = Encoding.UTF8.GetBytes($"[{_one[..^1]},\"note\":{{\"a\":[1,2]}}}},{Object(13, Noon)}]");
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new SlowContent(body) };

        Assert.Equal(2, (await JsonOfAsync(await Client.SendAsync(request))).GetProperty("inserted").GetInt32());
    }

    [Fact]
    public async Task Post_MoreRowsThanOneCommit_AreAllCounted()
    {
        var body = string.Join('\n', Enumerable.Range(0, 11_000).Select(i => $$"""{"node_address":1,"timestamp":{{Noon - i}},"humidity_percent":1}"""));

        var answer = await JsonOfAsync(await PostAsync(Path, body, Ndjson));

        Assert.Equal((11_000, 0), (answer.GetProperty("inserted").GetInt32(), answer.GetProperty("rejected_count").GetInt32()));
        Assert.Equal(11_000, (await GetAsync(Path + "?limit=1")).GetProperty("total").GetInt32());
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("nonsense")]
    [InlineData("[1,2]")]
    [InlineData("{\"node_address\":12}")]
    [InlineData("{\"node_address\":12,\"timestamp\":1,\"temperature_celsius\":1}")]
    [InlineData("{\"device_id\":\"\\ud800\"}")]
    [InlineData("{\"\\ud800\":1}")]
    public async Task Post_NothingUsable_Is400(string body)
    {
        await AssertProblemAsync(await PostAsync(Path, body), 400);
        await AssertProblemAsync(await PostAsync(Path, body, Ndjson), 400);
        Assert.Equal(0, (await GetAsync(Path)).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Post_TimeInMilliseconds_SaysSo()
        => await AssertProblemAsync(await PostAsync(Path, Object(12, Noon * 1000)), 400, "timestamp", "milliseconds");

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/xml")]
    public async Task Post_WrongType_Is415(string? mediaType)
        => await AssertProblemAsync(await PostAsync(Path, Encoding.UTF8.GetBytes(_one), mediaType), 415, "application/json");

    [Fact]
    public async Task Post_UnknownCompression_Is415()
        => await AssertProblemAsync(await PostAsync(Path, Encoding.UTF8.GetBytes(_one), encoding: "zstd"), 415);

    [Theory]
    [InlineData("application/json")]
    [InlineData(Ndjson)]
    public async Task Post_Gzip_IsStored(string mediaType)
        => Assert.Equal(1, (await JsonOfAsync(await PostAsync(Path, Zip(_one), mediaType, "gzip"))).GetProperty("inserted").GetInt32());

    [Fact]
    public async Task Post_GzipThatIsNone_Is400() => await AssertProblemAsync(await PostAsync(Path, Encoding.UTF8.GetBytes(_one), encoding: "gzip"), 400);

    [Fact]
    public async Task Post_GzipBrokenInside_Is400()
    {
        var zipped = Zip(string.Join('\n', Enumerable.Range(0, 3000).Select(i => Object(12, Noon - i))));
        zipped.AsSpan(zipped.Length / 2, 40).Fill(0xFF);

        await AssertProblemAsync(await PostAsync(Path, zipped, Ndjson, "gzip"), 400);
    }

    [Fact]
    public async Task Post_GzipCutShort_IsNotTakenForTheWhole()
    {
        var zipped = Zip(string.Join('\n', Enumerable.Range(0, 3000).Select(i => Object(12, Noon - i))));

        using var response = await PostAsync(Path, zipped[..(zipped.Length / 2)], Ndjson, "gzip");

        Assert.NotEqual(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Post_GzipBomb_Is413()
        => await AssertProblemAsync(await PostAsync(Path, Zip(new string(' ', 40 << 20)), encoding: "gzip"), 413, "1 MiB");

    // By hand: what is refused is read no further, and a client that is still sending it then would not get to the answer.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Post_TooLarge_Is413(bool isChunked)
    {
        var body = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(_one + "\n", 20_000)));
        using var client = new TcpClient();
        await client.ConnectAsync(App.Address.Host, App.Address.Port);
        await using var stream = client.GetStream();
        var length = isChunked ? $"Transfer-Encoding: chunked\r\n\r\n{body.Length:x}" : $"Content-Length: {body.Length}\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST {Path} HTTP/1.1\r\nHost: {App.Address.Authority}\r\nContent-Type: {Ndjson}\r\n{length}\r\n"));
        using var answer = new MemoryStream();
        try
        {
            await stream.WriteAsync(body);
        }
        catch (IOException)
        {
            // Closed already: the answer is there.
        }
        try
        {
            await stream.CopyToAsync(answer);
        }
        catch (IOException)
        {
            // What came before the end came.
        }

        var text = Encoding.UTF8.GetString(answer.ToArray());
        Assert.StartsWith("HTTP/1.1 413 ", text, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", text, StringComparison.Ordinal);
        Assert.Contains("at most 1 MiB", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ack=sometimes", "ack")]
    [InlineData("ack=durable&ack=buffered", "ack")]
    public async Task Post_WrongQuery_Is400NamingIt(string query, string name)
        => await AssertProblemAsync(await PostAsync($"{Path}?{query}", _one), 400, name);

    [Fact]
    public async Task Post_Buffered_Is202AndStoredAfterTheInterval()
    {
        using var response = await PostAsync(Path + "?ack=buffered", $"[{_one},{Object(0, Noon)}]");

        var answer = await JsonOfAsync(response, HttpStatusCode.Accepted);
        Assert.Equal((1, 1), (answer.GetProperty("accepted").GetInt32(), answer.GetProperty("rejected_count").GetInt32()));
        await App.Clock.TimerPendingAsync(due => due == TimeSpan.FromSeconds(5)).WaitAsync(WaitFor.Limit);
        Assert.Equal(0, (await GetAsync(Path)).GetProperty("total").GetInt32());

        App.Clock.Advance(TimeSpan.FromSeconds(5));
        await WaitFor.TrueAsync("the reading", async () => (await GetAsync(Path)).GetProperty("total").GetInt32() == 1);
    }

    [Fact]
    public async Task Post_BufferFull_Is429AndTakesAgainWhenThereIsRoom()
    {
        var full = string.Join('\n', Enumerable.Range(0, 5000).Select(i => Object(1, Noon - i)));
        await using (await LockStoreAsync())
        {
            await JsonOfAsync(await PostAsync(Path + "?ack=buffered", full, Ndjson), HttpStatusCode.Accepted);
            await AssertProblemAsync(await PostAsync(Path, _one), 429, "buffer is full");
            using var line = await PostAsync("/write?precision=s", $"c,node=12 temp=1 {Noon}", "text/plain");
            Assert.Equal((429, "1"), ((int)line.StatusCode, line.Headers.RetryAfter?.ToString()));
            Assert.Equal("too many requests", (await LineProtocolApiTests.LineProblemAsync(line)).GetProperty("code").GetString());
        }
        await TakenAsync(() => PostAsync(Path, _one));
        Assert.Equal(5001, (await GetAsync(Path + "?limit=1")).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Post_StoreLocked_Is503AndStoredOnceWhenSentAgain()
    {
        await using (await LockStoreAsync())
        {
            await AssertProblemAsync(await PassTimeAsync(PostAsync(Path, _one)), 503, "duplicates are ignored");
            using var line = await PassTimeAsync(PostAsync("/write?precision=s", $"c,node=12 temp=21.5 {Noon}", "text/plain"));
            Assert.Equal((503, "unavailable"), ((int)line.StatusCode, (await LineProtocolApiTests.LineProblemAsync(line)).GetProperty("code").GetString()));
        }
        await TakenAsync(() => PostAsync(Path, _one));
        Assert.Equal(1, (await GetAsync("/api/nodes/12")).GetProperty("total_readings").GetInt32());
    }

    private static string Object(int node, long time, decimal temperature = 21.5m)
        => FormattableString.Invariant($"{{\"node_address\":{node},\"timestamp\":{time},\"temperature_celsius\":{temperature},\"humidity_percent\":40.2}}");

    // A byte a flush: the server sees the body in as many pieces as the network cares to make.
    private sealed class SlowContent : HttpContent
    {
        private readonly byte[] _body;

        public SlowContent(byte[] body)
        {
            _body = body;
            Headers.ContentType = new("application/json");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (var i = 0; i < _body.Length; i++)
            {
                await stream.WriteAsync(_body.AsMemory(i, 1));
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
