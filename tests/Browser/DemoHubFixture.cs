using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>The tests that share a hub with demo data: loading it is half a million readings.</summary>
[CollectionDefinition(DemoHubFixture.Hub)]
public sealed class DemoHubTests : ICollectionFixture<DemoHubFixture>;

/// <summary>A hub with demo data, loaded once. Its tests change nothing in it.</summary>
public sealed class DemoHubFixture : BrowserFixture
{
    /// <summary>The name of the collection of its tests.</summary>
    public const string Hub = "demo hub";

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
