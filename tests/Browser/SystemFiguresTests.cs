using SensorDash.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>The figures of the System page while it is open. Its own hub: nobody else opens streams.</summary>
public sealed class SystemFiguresTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    private const string Boxes = """
        () => [...document.querySelectorAll('main section, .gauges > figure, .gauges .plot')].map(e => [(e.getAttribute('aria-labelledby') ?? e.className) + ':', ...(b => [b.x, b.y + scrollY, b.width, b.height].map(Math.round))(e.getBoundingClientRect())].join(' '))
        """;

    [SkippableTheory]
    [InlineData(1440)]
    [InlineData(360)]
    public async Task Figures_Refreshed_ChangeWithoutMovingTheLayout(int width)
    {
        await using var watched = await browser.OpenAsync(width);
        var page = watched.Page;
        await browser.SendAsync(7); // A row in each table from the start.
        await WaitFor.TrueAsync("DuckDB has the row: until then the page says more about it", async () =>
            await browser.Client.GetStringAsync(new Uri("/api/system/analytics", UriKind.Relative)) is var state && state.Contains("\"ready\"", StringComparison.Ordinal) && state.Contains("\"lag_rows\":0", StringComparison.Ordinal));
        await page.GotoAsync("/system?refresh=5");
        var streams = page.Locator(".gauges figure").Filter(new() { HasText = "Live streams" }).Locator(".value b");
        string[] before, after;
        do
        {
            await Expect(streams).ToHaveTextAsync("0");
            before = await page.EvaluateAsync<string[]>(Boxes);
            using var stream = await browser.Client.GetStreamAsync(new Uri("/api/events/live", UriKind.Relative));
            await Expect(streams).ToHaveTextAsync("1");
            after = await page.EvaluateAsync<string[]>(Boxes);
        }
        while (after.Length > before.Length); // A minute after the start, plots take the place of "Known after a minute."

        Assert.Equal(before, after);
        watched.AssertNoErrors();
    }
}
