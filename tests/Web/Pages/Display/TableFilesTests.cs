using System.Text.Json;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Pages.Display;

/// <summary>What tables of pages show, as files for programs.</summary>
public sealed class TableFilesTests : ApiTests
{
    [Theory]
    [InlineData("/nodes/12/readings", "time,temperature_fahrenheit,humidity_percent,flags,received_at")]
    [InlineData("/nodes/12/hours", "start_time,end_time,reading_count,temperature_min_fahrenheit,")]
    [InlineData("/nodes/12/days", "start_time,end_time,reading_count,temperature_min_fahrenheit,")]
    [InlineData("/nodes/12/findings", "kind,start_time,")]
    [InlineData("/analytics/bands", "time,bucket_seconds,across,")]
    [InlineData("/analytics/hours", "weekday,hour,tz,across,")]
    [InlineData("/analytics/nodes", "node_address,value_count,temperature_min_fahrenheit,")]
    [InlineData("/analytics/quality", "node_address,completeness_percent,")]
    public async Task Get_EveryTable_HasTheSameCellsAsCsvAndJson(string table, string head)
    {
        await StoreAsync([.. Some.Run(12, 200), .. Some.Run(12, 60, Noon - 20_000)]);

        using var answer = await Client.GetAsync($"{table}.csv?range=24h&tz=Europe/Paris&unit=f");
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var json = await GetAsync($"{table}.json?range=24h&tz=Europe/Paris&unit=f");

        Assert.Equal("text/csv", answer.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith(head, lines[0], StringComparison.Ordinal);
        var rows = json.GetProperty("rows").EnumerateArray().Select(r => string.Join(',', r.EnumerateObject().Select(c => c.Value.ValueKind == JsonValueKind.Null ? "" : c.Value.ToString())));
        Assert.Equal(lines[1..], rows);
        Assert.Equal(lines.Length - 1, json.GetProperty("count").GetInt32());
        Assert.True(lines.Length > 1);
    }

    [Fact]
    public async Task Get_SecondPage_HasItsReadings()
    {
        await StoreAsync(Some.Run(12, 60));

        Assert.Equal((50, 10), ((await GetAsync("/nodes/12/readings.json?range=24h")).GetProperty("count").GetInt32(),
            (await GetAsync("/nodes/12/readings.json?range=24h&page=2")).GetProperty("count").GetInt32()));
    }

    [Theory]
    [InlineData("/nodes/12/readings.csv?rnage=7d", 400, "did you mean range?")]
    [InlineData("/nodes/12/readings.json?range=soon", 400, "is not a valid range")]
    [InlineData("/analytics/bands.json?tz=Mars/Olympus", 400, "is not a valid IANA time zone")]
    [InlineData("/analytics/bands.csv?across=zones", 400, "must be one of nodes, readings")]
    [InlineData("/analytics/nothing.csv", 404, "not found")]
    [InlineData("/nodes/13/readings.csv", 404, "not found")]
    public async Task Get_Invalid_IsAProblem(string path, int status, string text)
    {
        await StoreAsync(Some.Run(12, 3));

        using var answer = await Client.GetAsync(path);

        await AssertProblemAsync(answer, status, text);
    }
}
