using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;
using Xunit.Abstractions;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>How much a page loads.</summary>
public sealed class WeightTests(SmallHubFixture browser, ITestOutputHelper output) : IClassFixture<SmallHubFixture>
{
    private const int MaxRequests = 15;
    private const int MaxBytes = 200 * 1024;

    [SkippableTheory]
    [InlineData("/nodes/1?range=30d", "127.0.0.1")]
    [InlineData("/nodes/1?range=30d", BrowserFixture.HubName)] // Browsers take no Brotli from there.
    [InlineData("/analytics?range=30d", "127.0.0.1")]
    [InlineData("/", "127.0.0.1")]
    public async Task Page_FirstVisit_TakesFewRequestsAndBytes(string path, string host)
    {
        await using var watched = await browser.OpenAsync(isFirstVisit: true);

        var loaded = await LoadAsync(watched.Page, new UriBuilder(browser.Address) { Host = host }.Uri.GetLeftPart(UriPartial.Authority) + path);

        output.WriteLine(Describe(loaded));
        Assert.True(loaded.Count <= MaxRequests && loaded.Sum(file => file.Bytes) <= MaxBytes, Describe(loaded));
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task NodePage_Again_LoadsNoScriptAndNoStyle()
    {
        await using var watched = await browser.OpenAsync();
        await LoadAsync(watched.Page, "/nodes/1");

        var again = await LoadAsync(watched.Page, "/nodes/2");

        Assert.DoesNotContain(again, file => file.Bytes > 0 && (file.Path.EndsWith(".js", StringComparison.Ordinal) || file.Path.EndsWith(".css", StringComparison.Ordinal)));
        watched.AssertNoErrors();
    }

    private static async Task<List<(string Path, int Bytes)>> LoadAsync(IPage page, string path)
    {
        var loaded = new List<(string Path, int Bytes)>();
        var cdp = await page.Context.NewCDPSessionAsync(page);
        var paths = new Dictionary<string, string>();
        await cdp.SendAsync("Network.enable");
        cdp.Event("Network.requestWillBeSent").OnEvent += (_, e) => paths[IdOf(e!.Value)] = new Uri(e.Value.GetProperty("request").GetProperty("url").GetString()!).AbsolutePath;
        cdp.Event("Network.loadingFinished").OnEvent += (_, e) =>
        {
            // Not those of the page before, nor pictures in the browser's own style sheet.
            if (paths.TryGetValue(IdOf(e!.Value), out var found) && found.StartsWith('/')) loaded.Add((found, (int)e.Value.GetProperty("encodedDataLength").GetDouble()));
        };
        await page.GotoAsync(path, new() { WaitUntil = WaitUntilState.NetworkIdle });
        await Expect(page.Locator("[data-skeleton]")).ToHaveCountAsync(0);
        await cdp.DetachAsync();
        return loaded;
    }

    private static string IdOf(JsonElement e) => e.GetProperty("requestId").GetString()!;

    private static string Describe(List<(string Path, int Bytes)> loaded) => string.Create(CultureInfo.InvariantCulture, $"{loaded.Count} requests, {loaded.Sum(file => file.Bytes)} bytes:\n")
        + string.Join('\n', loaded.Select(file => string.Create(CultureInfo.InvariantCulture, $"{file.Bytes,8} {file.Path}")));
}
