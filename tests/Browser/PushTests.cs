using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>Readings reach an open page by push.</summary>
public sealed class PushTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [SkippableFact]
    public async Task Overview_ReadingOutsideTheAxisOrOfANewNode_IsDrawnAfterFetchingThePage()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await browser.SendAsync(62, 3, secondsAgo: 60, interval: 600);
        await page.GotoAsync("/?range=15m");
        await ExpectConnectionAsync(page, "live");
        var highest = await page.Locator("[data-plot]").GetAttributeAsync("data-highest");

        await browser.SendAsync([62], decimal.Parse(highest!, CultureInfo.InvariantCulture) + 4);
        await Expect(page.Locator("[data-plot]")).Not.ToHaveAttributeAsync("data-highest", highest!);
        await browser.SendAsync([63], 21);

        await Expect(page.Locator(".card[data-node='63']")).ToBeVisibleAsync();
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task Node_ReadingPosted_IsInStatisticsAndReadings_ScrollStays()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await browser.SendAsync(64, 30, secondsAgo: 60);
        await page.GotoAsync("/nodes/64?range=1h&by=readings");
        await ExpectConnectionAsync(page, "live");
        await page.EvaluateAsync("scrollTo(0, 200)");
        var scroll = await page.EvaluateAsync<double>("scrollY");

        await browser.SendAsync([64], 44.44m);

        await Expect(page.Locator(".side .mini")).ToContainTextAsync("44.44");
        await Expect(page.Locator("#readings")).ToContainTextAsync("44.44");
        Assert.Equal(scroll, await page.EvaluateAsync<double>("scrollY"));
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task Node_ReadingPostedWhileAnEarlierPageIsOnItsWay_IsShownSoonAfterIt()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.AddInitScriptAsync("""
            const listen = EventSource.prototype.addEventListener;
            EventSource.prototype.addEventListener = function (name, action) {
              listen.call(this, name, event => { action(event); if (name === 'readings') window.isPushed = true; });
            };
            """);
        await browser.SendAsync(69, 30, secondsAgo: 60);
        await page.GotoAsync("/nodes/69?range=1h&by=readings");
        await ExpectConnectionAsync(page, "live");
        await using var former = await HeldPage.OfAsync(page, "range=6h");
        await page.GetByRole(AriaRole.Link, new() { Name = "6h", Exact = true }).ClickAsync();
        await former.IsRendered;

        await browser.SendAsync([69], 17.17m);
        await page.WaitForFunctionAsync("window.isPushed");
        await page.EvaluateAsync("new Promise(done => setTimeout(done))"); // The page is fetched from a timer.
        former.Release();

        await Expect(page.Locator("#readings")).ToContainTextAsync("17.17");
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task Node_OfAPastRange_HasNoStream()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await browser.SendAsync(68, 3, secondsAgo: 86_400);
        var requests = new ConcurrentQueue<string>();
        page.Request += (_, request) => requests.Enqueue(request.Url);
        var to = TimeProvider.System.GetUtcNow().AddHours(-20).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

        await page.GotoAsync($"/nodes/68?from=2026-01-01&to={to}");
        await Expect(page.Locator(".side .mini")).ToBeVisibleAsync();

        Assert.DoesNotContain(requests, url => url.Contains("/live", StringComparison.Ordinal));
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task StreamBlocked_ThePagePolls()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await browser.SendAsync(65, 3, secondsAgo: 60, interval: 600);
        // A proxy that collects a response before it hands it on.
        await page.RouteAsync("**/api/sensor-data/live*", _ => Task.CompletedTask);
        await page.GotoAsync("/?refresh=5");
        await ExpectConnectionAsync(page, "polling");

        await browser.SendAsync([65], 15.35m);

        await Expect(page.Locator(".card[data-node='65'] .large")).ToHaveTextAsync("15.35");
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task HiddenTab_ClosesItsStreamAndGoesOnWhereItWas()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await browser.SendAsync(66, 3, secondsAgo: 60, interval: 600);
        await page.GotoAsync("/?range=15m");
        await ExpectConnectionAsync(page, "live");

        await HideAsync(page, isHidden: true);
        await ExpectConnectionAsync(page, "");
        await browser.SendAsync([66], 15.45m);
        await Expect(page.Locator(".card[data-node='66'] .large")).Not.ToHaveTextAsync("15.45");
        var resumed = page.WaitForRequestAsync(request => request.Url.Contains("/live?after=", StringComparison.Ordinal));
        await HideAsync(page, isHidden: false);

        await resumed;
        await Expect(page.Locator(".card[data-node='66'] .large")).ToHaveTextAsync("15.45");
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task RefreshByHand_HasNoStream()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await browser.SendAsync(67, 3, secondsAgo: 60, interval: 600);
        var requests = new ConcurrentQueue<string>();
        page.Request += (_, request) => requests.Enqueue(request.Url);

        await page.GotoAsync("/?refresh=0");
        await Expect(page.Locator(".card[data-node='67']")).ToBeVisibleAsync();
        await page.Locator("select[name=refresh]").SelectOptionAsync("60");

        await ExpectConnectionAsync(page, "live");
        Assert.Equal(1, requests.Count(url => url.Contains("/live", StringComparison.Ordinal)));
        watched.AssertNoErrors();
    }

    private static Task ExpectConnectionAsync(IPage page, string state)
        => Expect(page.Locator("[data-refresh-state]")).ToHaveAttributeAsync("data-connection", state);

    private static async Task HideAsync(IPage page, bool isHidden) => await page.EvaluateAsync(
        "hidden => { Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden }); document.dispatchEvent(new Event('visibilitychange')); }", isHidden);
}
