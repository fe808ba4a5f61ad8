using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>Every page, narrow and wide, light and dark: it fits, and the console stays quiet.</summary>
public sealed class LayoutTests(DemoHubFixture browser) : IClassFixture<DemoHubFixture>
{
    public static TheoryData<string, int, ColorScheme> Views()
    {
        var views = new TheoryData<string, int, ColorScheme>();
        foreach (var path in (string[])["/", "/nodes/6", "/nodes/12", "/nodes/4?range=30d&unit=f&tz=Asia/Kolkata", "/analytics", "/analytics?range=7d&view=table&quantity=humidity", "/zones", "/export", "/export?find=e", "/nodes/delete?last_seen_before=now-1s", "/system", "/events?timebase=source", "/events?timebase=source&lanes=command&commandType=heatSensor&view=table", "/events?lanes=raw&streamId=weather&payload=wind.speed%3D3", "/nodes/999"])
            foreach (var width in (int[])[360, 1440])
                foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
                    views.Add(path, width, scheme);
        return views;
    }

    public static TheoryData<string, int, ColorScheme> EventViews()
    {
        var views = new TheoryData<string, int, ColorScheme>();
        foreach (var path in (string[])["/events?timebase=source&lanes=raw", "/events?timebase=source&lanes=parsed"])
            foreach (var (width, scheme) in new[] { (360, ColorScheme.Light), (1440, ColorScheme.Dark) })
                views.Add(path, width, scheme);
        return views;
    }

    [SkippableTheory]
    [MemberData(nameof(Views))]
    public async Task Page_AtAnyWidthAndScheme_FitsWithoutConsoleErrors(string path, int width, ColorScheme scheme)
    {
        await using var watched = await browser.OpenAsync(width, scheme);
        await AssertFitsAsync(watched, path, path, width, scheme);
    }

    [SkippableTheory]
    [MemberData(nameof(EventViews))]
    public async Task Event_OpenedFromItsList_FitsWithoutConsoleErrors(string path, int width, ColorScheme scheme)
    {
        await using var watched = await browser.OpenAsync(width, scheme);
        await watched.Page.GotoAsync(path);
        var link = await watched.Page.Locator("table.events tbody th a").First.GetAttributeAsync("href");
        await AssertFitsAsync(watched, link!, path.Replace("/events", "/event", StringComparison.Ordinal), width, scheme);
    }

    private static async Task AssertFitsAsync(WatchedPage watched, string path, string name, int width, ColorScheme scheme)
    {
        var response = await watched.Page.GotoAsync(path, new() { WaitUntil = WaitUntilState.NetworkIdle });

        Assert.Equal(path == "/nodes/999" ? 404 : 200, response!.Status);
        await Expect(watched.Page.Locator("h1")).ToHaveCountAsync(1);
        await KeepScreenshotAsync(watched.Page, name, width, scheme);
        var overflow = await watched.Page.EvaluateAsync<int>("document.scrollingElement.scrollWidth - window.innerWidth");
        Assert.True(overflow <= 0, $"{path} is {overflow} px wider than the screen of {width} px.");
        Assert.DoesNotContain("NaN", await watched.Page.Locator("body").InnerTextAsync(), StringComparison.Ordinal);
        if (response.Ok) watched.AssertNoErrors();
    }

    // For looking at: SENSORDASH_SCREENSHOTS=folder keeps every view as a picture.
    private static async Task KeepScreenshotAsync(IPage page, string path, int width, ColorScheme scheme)
    {
        if (Environment.GetEnvironmentVariable("SENSORDASH_SCREENSHOTS") is not { Length: > 0 } folder) return;
        var name = path == "/" ? "overview" : string.Concat(path.Trim('/').Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));
        await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}-{width}-{scheme}.png"), FullPage = true });
    }
}
