using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>A hub with demo data, loaded once for all tests of a class.</summary>
public sealed class DemoHubFixture : BrowserFixture
{
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        if (!IsAvailable) return;
        await using var watched = await OpenAsync();
        await watched.Page.GotoAsync("/");
        await watched.Page.GetByRole(AriaRole.Button, new() { Name = "Load demo data" }).ClickAsync();
        await Expect(watched.Page.Locator("main")).ToContainTextAsync("12 nodes", new() { Timeout = DemoLoadsWithin });
    }
}
