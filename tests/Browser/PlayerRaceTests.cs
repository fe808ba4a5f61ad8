using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Playwright;
using SensorDash.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>Responses and events that reach the player in another order than usual.</summary>
public sealed class PlayerRaceTests(PlayerFixture browser) : IClassFixture<PlayerFixture>
{
    [SkippableFact]
    public async Task Live_EventInTheListAndInTheStream_IsShownOnce()
    {
        await using var watched = await browser.OpenAsync();
        var (page, list) = (watched.Page, new TaskCompletionSource<IRoute>());
        var (held, isHeld) = (new ConcurrentQueue<string>(), true);
        IWebSocketRoute? socket = null;
        await page.RouteWebSocketAsync("**/ws", opened =>
        {
            socket = opened;
            opened.ConnectToServer().OnMessage(frame =>
            {
                if (isHeld && frame.Text!.Contains("\"streamChunk\"", StringComparison.Ordinal)) held.Enqueue(frame.Text);
                else opened.Send(frame.Text!);
            });
        });
        await page.RouteAsync(url => url.Contains("/api/events?", StringComparison.Ordinal), list.SetResult, new() { Times = 1 });
        await page.GotoAsync("/events?play=live");
        var route = await list.Task.WaitAsync(WaitFor.Limit); // The stream has started.
        var scope = await browser.SendEachLaneAsync();
        await WaitFor.TrueAsync("the stream has the five events", () => held.Sum(chunk => chunk.Split("\"eventId\"").Length - 1) >= 5);

        await route.ContinueAsync();
        await Expect(Rows(page).First).ToContainTextAsync(scope);
        isHeld = false;
        foreach (var chunk in held) socket!.Send(chunk);
        var next = await browser.SendEachLaneAsync();

        await Expect(Rows(page).First).ToContainTextAsync(next);
        await Expect(Rows(page).Filter(new() { HasText = scope })).ToHaveCountAsync(5);
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task Play_BeforeASeekIsAnswered_KeepsWhatItPlayed()
    {
        await using var watched = await browser.OpenAsync();
        var (page, events) = (watched.Page, new TaskCompletionSource<IRoute>());
        await page.GotoAsync("/events?range=1h&timebase=source&streamId=door");
        await page.Locator("[data-play-gaps]").CheckAsync();
        await page.RouteAsync(url => url.Contains("/api/events?", StringComparison.Ordinal), events.SetResult, new() { Times = 1 });
        var timeline = await page.Locator("[data-timeline-plot]").BoundingBoxAsync() ?? throw new InvalidOperationException("No timeline.");
        await page.Mouse.ClickAsync(timeline.X + (timeline.Width * 0.8f), timeline.Y + (timeline.Height / 2));
        var route = await events.Task.WaitAsync(WaitFor.Limit);

        await page.Locator("[data-play=toggle]").ClickAsync();
        await Expect(Rows(page).Nth(1)).ToBeVisibleAsync();
        await page.Locator("[data-play=toggle]").ClickAsync();
        await ExpectFramesAsync(page);
        var played = await Rows(page).AllTextContentsAsync();
        await route.ContinueAsync();
        Assert.Null(await route.Request.EndAsync());
        await ExpectFramesAsync(page);

        Assert.Equal(played, await Rows(page).AllTextContentsAsync());
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task Live_ZoneOfTheBrowserBecomesKnown_WritesTheTimesAnewAndKeepsPlaceAndHeldEvents()
    {
        await using var watched = await browser.OpenAsync(isFirstVisit: true);
        var (page, second) = (watched.Page, new TaskCompletionSource<IRoute>());
        await page.RouteAsync(url => new Uri(url).AbsolutePath == "/events", route => route.Request.IsNavigationRequest || !second.TrySetResult(route) ? route.ContinueAsync() : Task.CompletedTask);
        await page.GotoAsync("/events?play=live");
        await Expect(Rows(page)).ToHaveCountAsync(50);
        var route = await second.Task.WaitAsync(WaitFor.Limit);
        await page.EvaluateAsync("scrollTo(0, 600)");
        await browser.SendEachLaneAsync();
        var held = page.Locator("[data-tail-held]");
        await Expect(held).ToContainTextAsync("5 new");
        var (time, scroll) = (await TimeAsync(page), await page.EvaluateAsync<double>("scrollY"));

        await route.ContinueAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-zone", "Europe/Paris");

        var inParis = TimeZoneInfo.ConvertTimeFromUtc(DateTime.Parse(time, CultureInfo.InvariantCulture), TimeZoneInfo.FindSystemTimeZoneById("Europe/Paris"));
        Assert.Equal(inParis.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture), await TimeAsync(page));
        Assert.Equal(scroll, await page.EvaluateAsync<double>("scrollY"), 2.0);
        await Expect(held).ToContainTextAsync("5 new");
        watched.AssertNoErrors();
    }

    private static ILocator Rows(IPage page) => page.Locator("[data-tail] tbody tr");

    private static Task<string> TimeAsync(IPage page) => Rows(page).First.Locator("th").InnerTextAsync();

    // The player makes rows once per frame.
    private static async Task ExpectFramesAsync(IPage page) => await page.EvaluateAsync("new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
}
