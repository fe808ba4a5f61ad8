using System.Net;
using System.Text;
using System.Text.Json;

namespace SensorDash.Web.Tests.Api;

/// <summary>Readings as InfluxDB's line protocol.</summary>
public class LineProtocolApiTests() : ApiTests(("Ingest:MaxBodyMiB", "1"))
{
    [Theory]
    [InlineData("/write", "000000000")]
    [InlineData("/write?precision=ns", "000000000")]
    [InlineData("/write?precision=us", "000000")]
    [InlineData("/write?precision=ms", "000")]
    [InlineData("/write?precision=s", "")]
    [InlineData("/api/v2/write?org=home&bucket=climate&precision=s", "")]
    public async Task Write_LineProtocol_Is204AndStored(string path, string fraction)
    {
        using var response = await PostAsync(path, $"climate,node=12 temp=25.34,hum=6521i {Noon}{fraction}\n", "text/plain");

        Assert.Equal((HttpStatusCode.NoContent, ""), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        var latest = await GetAsync("/api/nodes/12/sensor-data/latest");
        Assert.Equal((Noon, 2534, 6521), (latest.GetProperty("timestamp").GetInt64(), latest.GetProperty("temperature_raw").GetInt32(), latest.GetProperty("humidity_raw").GetInt32()));
    }

    [Fact]
    public async Task Write_GzipAsTelegrafSends_IsStored()
    {
        using var response = await PostAsync("/write?precision=s", Zip($"climate,node=12 temp=1 {Noon}"), "text/plain; charset=utf-8", "gzip");

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    [Fact]
    public async Task Write_EncodingIdentity_IsNoCompression()
    {
        // The Python client of InfluxDB 2 says so with every request that it does not compress.
        using var response = await PostAsync("/api/v2/write?precision=s", Encoding.UTF8.GetBytes($"climate,node=12 temp=1 {Noon}"), "text/plain", "identity");

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(1, (await JsonOfAsync(await PostAsync("/api/sensor-data", Encoding.UTF8.GetBytes($"{{\"node_address\":12,\"timestamp\":{Noon},\"temperature_celsius\":1,\"humidity_percent\":2}}"), encoding: "identity"))).GetProperty("duplicates").GetInt32());
    }

    [Fact]
    public async Task Write_BadLineAmongGoodOnes_Is400AsInfluxDbSaysItAndTheGoodAreKept()
    {
        using var response = await PostAsync("/write?precision=s", $"c,node=12 temp=1 {Noon}\nc,node=0 temp=1 {Noon}\nc,node=13 temp=1 {Noon}", "text/plain");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var problem = await LineProblemAsync(response);
        Assert.Equal(("invalid", 2), (problem.GetProperty("code").GetString(), problem.GetProperty("line").GetInt32()));
        Assert.Contains("line 2: node_address", problem.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(2, (await GetAsync("/api/nodes")).GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task Write_WrongPrecision_Is400InTheSameShape()
    {
        using var response = await PostAsync("/write?precision=min", $"c,node=12 temp=1 {Noon}", "text/plain");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("precision", (await LineProblemAsync(response)).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_TooLarge_Is413InTheSameShape()
    {
        using var response = await PostAsync("/write?precision=s", Zip(string.Concat(Enumerable.Repeat($"c,node=12 temp=1 {Noon}\n", 100_000))), "text/plain", "gzip");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("1 MiB", (await LineProblemAsync(response)).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_BrokenGzip_Is400InTheSameShape()
    {
        using var response = await PostAsync("/write?precision=s", Encoding.UTF8.GetBytes("no gzip"), "text/plain", "gzip");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("invalid", (await LineProblemAsync(response)).GetProperty("code").GetString());
    }

    internal static async Task<JsonElement> LineProblemAsync(HttpResponseMessage response)
    {
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync());
        Assert.Equal(["code", "message", "line"], MembersOf(problem));
        return problem;
    }
}
