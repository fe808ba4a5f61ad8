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
        Assert.DoesNotContain("trace s1 faint", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_OneAlone_FadesTheOthersAndLeadsBackToAll()
    {
        await StoreAsync([.. Some.Run(1, 100), .. Some.Run(2, 100)]);

        var page = Uri.UnescapeDataString(await ReadPageAsync("/analytics?range=1h&node=1,2&solo=1"));

        Assert.Contains("trace s2 faint", page, StringComparison.Ordinal);
        Assert.DoesNotContain("trace s1 faint", page, StringComparison.Ordinal);
        Assert.Contains("href=\"/analytics?range=1h&amp;node=1,2\" title=\"Show alone", page, StringComparison.Ordinal); // Of node 1.
        Assert.Contains("data-solo=\"/analytics?range=1h&amp;node=1,2\"", page, StringComparison.Ordinal); // Ctrl adds node 2: all again.
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
    [InlineData("hours", "weekday,hour,tz,across,reading_count,node_count,humidity_avg_percent")]
    [InlineData("nodes", "node_address,value_count,humidity_min_percent,")]
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
