using System.Text.RegularExpressions;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using SensorDash.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>A hub that fills a second store beside its own.</summary>
public sealed class SecondStoreHubFixture : BrowserFixture
{
    protected override (string Name, string Value)[] Settings => [("Transfer__Secondary", $"sqlite:{FileAt("second.db")}")];

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        if (IsAvailable) await SendAsync(1, 100);
    }
}

/// <summary>Imports a file on the Move page, on a desktop and on a phone.</summary>
public sealed partial class MoveTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [SkippableFact]
    public async Task Import_ChosenPlannedAndStarted_ShowsItsEndWithoutAReload()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        FormerHubFile.Create(Path.Combine(browser.ImportFolder, "hub.db"), 3_000);
        await File.WriteAllTextAsync(Path.Combine(browser.ImportFolder, "notes.txt"), "not a database");
        await page.GotoAsync("/system");
        await page.GetByRole(AriaRole.Link, new() { Name = "Move data" }).First.ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync("Move data");
        await Expect(page.GetByText("is not a file of SQLite or DuckDB")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Show plan" }).ClickAsync();
        await Expect(page.Locator("#plan-title")).ToBeVisibleAsync();
        await AssertCleanAsync(watched);
        await page.Locator("[name=rate]").FillAsync("1"); // The second chunk waits for half an hour.
        await page.GetByRole(AriaRole.Button, new() { Name = "Show plan" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(Rate());
        await page.GetByRole(AriaRole.Button, new() { Name = "Start", Exact = true }).ClickAsync();
        await Expect(page.GetByText("readings copied")).ToBeVisibleAsync();
        await AssertCleanAsync(watched);
        await page.SetViewportSizeAsync(360, 800);
        await AssertCleanAsync(watched);
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Expect(page.GetByText("Paused. Rows")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Expect(page.GetByText("Choose the same file again to go on")).ToBeVisibleAsync();
        await AssertCleanAsync(watched);
        await page.SetViewportSizeAsync(1440, 900);
        await page.GetByRole(AriaRole.Link, new() { Name = "Go on" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();

        await Expect(page.GetByText("verified, every row is equal")).ToBeVisibleAsync();
        await Expect(page.Locator("#past-title")).ToBeVisibleAsync();
        await AssertCleanAsync(watched);
        await page.SetViewportSizeAsync(360, 800);
        await AssertCleanAsync(watched);
        var report = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Report (JSON)" }).ClickAsync());
        Assert.Contains("\"isEqual\": true", await File.ReadAllTextAsync(await report.PathAsync()), StringComparison.Ordinal);
        watched.AssertNoErrors();
    }

    [GeneratedRegex("rate=1")]
    private static partial Regex Rate();

    /// <summary>Nothing is wider than the screen, and axe finds nothing.</summary>
    internal static async Task AssertCleanAsync(WatchedPage watched)
    {
        var overflow = await watched.Page.EvaluateAsync<int>("document.scrollingElement.scrollWidth - window.innerWidth");
        Assert.True(overflow <= 0, $"{overflow} px wider than the screen of {watched.Page.ViewportSize!.Width} px.");
        var found = await watched.Page.RunAxe();
        Assert.Empty(found.Violations.Select(v => $"{v.Id}: {string.Join(", ", v.Nodes.Select(n => n.Html))}"));
    }
}

/// <summary>Dual-write and its cut-over on the Move page.</summary>
public sealed class SecondStoreTests(SecondStoreHubFixture browser) : IClassFixture<SecondStoreHubFixture>
{
    [SkippableFact]
    public async Task CutOver_ByTypedName_MovesTheHubAndBack()
    {
        await using var watched = await browser.OpenAsync(360);
        var page = watched.Page;
        await page.GotoAsync("/system/move?refresh=5");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Cut over" })).ToBeDisabledAsync(); // Off until the name is typed.
        await MoveTests.AssertCleanAsync(watched);
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare row by row" }).ClickAsync();
        await Expect(page.GetByText("verified, every row is equal")).ToBeVisibleAsync();

        await Expect(page.GetByText("Type second.db to confirm").First).ToBeVisibleAsync();
        await page.Locator("[name=typedName]").First.FillAsync("second.db");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cut over" }).ClickAsync();

        await Expect(page.Locator("#moved-title")).ToContainTextAsync("second.db");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Roll back" })).ToBeVisibleAsync();
        await MoveTests.AssertCleanAsync(watched);
        await browser.SendAsync(2);
        await page.SetViewportSizeAsync(1440, 900);
        await Expect(page.GetByText("Type browser.db to confirm").First).ToBeVisibleAsync();
        await page.Locator("[name=typedName]").First.FillAsync("browser.db");
        await page.GetByRole(AriaRole.Button, new() { Name = "Roll back" }).ClickAsync();
        await Expect(page.Locator("#moved-title")).ToContainTextAsync("browser.db");
        await page.GotoAsync("/");
        await Expect(page.Locator("main")).ToContainTextAsync("2 nodes");
    }
}
