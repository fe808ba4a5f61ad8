using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace SensorDash.Browser.Tests;

/// <summary>axe-core finds nothing on any page, wide and light, narrow and dark; and each fits its screen.</summary>
[Collection(DemoHubFixture.Hub)]
public sealed class AccessibilityTests(DemoHubFixture browser)
{
    // A description of every check that passed takes a seventh of the CPU time of these tests.
    private static readonly AxeRunOptions _onlyViolations = new() { ResultTypes = [ResultType.Violations] };

    public static TheoryData<string, int, ColorScheme> Views()
    {
        var views = new TheoryData<string, int, ColorScheme>();
        foreach (var path in (string[])["/", "/?view=table&sort=worst", "/?status=late&zone=1", "/nodes/8", "/nodes/8?by=quality", "/nodes/8?view=table", "/nodes/12?range=1h", "/analytics?range=7d",
            "/analytics?node=1,2,6,7,8,10&solo=1,2", "/analytics?view=table", "/events?timebase=source&lanes=parsed", "/events?lanes=raw&streamId=weather", "/zones?edit=1", "/export",
            "/nodes/delete?last_seen_before=now-1s", "/system", "/system/move", "/system/backups", "/system/audit", "/system/audit?actor=nobody", "/nodes/999"])
        {
            // Each page in one of both, and pages of their own kind in both: axe takes seconds for a page.
            var isOfItsOwnKind = path is "/" or "/nodes/8" or "/analytics?range=7d" or "/events?timebase=source&lanes=parsed" or "/system" or "/system/move" or "/export" or "/zones?edit=1";
            var isWide = views.Count % 2 == 0;
            if (isOfItsOwnKind || isWide) views.Add(path, 1440, ColorScheme.Light);
            if (isOfItsOwnKind || !isWide) views.Add(path, 390, ColorScheme.Dark);
        }
        return views;
    }

    [SkippableTheory]
    [MemberData(nameof(Views))]
    public async Task Page_InBothThemes_HasNoViolations(string path, int width, ColorScheme scheme)
    {
        await using var watched = await browser.OpenAsync(width, scheme);
        await LayoutTests.AssertFitsAsync(watched, path);

        var found = await watched.Page.RunAxe(_onlyViolations);

        Assert.Empty(found.Violations.Select(v => $"{v.Id}: {string.Join(", ", v.Nodes.Select(n => n.Html))}"));
    }

    [SkippableFact]
    public async Task OpenMenus_HaveNoViolations()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync("/nodes/6", new() { WaitUntil = WaitUntilState.NetworkIdle });
        await page.Locator(".range-menu > summary").ClickAsync();
        await page.Locator("#edit > summary").ClickAsync();

        Assert.Empty((await page.RunAxe(_onlyViolations)).Violations.Select(v => v.Id));
    }
}
