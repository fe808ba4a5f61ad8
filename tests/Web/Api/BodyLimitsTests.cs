using System.IO.Compression;
using System.Net;
using System.Text;

namespace SensorDash.Web.Tests.Api;

/// <summary>Bodies that cost more than they bring: parsing ends, what was stored before is kept and counted.</summary>
public sealed class BodyLimitsTests : ApiTests
{
    private const string Ndjson = "application/x-ndjson";

    [Theory]
    [InlineData("/api/sensor-data", Ndjson, "rejected_count")]
    [InlineData("/api/sensor-data", "application/json", "rejected_count")]
    [InlineData("/api/events", Ndjson, "rejectedCount")]
    [InlineData("/api/events", "application/json", "rejectedCount")]
    public async Task Post_TenThousandBadLines_EndsTheParsingAndKeepsEarlierRows(string path, string mediaType, string count)
    {
        var good = path == "/api/events" ? EventsApiTests.Raw.Trim() : $$"""{"node_address":12,"timestamp":{{Noon}},"temperature_celsius":1}""";
        var later = path == "/api/events" ? EventsApiTests.Parsed("a").Trim() : $$"""{"node_address":13,"timestamp":{{Noon}},"temperature_celsius":1}""";
        var lines = Enumerable.Repeat("7", 10_000).Prepend(good).Append(later);

        var problem = await AssertProblemAsync(
            await PostAsync(path, mediaType == Ndjson ? string.Join('\n', lines) : $"[{string.Join(',', lines)}]", mediaType), 400, "10000 lines rejected; the rest is skipped", "line 2: ");

        Assert.Equal((1, 10_000, 100), (problem.GetProperty("inserted").GetInt32(), problem.GetProperty(count).GetInt32(), problem.GetProperty("rejected").GetArrayLength()));
        Assert.Equal(1, await ScalarAsync(path == "/api/events" ? "SELECT count(*) FROM event_index" : "SELECT count(*) FROM sensor_readings"));
    }

    [Fact]
    public async Task Write_TenThousandBadLines_EndsTheParsingAndKeepsEarlierRows()
    {
        var lines = Enumerable.Repeat("x", 10_000).Prepend($"c,node=12 temp=1 {Noon}").Append($"c,node=13 temp=1 {Noon}");

        using var response = await PostAsync("/write?precision=s", string.Join('\n', lines), "text/plain");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("10000 lines rejected; the rest is skipped", (await LineProtocolApiTests.LineProblemAsync(response)).GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, await ScalarAsync("SELECT count(*) FROM sensor_readings"));
    }

    [Theory]
    [InlineData("/api/sensor-data", Ndjson)]
    [InlineData("/api/sensor-data", "application/json")]
    [InlineData("/api/events", Ndjson)]
    [InlineData("/write", "text/plain")]
    public async Task Post_BrotliThatGrowsBeyondAllMeasure_Is413(string path, string mediaType)
    {
        foreach (var text in (string[])["x\n", "\n", " "])
        {
            using var response = await PostAsync(path, Brotli(string.Concat(Enumerable.Repeat(text, (32 << 20) / text.Length))), mediaType, "br");

            // Whichever limit is met first: that of the growth or that of the rejected lines.
            var rejects = text == "x\n";
            Assert.Equal(rejects ? HttpStatusCode.BadRequest : HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
            if (!rejects) Assert.Contains("1000 times", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Post_BrotliThatGrowsBeyondAllMeasureIntoALimitedBody_Is413()
        => await AssertProblemAsync(await PostAsync("/api/zones", Brotli(new string(' ', 32 << 20)), "application/json", "br"), 413);

    [Fact]
    public async Task Post_RepetitiveRowsWellCompressed_AreStored()
    {
        // 4,000 frames of zeros: 300 to 1 in gzip, more in Brotli.
        var frame = new string('A', 4096);
        var lines = string.Join('\n', Enumerable.Range(0, 4_000).Select(i =>
            $$"""{"lane":"raw","scopeId":"s","sourceTruthTime":"2026-01-26T10:{{i / 60 % 60:00}}:{{i % 60:00}}.{{i:0000}}Z","connectionId":"c","sequence":{{i}},"bytes":"{{frame}}"}"""));
        using var zipped = new MemoryStream();
        await using (var gzip = new GZipStream(zipped, CompressionLevel.SmallestSize)) await gzip.WriteAsync(Encoding.UTF8.GetBytes(lines));

        Assert.Equal(4_000, (await JsonOfAsync(await PostAsync("/api/events", zipped.ToArray(), Ndjson, "gzip"))).GetProperty("inserted").GetInt32());
        Assert.Equal(4_000, (await JsonOfAsync(await PostAsync("/api/events", Brotli(lines), Ndjson, "br"))).GetProperty("duplicates").GetInt32());
    }

    private static byte[] Brotli(string text)
    {
        using var compressed = new MemoryStream();
        using (var brotli = new BrotliStream(compressed, CompressionLevel.Fastest)) brotli.Write(Encoding.UTF8.GetBytes(text));
        return compressed.ToArray();
    }
}
