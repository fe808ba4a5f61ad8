using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
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
    [InlineData("/nodes/12/events", "canonical_time,source_time,lane,")]
    [InlineData("/nodes/12/statistics", "statistic,temperature_fahrenheit,humidity_percent")]
    [InlineData("/overview/nodes", "node_address,status,measured,temperature_fahrenheit,")]
    [InlineData("/events/list", "canonical_time,source_time,lane,")]
    [InlineData("/events/counts", "time,span_seconds,")]
    [InlineData("/zones/list", "zone_id,name,color,node_count,description")]
    [InlineData("/system/figures", "time,readings_stored_per_second,")]
    [InlineData("/system/storage", "day,written_bytes,files_bytes,server_bytes")]
    [InlineData("/system/ingest", "type,rows_per_second,")]
    [InlineData("/system/stores", "store,version,size_bytes,")]
    [InlineData("/system/audit/list", "time,actor,address,action,target,outcome,detail")]
    [InlineData("/system/audit/all", "time,actor,address,action,target,outcome,detail")]
    [InlineData("/analytics/lines", "node_address,value_count,temperature_last_fahrenheit,")]
    [InlineData("/analytics/nodes", "node_address,value_count,temperature_min_fahrenheit,")]
    [InlineData("/analytics/quality", "node_address,completeness_percent,")]
    public async Task Get_EveryTable_HasTheSameCellsAsCsvAndJson(string table, string head)
    {
        await StoreAllAsync();

        using var answer = await Client.GetAsync($"{table}.csv?range=24h&tz=Europe/Paris&unit=f");
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var json = await GetAsync($"{table}.json?range=24h&tz=Europe/Paris&unit=f");

        Assert.Equal("text/csv", answer.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith(head, lines[0], StringComparison.Ordinal);
        var rows = json.GetProperty("rows").EnumerateArray().Select(r => string.Join(',', r.EnumerateObject().Select(c => c.Value.ValueKind == JsonValueKind.Null ? "" : Quoted(c.Value.ToString()))));
        Assert.Equal(lines[1..], rows);
        Assert.Equal(lines.Length - 1, json.GetProperty("count").GetInt32());
        Assert.True(lines.Length > 1);

        static string Quoted(string text) => text.AsSpan().IndexOfAny(",\"") >= 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }

    [Theory]
    [InlineData("/", "nodes")]
    [InlineData("/?view=table&unit=f", "nodes")]
    [InlineData("/zones", "list")]
    [InlineData("/system?view=table", "figures", "storage", "ingest", "stores")]
    [InlineData("/system/audit?action=zone&tz=Asia/Tokyo", "list")]
    [InlineData("/events?range=6h&view=table", "list", "counts")]
    [InlineData("/events?range=6h&streamId=12", "list", "counts")]
    [InlineData("/nodes/12?by=hour", "hours", "statistics")]
    [InlineData("/nodes/12?range=7d&by=day", "days", "statistics")]
    [InlineData("/nodes/12?by=readings&page=2", "readings", "statistics")]
    [InlineData("/nodes/12?by=quality&tz=Asia/Tokyo", "findings", "statistics")]
    [InlineData("/nodes/12?by=events", "events", "statistics")]
    [InlineData("/analytics?view=table&quantity=humidity", "bands", "hours", "nodes", "quality")]
    [InlineData("/analytics?draw=lines&solo=12&compare=day", "lines", "hours", "nodes", "quality")]
    [InlineData("/analytics?draw=difference", "lines")]
    public async Task Command_OfEveryTable_IsOnThePageAndGetsIt(string page, params string[] tables)
    {
        await StoreAllAsync();

        var html = await Client.GetStringAsync(page);

        foreach (var table in tables)
        {
            var command = WebUtility.HtmlDecode(Regex.Match(html, $"<code id=\"curl-{table}\">([^<]+)</code>").Groups[1].Value);
            Assert.StartsWith($"curl '{App.Address.GetLeftPart(UriPartial.Authority)}/", command, StringComparison.Ordinal);
            var url = command["curl '".Length..^1];
            var rows = JsonDocument.Parse(await Client.GetStringAsync(url)).RootElement.GetProperty("rows").GetArrayLength();
            var csv = WebUtility.HtmlDecode(Regex.Match(html, $"href=\"([^\"]+/{table}\\.csv[^\"]*)\" download").Groups[1].Value);
            Assert.Equal(rows + 1, (await Client.GetStringAsync(csv)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
            Assert.True(rows > 0, table);
        }
    }

    [Fact]
    public async Task Csv_TextThatASpreadsheetRuns_IsText()
    {
        using (var added = await PostAsync("/api/zones", """{"name": "=1+1, \"x\"", "color": "#112233"}""")) added.EnsureSuccessStatusCode();

        Assert.Contains("1,\"'=1+1, \"\"x\"\"\",#112233,0,", await Client.GetStringAsync("/zones/list.csv"), StringComparison.Ordinal);
        Assert.Equal("=1+1, \"x\"", (await GetAsync("/zones/list.json")).GetProperty("rows")[0].GetProperty("name").GetString());
    }

    private async Task StoreAllAsync()
    {
        await StoreAsync([.. Some.Run(12, 200), .. Some.Run(12, 60, Noon - 20_000)]);
        using (var zone = await PostAsync("/api/zones", """{"name": "Cellar", "color": "#112233"}""")) zone.EnsureSuccessStatusCode();
        using var sent = await PostAsync("/api/events", """{"lane":"parsed","scopeId":"s","sourceTruthTime":"2026-07-01T11:59:00Z","streamId":"12","streamType":"t","schemaVersion":"1","payload":{"n":1}}""");
        sent.EnsureSuccessStatusCode();
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
    [InlineData("/events/list.csv?streamid=a", 400, "did you mean streamId?")]
    [InlineData("/system/audit/list.csv?streamId=a", 400, "is not a parameter here")]
    [InlineData("/overview/nodes.csv?solo=a", 400, "is not a parameter here")]
    [InlineData("/analytics/nothing.csv", 404, "not found")]
    [InlineData("/nodes/13/readings.csv", 404, "not found")]
    public async Task Get_Invalid_IsAProblem(string path, int status, string text)
    {
        await StoreAsync(Some.Run(12, 3));

        using var answer = await Client.GetAsync(path);

        await AssertProblemAsync(answer, status, text);
    }
}
