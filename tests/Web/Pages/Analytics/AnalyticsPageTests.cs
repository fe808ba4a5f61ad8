using System.Net;
using System.Text.RegularExpressions;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Pages.Analytics;

/// <summary>The analytics page as a browser without JavaScript gets it, and its parts as one with JavaScript fetches them.</summary>
public sealed partial class AnalyticsPageTests : PageTests
{
    protected override bool HasSidePath => true;

    [Fact]
    public async Task Page_NoNode_PointsToTheOverview()
        => Assert.Contains("No nodes yet", await ReadPageAsync("/analytics"), StringComparison.Ordinal);

    [Fact]
    public async Task Page_WithoutScript_HasEveryPart()
    {
        await StoreAsync([.. Some.Run(1, 100), .. Some.Run(2, 100)]);

        var page = await ReadPageAsync("/analytics?range=1h&view=table");

        foreach (var part in new[] { "bands-title", "hours-title", "comparison-title", "quality-title" })
            Assert.Contains($"id=\"{part}\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("data-fragment", page, StringComparison.Ordinal);
        Assert.Contains("percentiles are exact", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_WithScript_LeavesThePartsToBeFetched()
    {
        await StoreAsync(Some.Run(1, 100));
        Client.DefaultRequestHeaders.Add("Cookie", "sensordash-zone=UTC");

        var page = await ReadPageAsync("/analytics?range=1h");

        Assert.DoesNotContain("quality-title", page, StringComparison.Ordinal);
        foreach (Match part in Fragment().Matches(page))
        {
            var fragment = await ReadPageAsync(WebUtility.HtmlDecode(part.Groups[1].Value));
            Assert.StartsWith("<section", fragment.TrimStart(), StringComparison.Ordinal);
        }
        Assert.Equal(3, Fragment().Count(page));
    }

    [Fact]
    public async Task Page_NoDataInRange_PointsToTheNewest()
    {
        await StoreAsync(Some.Reading(time: Noon - (3 * 86_400)));

        Assert.Contains("Go to latest data", await ReadPageAsync("/analytics?range=1h"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Selection_NodeThatDoesNotExist_SaysSoAndShowsTheRest()
    {
        await StoreAsync([.. Some.Run(1, 10), .. Some.Run(2, 10)]);

        var page = await ReadPageAsync("/analytics?range=1h&node=2&node=99&draw=bands");

        Assert.Contains("1 selected node does not exist", page, StringComparison.Ordinal);
        Assert.Contains("nodes=2\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"/nodes/1?", page.Split("</aside>")[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_SelectedNodes_HaveALineAndTheirStatisticsEach()
    {
        await StoreAsync([.. Some.Run(1, 100), .. Some.Run(2, 100), .. Some.Run(3, 100)]);

        var page = await ReadPageAsync("/analytics?range=1h&node=1,2");

        Assert.Equal(2, page.Split("data-line=\"").Length - 1);
        Assert.Equal(2, page.Split("data-at-line=\"").Length - 1);
        Assert.DoesNotContain("s1 faint", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_OneAlone_FadesTheOthersAndLeadsBackToAll()
    {
        await StoreAsync([.. Some.Run(1, 100), .. Some.Run(2, 100)]);

        var page = Uri.UnescapeDataString(await ReadPageAsync("/analytics?range=1h&node=1,2&solo=1"));

        Assert.Contains("s2 faint", page, StringComparison.Ordinal);
        Assert.DoesNotContain("s1 faint", page, StringComparison.Ordinal);
        Assert.Contains("href=\"/analytics?range=1h&amp;node=1,2\" title=\"Show alone", page, StringComparison.Ordinal); // Of node 1.
        Assert.Contains("data-solo=\"/analytics?range=1h&amp;node=1,2\"", page, StringComparison.Ordinal); // Ctrl adds node 2: all again.
    }

    [Fact]
    public async Task Lines_BucketsThatLackReadings_AreDashedAndSayHowMany()
    {
        // Every second reading of one hour is missing, which is no gap.
        await StoreAsync([.. Some.Run(1, 2880).Where((r, i) => i % 2 == 0 || r.Timestamp is <= Noon - 7200 or > Noon - 3600)]);

        var page = await ReadPageAsync($"/analytics?tz=UTC&node=1&from={Noon - 86_400}&to={Noon}");

        Assert.Contains("class=\"trace few\"", page, StringComparison.Ordinal);
        Assert.Matches("data-few=\"[^\"]*9[1-5][0-9.]*:[45]/9", page); // A point stands for 288 s.
        Assert.Contains("data-counted=\"readings\"", page, StringComparison.Ordinal);
        Assert.Contains("Dashed: points that lack readings", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_AsDifferences_AreToTheMeanOfTheNodes()
    {
        await StoreAsync([.. Enumerable.Range(1, 3).SelectMany(node => Some.Run(node, 120).Select(r => r with { TemperatureCentidegrees = (short)(2000 + (node * 300)) })).Where(r => r.NodeAddress < 3 || r.Timestamp < Noon - 1800)]);

        var page = await ReadPageAsync($"/analytics?node=1,2,3&draw=difference&unit=f&tz=UTC&from={Noon - 3600}&to={Noon}");

        Assert.Contains("Difference to the mean of these nodes", page, StringComparison.Ordinal);
        // 23, 26 and 29 °C; then the first two alone. In °F a difference has no offset.
        Assert.Contains("<data value=\"-5.40\">-5.40</data>", page, StringComparison.Ordinal);
        Assert.Contains("<data value=\"-2.70\">-2.70</data>", page, StringComparison.Ordinal);
        Assert.Contains(":2/3", page, StringComparison.Ordinal);
        Assert.Contains("data-counted=\"nodes\"", page, StringComparison.Ordinal);
        Assert.Equal(3, page.Split("data-line=\"").Length - 1);
    }

    [Fact]
    public async Task Comparison_WithAnEarlierRange_IsOnOneLabeledAxis()
    {
        await StoreAsync([.. Some.Run(1, 100).Select(r => r with { TemperatureCentidegrees = 2500 }), .. Some.Run(1, 100, Noon - 86_400).Select(r => r with { TemperatureCentidegrees = 1000 })]);

        var part = await ReadPageAsync("/analytics?range=1h&compare=day&tz=UTC&handler=comparison");

        Assert.Contains("<g class=\"earlier\">", part, StringComparison.Ordinal);
        Assert.Contains("25.00 to 25.00", part, StringComparison.Ordinal);
        Assert.Contains("earlier 10.00 to 10.00, median 10.00", part, StringComparison.Ordinal);
        Assert.Contains("\u002B15.0", WebUtility.HtmlDecode(part), StringComparison.Ordinal);
        Assert.Matches("<text[^>]*>10</text>", part);
        Assert.Matches("<text[^>]*>25</text>", part);
        var lines = (await Client.GetStringAsync("/analytics/nodes.csv?range=1h&compare=day&tz=UTC")).Split('\n');
        Assert.EndsWith("temperature_avg_change_celsius", lines[0], StringComparison.Ordinal);
        Assert.EndsWith(",15.00", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Comparison_MoreThanTen_SaysWhichAreCompared()
    {
        await StoreAsync([.. Enumerable.Range(1, 11).Select(node => Some.Reading(node))]);

        var part = await ReadPageAsync("/analytics?range=1h&handler=comparison");

        Assert.Contains("11 nodes are selected; the table compares the first 10 by name", part, StringComparison.Ordinal);
        Assert.DoesNotContain("/nodes/11", part, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Comparison_SortedByAddress_LargestFirstAndNodesWithoutValuesLast()
    {
        await StoreAsync(Some.Reading(1, temperature: 1000), Some.Reading(2, temperature: 3000), Some.Reading(3, temperature: null), Some.Reading(4, temperature: 2000));

        var part = await ReadPageAsync("/analytics?range=1h&sort=-p95&handler=comparison");

        Assert.Equal(["2", "4", "1", "3"], NodeLink().Matches(part).Select(m => m.Groups[1].Value));
        Assert.Contains("aria-sort=\"descending\"", part, StringComparison.Ordinal);
        Assert.Contains("sort=p95", part, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hours_InFahrenheit_HasValueTitleAndStepOfEachHour()
    {
        await StoreAsync(Some.Reading(1, Noon, temperature: 0), Some.Reading(1, Noon - 3600, temperature: 1000));

        var part = await ReadPageAsync("/analytics?range=1d&unit=f&tz=UTC&handler=hours");

        Assert.Matches("<td class=\"heat-0\" title=\"[A-Za-z]+ 12:00, 32\\.00 .{1,10}F, 1 reading\">32</td>", part);
        Assert.Matches("<td class=\"heat-8\" title=\"[A-Za-z]+ 11:00, 50\\.00 .{1,10}F, 1 reading\">50</td>", part);
        Assert.Contains("2 of 168 hours have readings", part, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hours_AllMuchTheSame_AreMuchTheSameColor()
    {
        await StoreAsync(Some.Reading(1, Noon, temperature: 2000), Some.Reading(1, Noon - 3600, temperature: 2001));

        var part = await ReadPageAsync("/analytics?range=1d&tz=UTC&handler=hours");

        Assert.Equal(2, part.Split("<td class=\"heat-4\"").Length - 1);
    }

    [Fact]
    public async Task Hours_FewerThanNineInTenNodesOrReadings_AreMarked()
    {
        // Twelve nodes; two are missing for the hour from 8, and half of the readings for the hour from 9.
        var readings = Enumerable.Range(1, 12).SelectMany(node => Some.Run(node, 600, interval: 60).Where((r, i) => !(node > 10 && IsIn(r, 8)) && !(IsIn(r, 9) && i % 2 == 0)));
        await StoreAsync([.. readings]);

        var part = await ReadPageAsync($"/analytics?tz=UTC&from={Noon - (8 * 3600)}&to={Noon - 1}&handler=hours");

        Assert.Equal(2, part.Split(" few\" title").Length - 1);
        Assert.Matches("heat-[0-8] few\" title=\"[A-Za-z]+ 08:00, [^\"]*10 of 12 nodes, 600 of usually 720 readings", part);
        Assert.Matches("heat-[0-8] few\" title=\"[A-Za-z]+ 09:00, [^\"]*, 360 of usually 720 readings", part);
        Assert.Contains("fewer than 9 in 10 nodes or readings", part, StringComparison.Ordinal);

        static bool IsIn(Data.Readings.Reading reading, int hour) => DateTimeOffset.FromUnixTimeSeconds(reading.Timestamp).Hour == hour;
    }

    [Fact]
    public async Task Bands_FewerNodesThanUsual_SayHowMany()
    {
        // Twelve nodes; one is missing for ten minutes, all send half as often for another ten.
        await StoreAsync([.. Enumerable.Range(1, 12).SelectMany(node => Some.Run(node, 300, interval: 60)
            .Where((r, i) => !(node == 12 && r.Timestamp is >= Noon - 1800 and < Noon - 1200) && !(r.Timestamp is >= Noon - 2400 and < Noon - 1800 && i % 2 == 0)))]);

        var table = await ReadPageAsync($"/analytics?tz=UTC&view=table&handler=bands&from={Noon - 7200}&to={Noon}");

        Assert.Contains("<td>11 of 12 nodes</td>", table, StringComparison.Ordinal);
        Assert.Matches("<tr class=\"few\">", table);
        Assert.Matches("<data value=\"[0-9]+\">[0-9]+</data> of 24</td>", table);
    }

    [Fact]
    public async Task BandTable_Gap_IsALineOfItsOwn()
    {
        await StoreAsync([.. Some.Run(1, 20, Noon - 3000), .. Some.Run(1, 20)]);

        Assert.Contains("class=\"no-data\"", await ReadPageAsync("/analytics?range=2h&handler=bands"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quality_WorstFirst_LeadsToTheNodeInTheSameRange()
    {
        await StoreAsync([.. Some.Run(1, 100), .. Some.Run(2, 30, Noon - 2000), .. Some.Run(2, 30)]);

        var part = await ReadPageAsync("/analytics?range=1h&handler=quality");

        Assert.Equal(["2", "1"], NodeLink().Matches(part).Select(m => m.Groups[1].Value));
        Assert.Contains("/nodes/2?range=1h&amp;by=quality", part, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bands", "time,bucket_seconds,across,reading_count,node_count,expected_node_count,partial,humidity_min_percent,")]
    [InlineData("hours", "weekday,hour,tz,across,reading_count,usual_reading_count,node_count,usual_node_count,humidity_avg_percent")]
    [InlineData("nodes", "node_address,value_count,humidity_min_percent,")]
    [InlineData("lines", "node_address,value_count,humidity_last_percent,")]
    [InlineData("quality", "node_address,completeness_percent,")]
    public async Task Csv_OfEveryTable_HasMachineNumbers(string table, string head)
    {
        await StoreAsync(Some.Run(1, 10));

        using var answer = await Client.GetAsync($"/analytics/{table}.csv?range=1h&quantity=humidity");

        Assert.Equal("text/csv", answer.Content.Headers.ContentType?.MediaType);
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith(head, lines[0], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.Equal(lines[0].Count(c => c == ','), line.Count(c => c == ',')));
        Assert.True(lines.Length > 1);
    }

    [Fact]
    public async Task Rebuild_NeedsTheToken_AndSaysWhatHappens()
    {
        await StoreAsync(Some.Run(1, 10));
        using var without = await Client.PostAsync("/analytics?handler=Rebuild", new FormUrlEncodedContent([]));
        using var with = await PostFormAsync("/analytics", "Rebuild");

        Assert.Equal(HttpStatusCode.BadRequest, without.StatusCode);
        Assert.Contains("Rebuilding DuckDB", await with.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [GeneratedRegex("data-fragment=\"([^\"]+)\"")]
    private static partial Regex Fragment();

    [GeneratedRegex("href=\"/nodes/([0-9]+)")]
    private static partial Regex NodeLink();
}

/// <summary>The page of a hub without DuckDB.</summary>
public sealed class AnalyticsPageWithoutDuckDbTests() : PageTests(("Analytics:Enabled", "false"))
{
    [Fact]
    public async Task Page_SidePathOff_SaysSoAndAnswers()
    {
        await StoreAsync(Some.Run(1, 10));

        var page = await Client.GetStringAsync("/analytics?range=1h");

        Assert.Contains("Analytics:Enabled is off", page, StringComparison.Ordinal);
        Assert.DoesNotContain("handler=Rebuild", page, StringComparison.Ordinal);
        Assert.Contains("quality-title", page, StringComparison.Ordinal);
    }
}
