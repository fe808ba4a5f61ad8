using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>The first visit of a new user: an empty hub, demo data, a node, another range, the CSV.</summary>
public sealed partial class FirstVisitTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [SkippableFact]
    public async Task EmptyHub_DemoLoadedNodeOpenedRangeChanged_CsvEqualsItsManifest()
    {
        await using var watched = await browser.OpenAsync(isFirstVisit: true);
        var page = watched.Page;

        var seriesRequests = 0;
        page.Request += (_, request) => { if (request.Url.Contains("/series?", StringComparison.Ordinal)) seriesRequests++; };

        await page.GotoAsync("/");
        await Expect(page.Locator("#first-reading")).ToContainTextAsync($"{browser.Address}/api/sensor-data");
        await page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Load demo data" }).ClickAsync();
        await Expect(page.Locator("main")).ToContainTextAsync("12 nodes", new() { Timeout = BrowserFixture.DemoLoadsWithin });

        await page.GetByRole(Microsoft.Playwright.AriaRole.Link, new() { Name = "Study" }).First.ClickAsync();
        await Expect(page.GetByRole(Microsoft.Playwright.AriaRole.Heading, new() { Name = "Study" })).ToBeVisibleAsync();
        await Expect(page.Locator("[data-canvas] canvas")).ToHaveCountAsync(2);
        await Expect(page.Locator("#statistics-title")).ToContainTextAsync("1,2"); // 24 h at a minute each, less three hours of gaps.

        await page.GetByRole(Microsoft.Playwright.AriaRole.Link, new() { Name = "7d", Exact = true }).ClickAsync();
        await Expect(page).ToHaveURLAsync(RangeOfAWeek());
        await Expect(page.Locator("#statistics-title")).ToContainTextAsync("9,");

        var link = page.GetByRole(Microsoft.Playwright.AriaRole.Link, new() { Name = "CSV (raw readings)" });
        var download = await page.RunAndWaitForDownloadAsync(() => link.ClickAsync());
        var query = download.Url.Split('?')[1];
        await using var file = await download.CreateReadStreamAsync();
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file));
        using var manifest = JsonDocument.Parse(await browser.Client.GetStringAsync(new Uri($"/api/sensor-data/export/manifest?{query}", UriKind.Relative)));
        Assert.Equal(manifest.RootElement.GetProperty("sha256").GetString(), hash);
        Assert.StartsWith("sensordash_node-6_", download.SuggestedFilename, StringComparison.Ordinal);

        await page.GoBackAsync();
        await Expect(page.Locator("#statistics-title")).ToContainTextAsync("1,2");
        Assert.Equal(0, seriesRequests); // The charts draw the series of the page.
        watched.AssertNoErrors();
    }

    [GeneratedRegex("range=7d")]
    private static partial Regex RangeOfAWeek();
}
