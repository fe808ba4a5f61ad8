using System.Text.RegularExpressions;
using Microsoft.Playwright;
using SensorDash.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>The charts of the analytics page: what is missing is drawn dashed and read out, and the legend selects lines.</summary>
public sealed partial class AnalyticsChartTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [SkippableFact]
    public async Task FleetChart_BucketsThatLackNodesOrReadings_AreDashedAndReadOut()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        // Three nodes for six hours; the third is silent in the latest two.
        await browser.SendAsync(61, 360);
        await browser.SendAsync(62, 360);
        await browser.SendAsync(63, 240, secondsAgo: 7200);
        var readout = page.Locator("[data-readout=fleet]");
        // A bucket of two minutes can be over before the page is there.
        await WaitFor.TrueAsync("the newest bucket is not over", async () =>
        {
            await browser.SendAsync(61);
            await page.GotoAsync("/analytics?range=6h&node=61,62,63&draw=bands&refresh=0", new() { WaitUntil = WaitUntilState.NetworkIdle });
            await Expect(page.Locator("[data-fleet] [data-skeleton]")).ToHaveCountAsync(0);
            await page.Locator("[data-canvas=fleet]").FocusAsync();
            await page.Keyboard.PressAsync("End");
            await Expect(readout).Not.ToBeEmptyAsync();
            return (await readout.InnerTextAsync()).Contains("incomplete", StringComparison.Ordinal);
        });

        Assert.True(await IsDashedAsync(page));
        await page.Keyboard.PressAsync("ArrowLeft");
        await page.Keyboard.PressAsync("ArrowLeft");
        await Expect(readout).ToContainTextAsync("2 of 3 nodes");
        await page.Keyboard.PressAsync("PageUp");
        for (var i = 0; i < 9; i++) await page.Keyboard.PressAsync("PageUp");
        await Expect(readout).ToContainTextAsync(" 3 nodes");
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task NodeLines_PointsThatLackReadings_AreDashedAndReadOut()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        // A reading a minute for a week; in the latest hours every second one.
        await browser.SendAsync(64, 180, interval: 120);
        await browser.SendAsync(64, 7 * 1440, secondsAgo: 21_660);
        await page.GotoAsync("/analytics?range=7d&node=64&refresh=0", new() { WaitUntil = WaitUntilState.NetworkIdle });
        var plot = page.Locator("[data-plot]");
        await Expect(plot.Locator(".few")).ToHaveCountAsync(1);
        await plot.FocusAsync();

        for (var i = 0; i < 2; i++) await page.Keyboard.PressAsync("ArrowLeft");
        await Expect(page.Locator("[data-at-few]")).ToContainTextAsync(FewReadings());

        await page.GotoAsync("/nodes/64?range=7d&refresh=0", new() { WaitUntil = WaitUntilState.NetworkIdle });
        await Expect(page.Locator("[data-skeleton]")).ToHaveCountAsync(0);
        await page.Locator("[data-canvas=temperature]").FocusAsync();
        await page.Keyboard.PressAsync("End");
        for (var i = 0; i < 5; i++) await page.Keyboard.PressAsync("ArrowLeft");
        await Expect(page.Locator("[data-readout=temperature]")).ToContainTextAsync(" of 16 readings");
        Assert.True(await IsDashedAsync(page));
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task Crosshair_PageRefreshed_StaysWithItsValues()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await browser.SendAsync(72, 60);
        await page.GotoAsync("/analytics?range=1h&node=72&refresh=5", new() { WaitUntil = WaitUntilState.NetworkIdle });
        await page.Locator("[data-plot]").FocusAsync();
        await page.Keyboard.PressAsync("PageUp");
        var value = page.Locator("[data-at-line]");
        await Expect(value).ToContainTextAsync(".");

        await page.EvaluateAsync("new Promise(resolve => document.addEventListener('page:swapped', () => resolve(), { once: true }))");

        Assert.Contains('.', await value.InnerTextAsync());
        Assert.NotEmpty(await page.Locator("[data-at-time]").InnerTextAsync());
        await Expect(page.Locator(".cross-line")).ToHaveCountAsync(1);
        watched.AssertNoErrors();
    }

    [SkippableTheory]
    [InlineData("/analytics?node=65,66,67&refresh=0", ".lines-legend tbody a", "65", "66", "67")]
    [InlineData("/analytics?node=65,66,67&draw=difference&refresh=0", ".lines-legend tbody a", "65", "66", "67")]
    public async Task Legend_ClicksAndKeysWithCtrl_ShowOneAloneAndAddOthersInTheUrl(string path, string links, string first, string second, string third)
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        for (var node = 65; node <= 67; node++) await browser.SendAsync(node, 30);
        await page.GotoAsync(path, new() { WaitUntil = WaitUntilState.NetworkIdle });
        var legend = page.Locator(links);
        await Expect(page.Locator("[data-line]")).ToHaveCountAsync(3);

        await legend.Nth(0).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex($"solo={first}$"));
        await Expect(page.Locator("[data-line].faint")).ToHaveCountAsync(2);

        await legend.Nth(2).ClickAsync(new() { Modifiers = [KeyboardModifier.Control] });
        await Expect(page).ToHaveURLAsync(new Regex($"solo={first}(,|%2C){third}$"));
        await Expect(page.Locator("[data-line].faint")).ToHaveCountAsync(1);
        Assert.Equal(second, await page.Locator("[data-line].faint").GetAttributeAsync("data-line"));

        await legend.Nth(1).FocusAsync();
        await page.Keyboard.PressAsync("Control+Enter"); // All three: no selection.
        await Expect(page).ToHaveURLAsync(new Regex("^[^,]*(node=65(,|%2C)66(,|%2C)67)((?!solo).)*$"));
        await Expect(page.Locator("[data-line].faint")).ToHaveCountAsync(0);

        await page.Keyboard.PressAsync("Control+Enter"); // Without the second.
        await Expect(page.Locator("[data-line].faint")).ToHaveCountAsync(1);
        Assert.Equal(second, await page.Locator("[data-line].faint").GetAttributeAsync("data-line"));
        Assert.Single(page.Context.Pages);
        await page.GoBackAsync();
        await Expect(page.Locator("[data-line].faint")).ToHaveCountAsync(0);
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task OverviewLegend_ZoneAlone_FadesTheLinesOfOthers()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await browser.SendAsync(68, 30);
        await browser.SendAsync(69, 30);
        using (var zone = new StringContent("""{"name": "Cellar", "color": "#336699"}""", null, "application/json"))
        using (var added = await browser.Client.PostAsync(new Uri("/api/zones", UriKind.Relative), zone))
        {
            var id = System.Text.Json.JsonDocument.Parse(await added.Content.ReadAsStringAsync()).RootElement.GetProperty("id").GetInt32();
            using var body = new StringContent(FormattableString.Invariant($"{{\"zone_id\": {id}}}"), null, "application/json");
            using var put = await browser.Client.PutAsync(new Uri("/api/nodes/69/zone", UriKind.Relative), body);
            put.EnsureSuccessStatusCode();
        }
        await page.GotoAsync("/?range=1h&refresh=0", new() { WaitUntil = WaitUntilState.NetworkIdle });

        await page.Locator(".legend a:has-text('Cellar')").ClickAsync();

        await Expect(page.Locator("[data-line='69']:not(.faint)")).ToHaveCountAsync(1);
        await Expect(page.Locator("[data-line='68'].faint")).ToHaveCountAsync(1);
        await Expect(page).ToHaveURLAsync(new Regex("solo="));
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task NodeCharts_EventsAboutTheNode_AreMarkedAndReadOut()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await browser.SendAsync(70, 120);
        var at = TimeProvider.System.GetUtcNow().AddMinutes(-30);
        foreach (var stream in (string[])["70", "71"])
        {
            using var laneEvent = new StringContent($$$"""{"lane": "parsed", "scopeId": "home", "sourceTruthTime": "{{{at:yyyy-MM-ddTHH:mm:ssZ}}}", "streamId": "{{{stream}}}", "streamType": "battery", "schemaVersion": "1", "payload": {"volts": 2.9}}""", null, "application/json");
            using var response = await browser.Client.PostAsync(new Uri("/api/events", UriKind.Relative), laneEvent);
            response.EnsureSuccessStatusCode();
        }
        await page.GotoAsync("/nodes/70?range=1h&refresh=0", new() { WaitUntil = WaitUntilState.NetworkIdle });
        await Expect(page.Locator(".chart-events summary")).ToContainTextAsync("1 event about this node");
        await Expect(page.Locator("[data-skeleton]")).ToHaveCountAsync(0);
        await page.Locator("[data-canvas=temperature]").FocusAsync();
        var readout = page.Locator("[data-readout=temperature]");

        await page.Keyboard.PressAsync("End");
        for (var i = 0; i < 60 && !(await readout.InnerTextAsync()).Contains('▼', StringComparison.Ordinal); i++) await page.Keyboard.PressAsync("ArrowLeft");

        await Expect(readout).ToContainTextAsync("parsed battery");
        Assert.Equal(1, await page.EvaluateAsync<int>("Object.values(Chart.instances)[1].sensordash.events.length")); // On both charts.
        watched.AssertNoErrors();
    }

    // Whether the chart draws a part of its line dashed.
    private static Task<bool> IsDashedAsync(IPage page) => page.EvaluateAsync<bool>("""
        () => {
          const chart = Object.values(Chart.instances)[0];
          let isDashed = false;
          const set = chart.ctx.setLineDash;
          chart.ctx.setLineDash = function (dash) { isDashed ||= dash.length > 0; return set.call(this, dash); };
          chart.draw();
          delete chart.ctx.setLineDash;
          return isDashed;
        }
        """);

    [GeneratedRegex("Node 64: 1[67] of 33 readings")]
    private static partial Regex FewReadings();
}
