using System.Globalization;
using System.Web;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>Charts on a phone: pinch, drag and scroll, on canvases and on drawings of the server.</summary>
public sealed class TouchTests(SmallHubFixture browser) : IClassFixture<SmallHubFixture>
{
    private string RangeOf(string path) => FormattableString.Invariant($"{path}&refresh=0&tz=UTC&from={Start}&to={Start + 36_000}");

    // Ten hours of yesterday.
    private long Start { get; } = (TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 3600 * 3600) - 86_400;

    [SkippableTheory]
    [InlineData("/nodes/1?by=hour", "[data-canvas=temperature]")]
    [InlineData("/analytics?node=1,2", "[data-plot]")]
    public async Task TwoFingers_MovingApart_ZoomAroundThem(string path, string selector)
    {
        await using var watched = await browser.OpenAsync(390, hasTouch: true);
        var (page, area) = await OpenAsync(watched, path, selector);

        // Around the middle, to twice the distance: half of the range, the middle stays.
        await TouchAsync(page, [[(0.375, 0.5), (0.625, 0.5)], [(0.3, 0.5), (0.7, 0.5)], [(0.25, 0.5), (0.75, 0.5)]], area);

        var (from, to) = await RangeAsync(page);
        Assert.InRange(to - from, 17_000, 19_000);
        Assert.InRange((from + to) / 2, Start + 17_400, Start + 18_600);
        await Expect(page.Locator("a[data-key='0']")).ToHaveCountAsync(1); // Leads back.
        watched.AssertNoErrors();
    }

    [SkippableTheory]
    [InlineData("/nodes/1?by=hour", "[data-canvas=temperature]")]
    [InlineData("/analytics?node=1,2", "[data-plot]")]
    [InlineData("/?view=cards", "[data-plot]")]
    public async Task OneFinger_MovingSideways_MovesTheRange(string path, string selector)
    {
        await using var watched = await browser.OpenAsync(390, hasTouch: true);
        var (page, area) = await OpenAsync(watched, path, selector);

        await TouchAsync(page, [[(0.3, 0.5)], [(0.4, 0.5)], [(0.55, 0.5)]], area);

        var (from, to) = await RangeAsync(page);
        Assert.InRange(to - from, 35_990, 36_010);
        Assert.InRange(from, Start - 9_600, Start - 8_400); // A quarter of ten hours earlier.
        watched.AssertNoErrors();
    }

    [SkippableTheory]
    [InlineData("/nodes/1?by=hour", "[data-canvas=temperature]")]
    [InlineData("/analytics?node=1,2", "[data-plot]")]
    public async Task OneFinger_MovingUp_ScrollsThePage(string path, string selector)
    {
        await using var watched = await browser.OpenAsync(390, hasTouch: true);
        var (page, area) = await OpenAsync(watched, path, selector);
        var url = page.Url;

        await TouchAsync(page, [[(0.5, 0.9)], [(0.5, 0.7)], [(0.5, 0.4)], [(0.5, 0.1)]], area);

        await page.WaitForFunctionAsync("scrollY > 40");
        Assert.Equal(url, page.Url);
        Assert.Equal("", await page.Locator($"{selector} :is(canvas, svg.area)").EvaluateAsync<string>("drawing => drawing.style.transform"));
        watched.AssertNoErrors();
    }

    private async Task<(IPage Page, LocatorBoundingBoxResult Area)> OpenAsync(WatchedPage watched, string path, string selector)
    {
        var page = watched.Page;
        await page.GotoAsync(RangeOf(path), new() { WaitUntil = WaitUntilState.NetworkIdle });
        await Expect(page.Locator("[data-skeleton]")).ToHaveCountAsync(0);
        var box = (await page.Locator(selector).First.BoundingBoxAsync())!;
        // The plot of a canvas is what its axes leave.
        if (selector.StartsWith("[data-canvas", StringComparison.Ordinal))
        {
            var area = await page.EvaluateAsync<float[]>("() => { const { left, width } = Object.values(Chart.instances)[0].chartArea; return [left, width]; }");
            return (page, new() { X = box.X + area[0], Y = box.Y, Width = area[1], Height = box.Height });
        }
        return (page, new() { X = box.X, Y = box.Y, Width = box.Width, Height = box.Height });
    }

    // Puts fingers on the first places, moves them to the others, and takes them off.
    private static async Task TouchAsync(IPage page, (double X, double Y)[][] steps, LocatorBoundingBoxResult area)
    {
        var session = await page.Context.NewCDPSessionAsync(page);
        foreach (var (places, index) in steps.Select((places, index) => (places, index)))
        {
            var points = places.Select((p, id) => new Dictionary<string, object> { ["x"] = area.X + (p.X * area.Width), ["y"] = area.Y + (p.Y * area.Height), ["id"] = id }).ToArray();
            await session.SendAsync("Input.dispatchTouchEvent", new() { ["type"] = index == 0 ? "touchStart" : "touchMove", ["touchPoints"] = points });
        }
        await session.SendAsync("Input.dispatchTouchEvent", new() { ["type"] = "touchEnd", ["touchPoints"] = Array.Empty<object>() });
    }

    private static async Task<(long From, long To)> RangeAsync(IPage page)
    {
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("base="));
        var query = HttpUtility.ParseQueryString(new Uri(page.Url).Query);
        return (TimeOf(query["from"]!), TimeOf(query["to"]!));

        static long TimeOf(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).ToUnixTimeSeconds();
    }
}
