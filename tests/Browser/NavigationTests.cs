using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>Changes within a page: the rest of it stays as it is, and its links follow.</summary>
public sealed partial class NavigationTests(SmallHubFixture browser) : IClassFixture<SmallHubFixture>
{
    [SkippableFact]
    public async Task MainLinks_AfterARangeUnitZoneAndRefreshChosenInThePage_KeepThem()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync("/nodes/1");
        await page.GetByRole(AriaRole.Link, new() { Name = "7d", Exact = true }).ClickAsync();
        await Expect(page).ToHaveURLAsync(Week());
        await page.Locator("select[name=refresh]").SelectOptionAsync("60");
        await Expect(page).ToHaveURLAsync(Minute());
        await page.Locator(".tz-menu > summary").ClickAsync();
        await page.Locator(".tz-form select[name=unit]").SelectOptionAsync("f");
        await page.Locator(".tz-form input[name=tz]").FillAsync("Asia/Kolkata");
        await page.Locator(".tz-form button").ClickAsync();
        await Expect(page).ToHaveURLAsync(Fahrenheit());
        await Expect(page).ToHaveURLAsync(Kolkata());

        foreach (var link in await page.Locator("nav[aria-label=Main] a, a.brand").AllAsync())
        {
            var address = await link.GetAttributeAsync("href");
            foreach (var kept in (string[])["range=7d", "refresh=60", "unit=f", "tz=Asia"]) Assert.Contains(kept, address, StringComparison.Ordinal);
        }
        await page.Locator("h1").ClickAsync();
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("a");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Analytics" })).ToBeVisibleAsync();
        await Expect(page).ToHaveURLAsync(Kolkata());
        await Expect(page).ToHaveURLAsync(Week());
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task Refresh_ScrolledWithSelectionAndOpenPanel_LeavesThemAndShowsTheNewReading()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync("/nodes/2?by=readings&refresh=5");
        await page.Locator("#edit > summary").ClickAsync();
        await page.Locator("[name='Form.Notes']").FillAsync("on the shelf");
        var row = page.Locator("table.readings tbody tr").Nth(2);
        await row.ScrollIntoViewIfNeededAsync();
        var selected = await row.EvaluateAsync<string>("row => { getSelection().selectAllChildren(row.querySelector('th')); return String(getSelection()); }");
        var before = await row.EvaluateAsync<double>("row => row.closest('section').getBoundingClientRect().top");
        var count = await page.Locator("table.readings tbody tr").CountAsync();
        var newest = await page.Locator("table.readings tbody time").First.GetAttributeAsync("datetime");

        await browser.SendAsync(2);
        await Expect(page.Locator("table.readings tbody time").First).Not.ToHaveAttributeAsync("datetime", newest!);

