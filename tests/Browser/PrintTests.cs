using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>Pages on paper.</summary>
public sealed class PrintTests(SmallHubFixture browser) : IClassFixture<SmallHubFixture>
{
    // A4 landscape less its margins of 12 mm, at 96 pixels per inch.
    private const int PaperWidth = (297 - 24) * 960 / 254;

    [SkippableTheory]
    [InlineData("/?range=24h", true)]
    [InlineData("/?range=24h&view=table", true)]
    [InlineData("/nodes/1?range=24h", true)]
    [InlineData("/nodes/1?range=7d&by=readings", true)]
    [InlineData("/analytics?range=7d&compare=week", true)]
    [InlineData("/analytics?range=24h&node=1,2,3", true)]
    [InlineData("/analytics?range=24h&view=table", true)]
    [InlineData("/events?range=24h", true)]
    [InlineData("/zones", false)]
    [InlineData("/export", false)]
    [InlineData("/system", false)]
    public async Task Print_OnA4_FitsItsWidthAndSaysRangeAndTime(string path, bool hasRange)
    {
        await using var watched = await browser.OpenAsync(PaperWidth, ColorScheme.Dark);
        var page = watched.Page;
        await browser.SendEventAsync();
        await page.GotoAsync($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}tz=Europe/Paris&refresh=0", new() { WaitUntil = WaitUntilState.NetworkIdle });
        await Expect(page.Locator("[data-skeleton]")).ToHaveCountAsync(0);

        await page.EmulateMediaAsync(new() { Media = Media.Print });
        await page.EvaluateAsync("dispatchEvent(new Event('beforeprint'))");

        var overflow = await page.EvaluateAsync<string[]>("""
            () => [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && !e.closest('svg') && e.getBoundingClientRect().right > innerWidth + 1)
              .map(e => `${e.tagName}.${e.className}: ${e.getBoundingClientRect().right}`).slice(0, 5)
            """);
        Assert.Empty(overflow);
        var head = page.Locator(".bar .print-only");
        await Expect(head).ToBeVisibleAsync();
        await Expect(head).ToContainTextAsync("printed 20");
        if (hasRange) await Expect(head).ToContainTextAsync(new System.Text.RegularExpressions.Regex("^20[0-9-]+ [0-9:]+ – .*Europe/Paris"));
        Assert.Equal("rgb(255, 255, 255)", await page.EvaluateAsync<string>("getComputedStyle(document.documentElement).getPropertyValue('--plane')"));
        foreach (var control in (string[])[".rail", ".bar-tools", ".files", ".no-script", ".tabs-bottom", "form.event-filters"])
            await Expect(page.Locator(control).And(page.Locator(":visible"))).ToHaveCountAsync(0);
        Assert.True((await page.PdfAsync(new() { PreferCSSPageSize = true })).Length > 10_000);
        watched.AssertNoErrors();
    }
}
