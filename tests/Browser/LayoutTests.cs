using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>Every page on a narrow screen: it fits, and the console stays quiet.</summary>
[Collection(DemoHubFixture.Hub)]
public sealed class LayoutTests(DemoHubFixture browser)
{
    public static TheoryData<string, int, ColorScheme> Views()
    {
        var views = new TheoryData<string, int, ColorScheme>();
        foreach (var path in (string[])["/", "/nodes/6", "/nodes/12", "/nodes/4?range=30d&unit=f&tz=Asia/Kolkata", "/analytics", "/analytics?range=7d&view=table&quantity=humidity", "/zones", "/export", "/export?find=e", "/nodes/delete?last_seen_before=now-1s", "/system", "/system/move", "/system/backups", "/system/audit", "/events?timebase=source", "/events?timebase=source&lanes=command&commandType=heatSensor&view=table", "/events?lanes=raw&streamId=weather&payload=wind.speed%3D3", "/nodes/999"])
            views.Add(path, 360, views.Count % 2 == 0 ? ColorScheme.Light : ColorScheme.Dark); // Wide ones: AccessibilityTests.
        return views;
    }

    public static TheoryData<string, int, ColorScheme> EventViews()
    {
        var views = new TheoryData<string, int, ColorScheme>();
        foreach (var path in (string[])["/events?timebase=source&lanes=raw", "/events?timebase=source&lanes=parsed"])
            views.Add(path, 360, views.Count % 2 == 0 ? ColorScheme.Light : ColorScheme.Dark); // Wide ones: AccessibilityTests.
        return views;
    }

    [SkippableTheory]
    [MemberData(nameof(Views))]
    public async Task Page_AtAnyWidthAndScheme_FitsWithoutConsoleErrors(string path, int width, ColorScheme scheme)
    {
        await using var watched = await browser.OpenAsync(width, scheme);
        await AssertFitsAsync(watched, path);
    }

    [SkippableTheory]
    [MemberData(nameof(EventViews))]
    public async Task Event_OpenedFromItsList_FitsWithoutConsoleErrors(string path, int width, ColorScheme scheme)
    {
        await using var watched = await browser.OpenAsync(width, scheme);
        await watched.Page.GotoAsync(path);
        var link = await watched.Page.Locator("table.events tbody th a").First.GetAttributeAsync("href");
        await AssertFitsAsync(watched, link!);
    }

    /// <summary>Opens a page, and checks that nothing of it is wider than the screen.</summary>
    internal static async Task AssertFitsAsync(WatchedPage watched, string path)
    {
        var response = await watched.Page.GotoAsync(path, new() { WaitUntil = WaitUntilState.NetworkIdle });

        Assert.Equal(path == "/nodes/999" ? 404 : 200, response!.Status);
        await Expect(watched.Page.Locator("h1")).ToHaveCountAsync(1);
        var overflow = await watched.Page.EvaluateAsync<int>("document.scrollingElement.scrollWidth - window.innerWidth");
        Assert.True(overflow <= 0, $"{path} is {overflow} px wider than the screen of {watched.Page.ViewportSize!.Width} px.");
        Assert.DoesNotContain("NaN", await watched.Page.Locator("body").InnerTextAsync(), StringComparison.Ordinal);
        if (response.Ok) watched.AssertNoErrors();
    }

    [SkippableTheory] // The chart is the page: it begins near the top of a desktop, and is on the first screen of a phone.
    [InlineData("/", 1440, 160)]
    [InlineData("/nodes/6", 1440, 160)]
    [InlineData("/analytics?range=7d", 1440, 160)]
    [InlineData("/analytics?node=1,2", 1440, 160)]
    [InlineData("/events?timebase=source", 1440, 160)]
    [InlineData("/", 360, 300)]
    [InlineData("/nodes/6", 360, 300)]
    [InlineData("/analytics?range=7d", 360, 420)]
    [InlineData("/events?timebase=source", 360, 300)]
    public async Task Chart_BeginsNearTheTop(string path, int width, int mostPixels)
    {
        await using var watched = await browser.OpenAsync(width);
        await watched.Page.GotoAsync(path, new() { WaitUntil = WaitUntilState.NetworkIdle });

        var chart = await watched.Page.Locator("[data-canvas], [data-plot], .lanes").First.BoundingBoxAsync();

        Assert.InRange(chart!.Y, 0, mostPixels);
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task Theme_Switched_IsKeptAndChangesTheCharts()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync("/nodes/6", new() { WaitUntil = WaitUntilState.NetworkIdle });
        var theme = page.Locator("[data-theme-switch]").First;

        await theme.ClickAsync(); // From the system's theme to light, then to dark.
        await theme.ClickAsync();

        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        Assert.Equal("rgb(18, 22, 26)", await page.EvaluateAsync<string>("getComputedStyle(document.documentElement).getPropertyValue('--plane')"));
        await page.ReloadAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task RangeMenu_CalendarRange_AppliesAndCloses()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync("/nodes/6", new() { WaitUntil = WaitUntilState.NetworkIdle });

        await page.Locator(".range-menu > summary").ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "yesterday" }).ClickAsync();

        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("range=yesterday"));
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "last week" })).ToBeHiddenAsync();
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task Plot_ByKeyboard_TellsTheValuesAtTheCrosshair()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync("/analytics?node=1,2&refresh=0", new() { WaitUntil = WaitUntilState.NetworkIdle });
        var plot = page.Locator("[data-plot]");
        await plot.FocusAsync();

        await page.Keyboard.PressAsync("PageDown");
        await page.Keyboard.PressAsync("PageUp");

        await Expect(page.Locator("[data-at-line]").First).ToContainTextAsync(".");
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.Locator("[data-at-line]").First).ToBeEmptyAsync();
        watched.AssertNoErrors();
    }
}
