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
        Assert.Contains("1 of 61 nodes", second, StringComparison.Ordinal);
        Assert.Contains("No nodes match this filter", await ReadPageAsync("/?status=stale"), StringComparison.Ordinal);
    }
}
