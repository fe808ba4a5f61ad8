using System.Net;

namespace SensorDash.Web.Tests.Api;

/// <summary>What clients of InfluxDB 1 and 2 and Telegraf ask before they write.</summary>
public sealed class InfluxApiTests : ApiTests
{
    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task Ping_IsAnsweredWithAVersion(string method)
    {
        using var response = await Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), "/ping?verbose=true"));

        Assert.Equal((HttpStatusCode.NoContent, "1.8.10"), (response.StatusCode, response.Headers.GetValues("X-Influxdb-Version").Single()));
    }

    [Fact]
    public async Task Health_Passes() => Assert.Equal("pass", (await GetAsync("/health")).GetProperty("status").GetString());

    [Fact]
    public async Task Health_StoreLocked_Fails()
    {
        await using var locked = await LockStoreAsync();
        using var response = await Client.GetAsync("/health");

        Assert.Equal("fail", (await JsonOfAsync(response, HttpStatusCode.ServiceUnavailable)).GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("SHOW DATABASES")]
    [InlineData("show databases;")]
    public async Task Query_ShowDatabases_NamesTheOne(string query)
        => Assert.Equal("{\"results\":[{\"statement_id\":0,\"series\":[{\"name\":\"databases\",\"columns\":[\"name\"],\"values\":[[\"sensordash\"]]}]}]}",
            (await GetAsync($"/query?db=&q={Uri.EscapeDataString(query)}")).GetRawText());

    [Fact]
    public async Task Query_CreateDatabase_IsDoneInTheUrlAndInAForm()
    {
        const string Done = "{\"results\":[{\"statement_id\":0}]}";
        Assert.Equal(Done, (await JsonOfAsync(await Client.PostAsync("/query?q=CREATE%20DATABASE%20%22telegraf%22", null))).GetRawText());
        using var form = new FormUrlEncodedContent([new("q", "CREATE DATABASE telegraf")]);
        Assert.Equal(Done, (await JsonOfAsync(await Client.PostAsync("/query", form))).GetRawText());
    }

    [Theory]
    [InlineData("/query")]
    [InlineData("/query?q=SELECT%20*%20FROM%20climate")]
    public async Task Query_AnythingElse_Is400(string url) => await AssertProblemAsync(await Client.GetAsync(url), 400, "q must be SHOW DATABASES or CREATE DATABASE");

    [Fact]
    public async Task Write_WithTheParametersOfTheClients_IsStored()
    {
        foreach (var url in new[] { "/write?db=telegraf&rp=&precision=s&consistency=any&u=a&p=b", "/api/v2/write?org=o&bucket=b&precision=s" })
        {
            using var response = await PostAsync(url, $"climate,node=12 temp=1 {Noon}", "text/plain");
            Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        }
    }
}