        Assert.Equal(before, await page.Locator("table.readings").EvaluateAsync<double>("table => table.closest('section').getBoundingClientRect().top"), 2.0);
        Assert.Equal(selected, await page.EvaluateAsync<string>("String(getSelection())"));
        Assert.Equal("on the shelf", await page.Locator("[name='Form.Notes']").InputValueAsync());
        Assert.Equal(count, await page.Locator("table.readings tbody tr").CountAsync());
        watched.AssertNoErrors();
    }

    [SkippableTheory]
    [InlineData("/nodes/1?by=readings", "#readings a[rel=next]", "Page 2")]
    [InlineData("/nodes/1", ".tabs a:has-text('Days')", "Day")]
    [InlineData("/nodes/1?range=7d", ".tabs a:has-text('Quality')", "Completeness")]
    [InlineData("/analytics", "table.sortable th a:text-is('Max')", "Comparison")]
    public async Task Change_BelowTheFirstScreen_LeavesTheClickedPlaceWhereItIs(string path, string selector, string expected)
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync(path, new() { WaitUntil = WaitUntilState.NetworkIdle });
        await Expect(page.Locator("[data-skeleton], [data-unfilled], [aria-busy=true]")).ToHaveCountAsync(0); // A part that is filled later moves what is below it.
        var link = page.Locator(selector);
        await link.ScrollIntoViewIfNeededAsync();
        var (before, section) = (await page.EvaluateAsync<double>("scrollY"), await link.EvaluateHandleAsync("link => link.closest('section')"));
        var top = await section.EvaluateAsync<double>("section => section.getBoundingClientRect().top");
        var url = page.Url;
        await page.EvaluateAsync("document.addEventListener('page:swapped', () => { document.documentElement.dataset.isSwapped = ''; }, { once: true })");

        await link.ClickAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-is-swapped", "");

        Assert.NotEqual(url, page.Url);
        await Expect(page.Locator("main")).ToContainTextAsync(expected);
        // A shorter page cannot be scrolled as far.
        var bottom = await page.EvaluateAsync<double>("document.scrollingElement.scrollHeight - innerHeight");
        Assert.Equal(Math.Min(before, bottom), await page.EvaluateAsync<double>("scrollY"), 2.0);
        if (before <= bottom) Assert.Equal(top, await section.EvaluateAsync<double>("section => section.isConnected ? section.getBoundingClientRect().top : -1e6"), 2.0);
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task Range_WhileItLoadsAndWhenItFails_FadesTheChartOnlyAndKeepsTheAddress()
    {
        await using var watched = await browser.OpenAsync();
        var (page, held) = (watched.Page, new TaskCompletionSource<IRoute>());
        await page.GotoAsync("/nodes/1?refresh=0");
        await Expect(page.Locator("[data-skeleton]")).ToHaveCountAsync(0);
        await page.RouteAsync("**/nodes/1?*range=30d*", held.SetResult, new() { Times = 1 });
        await page.GetByRole(AriaRole.Link, new() { Name = "30d", Exact = true }).ClickAsync();
        var route = await held.Task;

        await Expect(page.Locator("[data-progress]")).ToBeVisibleAsync();
        Assert.True(await AreMarksFadedAsync(page));
        Assert.DoesNotContain("range=30d", page.Url, StringComparison.Ordinal);

        await route.AbortAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The server cannot be reached");
        await Expect(page.Locator("[data-progress]")).ToBeHiddenAsync();
        Assert.True(await AreMarksFadedAsync(page));
        Assert.DoesNotContain("range=30d", page.Url, StringComparison.Ordinal);
        foreach (var words in (string[])["[data-panel-error] p", "[data-panel-error] button", "#statistics-title", "figure figcaption"])
            Assert.Equal(1, await page.Locator(words).First.EvaluateAsync<double>("e => { let o = 1; for (; e; e = e.parentElement) o *= getComputedStyle(e).opacity; return o; }"));

        await page.GetByRole(AriaRole.Button, new() { Name = "Try again" }).ClickAsync();
        await Expect(page.Locator("[data-panel-error]")).ToBeHiddenAsync();
        await Expect(page).ToHaveURLAsync(Month());
        Assert.False(await AreMarksFadedAsync(page));
    }

    [SkippableFact]
    public async Task FleetChart_OfAnotherRangeThanThePage_FadesUntilItsSeriesArrives()
    {
        await using var watched = await browser.OpenAsync();
        var (page, held) = (watched.Page, new TaskCompletionSource<IRoute>());
        await page.GotoAsync("/analytics?refresh=0", new() { WaitUntil = WaitUntilState.NetworkIdle });
        await Expect(page.Locator("[data-fleet] [data-skeleton]")).ToHaveCountAsync(0);
        await page.RouteAsync("**/api/fleet/series*", held.SetResult, new() { Times = 1 });
        await page.GetByRole(AriaRole.Link, new() { Name = "7d", Exact = true }).ClickAsync();
        var route = await held.Task;

        await Expect(page.Locator("[data-fleet]")).ToHaveClassAsync(Outdated());
        await Expect(page.Locator("[data-fleet] progress")).ToBeVisibleAsync();

        await route.ContinueAsync();
        await Expect(page.Locator("[data-fleet]")).Not.ToHaveClassAsync(Outdated());
        watched.AssertNoErrors();
    }

    // What a mark is drawn with; the axes are drawn before.
    private static Task<bool> AreMarksFadedAsync(IPage page) => page.EvaluateAsync<bool>("""
        () => {
          const chart = Object.values(Chart.instances)[0];
          const alphas = [];
          const stroke = chart.ctx.stroke;
          chart.ctx.stroke = function (...args) { alphas.push(this.globalAlpha); return stroke.apply(this, args); };
          chart.draw();
          delete chart.ctx.stroke;
          return alphas.includes(0.4);
        }
        """);

    [GeneratedRegex("range=7d")]
    private static partial Regex Week();

    [GeneratedRegex("range=30d")]
    private static partial Regex Month();

    [GeneratedRegex("refresh=60")]
    private static partial Regex Minute();

    [GeneratedRegex("unit=f")]
    private static partial Regex Fahrenheit();

    [GeneratedRegex("tz=Asia(/|%2F)Kolkata")]
    private static partial Regex Kolkata();

    [GeneratedRegex("outdated")]
    private static partial Regex Outdated();
}
