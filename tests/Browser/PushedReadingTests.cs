using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>A reading on the overview by push. Its own store: the page is fetched when another node turns late.</summary>
public sealed class PushedReadingTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [SkippableTheory]
    [InlineData("", 61)]
    [InlineData("&view=table", 62)]
    public async Task Overview_ReadingPosted_ShowsItWithoutARequest(string view, int node)
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await browser.SendAsync(node, 3, secondsAgo: 60, interval: 600);
        await page.GotoAsync("/?range=15m" + view);
        await Expect(page.Locator("[data-refresh-state]")).ToHaveAttributeAsync("data-connection", "live");
        var line = page.Locator($"[data-line='{node}'] .trace:not(.few)");
        var path = await line.GetAttributeAsync("d");
        var requests = new ConcurrentQueue<string>();
        page.Request += (_, request) => requests.Enqueue(request.Url);

        await browser.SendAsync([node], 15.15m);

        await Expect(page.Locator(view.Length == 0 ? $".card[data-node='{node}'] .large" : $"tr[data-node='{node}'] [data-quantity=temperature]")).ToHaveTextAsync("15.15");
        await Expect(page.Locator($".rail [data-node='{node}']")).ToContainTextAsync("15.2");
        await Expect(line).Not.ToHaveAttributeAsync("d", path!);
        watched.AssertNoErrors();
        Assert.Empty(requests);
    }

    [SkippableFact]
    public async Task Overview_PageRenderedBeforeAReadingArrivesAfterIt_StillShowsTheReading()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await browser.SendAsync(63, 3, secondsAgo: 60, interval: 600);
        await page.GotoAsync("/?range=15m");
        await Expect(page.Locator("[data-refresh-state]")).ToHaveAttributeAsync("data-connection", "live");
        var shown = page.Locator(".card[data-node='63'] .large");
        await using var former = await HeldPage.OfAsync(page, "range=6h");
        await page.GetByRole(AriaRole.Link, new() { Name = "6h", Exact = true }).ClickAsync();
        await former.IsRendered;

        await browser.SendAsync([63], 15.15m);
        await Expect(shown).ToHaveTextAsync("15.15");
        former.Release();

        await Expect(page).ToHaveURLAsync(new Regex("range=6h"));
        Assert.Equal("15.15", await shown.InnerTextAsync());
        watched.AssertNoErrors();
    }
}
