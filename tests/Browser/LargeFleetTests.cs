using System.Collections.Concurrent;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>A page that shows a part of the nodes.</summary>
public sealed class LargeFleetTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    private const int Nodes = 70;

    [SkippableFact]
    public async Task Overview_ReadingOfANodeThatItDoesNotShow_FetchesNothing()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await browser.SendAsync(Enumerable.Range(1, Nodes), 20, secondsAgo: 30);
        await page.GotoAsync("/?range=15m");
        await Expect(page.Locator("[data-refresh-state]")).ToHaveAttributeAsync("data-connection", "live");
        var shown = await page.EvaluateAsync<int[]>("[...document.querySelectorAll('main tr[data-node]')].map(row => Number(row.dataset.node))");
        var requests = new ConcurrentQueue<string>();
        page.Request += (_, request) => requests.Enqueue(request.Url);

        await browser.SendAsync(Enumerable.Range(1, Nodes).Except(shown), 25);
        await browser.SendAsync([shown[0]], 26.26m);

        await Expect(page.Locator($"tr[data-node='{shown[0]}'] [data-quantity=temperature]")).ToHaveTextAsync("26.26");
        Assert.InRange(shown.Length, 1, Nodes - 1);
        Assert.Empty(requests);
        watched.AssertNoErrors();
    }
}
