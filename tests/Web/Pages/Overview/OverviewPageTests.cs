using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Pages.Overview;

public sealed class OverviewPageTests : PageTests
{
    [Fact]
    public async Task Overview_NoNode_SaysHowToSendOne()
    {
        var page = await ReadPageAsync("/");

        Assert.Contains("No nodes yet", page, StringComparison.Ordinal);
        Assert.Contains($"curl {App.Address.GetLeftPart(UriPartial.Authority)}/api/sensor-data", page, StringComparison.Ordinal);
        Assert.Contains("Load demo data", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Demo_DatabaseInUse_IsNotLoaded()
    {
        var token = await ReadTokenAsync("/");
        await StoreAsync(Some.Reading(99)); // After the page with the button was opened.

        using var answer = await Client.PostAsync("/?handler=Demo", new FormUrlEncodedContent([new("__RequestVerificationToken", token)]));

        Assert.Contains("Demo data was not loaded", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(1, await App.Store.CountAsync(new(null, Data.Readings.TimeRange.All), default));
    }

    [Fact]
    public async Task Demo_Removed_LeavesOtherNodesAndZonesInUse()
    {
        using (var loaded = await PostFormAsync("/", "Demo")) loaded.EnsureSuccessStatusCode();
        await StoreAsync(Some.Reading(99));
        using (var zone = await PutAsync("/api/nodes/99/zone", """{"zone_id": 1}""")) zone.EnsureSuccessStatusCode();
        Assert.Contains("12 made-up nodes", await ReadPageAsync("/"), StringComparison.Ordinal);

        using var wrong = await PostFormAsync("/", "RemoveDemo", ("typedText", "yes"));
        Assert.Contains("nothing was deleted", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var right = await PostFormAsync("/", "RemoveDemo", ("typedText", "demo data"));

        Assert.Contains("Deleted 12 demo nodes and ", await right.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(["99"], Each((await GetAsync("/api/nodes")).GetProperty("nodes"), "address"));
        Assert.Equal(["1"], Each((await GetAsync("/api/zones")).GetProperty("zones"), "id"));
    }

    [Fact]
    public async Task Overview_ClockAhead_IsNamedAndCounted()
    {
        await StoreAsync([.. Some.Run(1, 60, Noon + 72_000).Select(r => r with { ReceivedAt = r.Timestamp - 72_000 }), .. Some.Run(2, 60)]);

        var page = await ReadPageAsync("/");

        Assert.Contains("clock 20 h ahead", page, StringComparison.Ordinal);
        Assert.Contains("clock ahead", page, StringComparison.Ordinal);
        Assert.Contains("1 node", System.Net.WebUtility.HtmlDecode(System.Text.RegularExpressions.Regex.Replace(await ReadPageAsync("/?status=clock_ahead"), "<[^>]+>", "")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Overview_MoreNodesThanAPage_PagesAndFilters()
    {
        await StoreAsync([.. Enumerable.Range(1, 61).Select(node => Some.Reading(node))]);

        Assert.Contains("Page <data value=\"1\">1</data> of <data value=\"2\">2</data>", await ReadPageAsync("/"), StringComparison.Ordinal);
        var second = await ReadPageAsync("/?page=2");
        Assert.Contains("href=\"/nodes/61", second, StringComparison.Ordinal);
        Assert.Contains("1 of 61 nodes", await ReadPageAsync("/?page=2&view=table&sort=zone"), StringComparison.Ordinal);
        Assert.Contains("No nodes match this filter", await ReadPageAsync("/?status=stale"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Overview_AFewNodes_DrawsALineAndACardEach()
    {
        await StoreAsync([.. Some.Run(1, 100), .. Some.Run(2, 100)]);

        var page = await ReadPageAsync("/?range=1h");

        Assert.Equal(2, page.Split("data-line=\"").Length - 1);
        Assert.Equal(2, page.Split("<article class=\"card live\"").Length - 1);
        AssertNoInlineCode(page);
    }

    [Fact]
    public async Task Overview_ManyNodes_DrawsZonesAndATableWorstFirst()
    {
        await StoreAsync([.. Enumerable.Range(1, 41).SelectMany(node => Some.Run(node, 3, node == 30 ? Noon - 50_000 : Noon))]);

        var page = await ReadPageAsync("/");

        Assert.Contains("class=\"zone-panels\"", page, StringComparison.Ordinal);
        Assert.Contains("1 stale", page, StringComparison.Ordinal);
        Assert.Matches("(?s)<tbody>\\s*<tr[^>]*>\\s*<th scope=\"row\"><a href=\"/nodes/30\"", page);
    }

    [Theory]
    [InlineData("range=7d")]
    [InlineData("range=90d&quantity=humidity")]
    [InlineData("range=today&view=table&sort=worst&scale=own")]
    public async Task Overview_OfAnyRange_HasItsData(string query)
    {
        await StoreAsync([.. Some.Run(1, 100), .. Some.Run(2, 100)]);

        Assert.Equal(2, (await ReadPageAsync($"/?{query}")).Split("data-line=\"").Length - 1);
    }

    [Fact]
    public async Task Csv_OfTheTable_HasMachineNumbers()
    {
        await StoreAsync([.. Some.Run(1, 10), .. Some.Run(2, 10)]);

        var lines = (await Client.GetStringAsync("/overview/nodes.csv?range=1h&tz=UTC")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.StartsWith("node_address,status,measured,temperature_celsius,", lines[0], StringComparison.Ordinal);
        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.Equal(lines[0].Count(c => c == ','), line.Count(c => c == ',')));
    }
}
