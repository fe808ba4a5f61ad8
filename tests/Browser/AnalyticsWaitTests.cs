using Microsoft.Playwright;
using SensorDash.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>The analytics page while something takes long: a part that is still computed, a DuckDB that does not answer yet.</summary>
[Collection(DemoHubFixture.Hub)]
public sealed class AnalyticsWaitTests(DemoHubFixture browser)
{
    [SkippableFact]
    public async Task Part_CancelledWhileComputed_GivesTheRequestUpAndCanBeLoadedAfterAll()
    {
        await using var watched = await browser.OpenAsync();
        var (page, held) = (watched.Page, new TaskCompletionSource<IRoute>());
        await page.RouteAsync("**/analytics?*handler=quality*", route => held.TrySetResult(route));
        await page.GotoAsync("/analytics?range=7d");
        var request = (await held.Task).Request;
        var part = page.Locator("[data-part=quality]");
        await Expect(part.GetByRole(AriaRole.Progressbar)).ToBeVisibleAsync();

        await part.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();

        Assert.Equal("net::ERR_ABORTED", await request.EndAsync());
        await Expect(part).ToContainTextAsync("Cancelled.");
        await page.UnrouteAllAsync();
        await part.GetByRole(AriaRole.Button, new() { Name = "Load", Exact = true }).ClickAsync();
        await Expect(part.Locator("#quality-title")).ToBeVisibleAsync();
        watched.AssertNoErrors();
    }
}

/// <summary>A hub whose DuckDB file another process holds.</summary>
public sealed class AnalyticsNoticeTests(HeldSidePathFixture browser) : IClassFixture<HeldSidePathFixture>
{
    [SkippableFact]
    public async Task Notice_DuckDbAnswersAgain_GoesAndThePartsAreFetchedAnewByThemselves()
    {
        await using var watched = await browser.OpenAsync(360);
        var page = watched.Page;
        await page.GotoAsync("/analytics?range=7d&refresh=0"); // A refresh would abort the request that the test waits for.
        await Expect(page.GetByText("DuckDB is unavailable")).ToBeVisibleAsync();
        await Expect(page.Locator("#quality-title")).ToBeVisibleAsync();
        await page.EvaluateAsync("window.isTheSamePage = true");
        var again = page.WaitForRequestAsync(request => request.Url.Contains("handler=quality", StringComparison.Ordinal));

        await browser.LetGoAsync();

        await Expect(page.GetByText("DuckDB is unavailable")).ToBeHiddenAsync();
        await Expect(page.GetByText("Queries use DuckDB; results are exact")).ToBeVisibleAsync();
        Assert.Null(await (await again).EndAsync());
        Assert.True(await page.EvaluateAsync<bool>("window.isTheSamePage"));
        watched.AssertNoErrors();
    }
}

/// <summary>Demo data, and a DuckDB file that is not to be had until it is let go.</summary>
public sealed class HeldSidePathFixture : BrowserFixture
{
    private SensorDashProcess? _holder;

    public async Task LetGoAsync()
    {
        await _holder!.KillAsync();
        using var answer = await Client.PostAsync(new Uri("/api/system/analytics/rebuild", UriKind.Relative), null);
    }

    protected override async Task PrepareAsync(string databasePath)
    {
        _holder = await SensorDashProcess.StartAsync(databasePath + ".other", ("Analytics__Path", Path.ChangeExtension(databasePath, ".duckdb")));
        await _holder.Client.WaitForSidePathAsync("ready");
    }

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        if (!IsAvailable) return;
        await Client.WaitForSidePathAsync("failed"); // Until it has tried, a page says that DuckDB is catching up.
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        using var readings = new StringContent(string.Concat(Enumerable.Range(0, 500).Select(i => FormattableString.Invariant(
            $"{{\"node_address\":{1 + (i % 3)},\"timestamp\":{now - (i * 60)},\"temperature_celsius\":{i % 20}}}\n"))), null, "application/x-ndjson");
        using var answer = await Client.PostAsync(new Uri("/api/sensor-data", UriKind.Relative), readings);
        answer.EnsureSuccessStatusCode();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        if (_holder is not null) await _holder.DisposeAsync();
    }
}
