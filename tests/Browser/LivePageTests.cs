using System.Text.RegularExpressions;
using Microsoft.Playwright;
using SensorDash.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>An open page goes with the time: words, status, first data.</summary>
public sealed partial class LivePageTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [SkippableFact]
    public async Task EmptyOverview_FirstReadingArrives_ShowsItsNode()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync("/");
        if (await page.Locator("#first-reading").CountAsync() == 1) // The other tests of this class send readings too.
            await Expect(page.Locator("#first-reading")).ToBeVisibleAsync();

        await browser.SendAsync(41);

        await Expect(page.Locator("main")).ToContainTextAsync("Node 41");
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task EmptyEvents_FirstEventArrives_ShowsIt()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync("/events");
        await Expect(page.Locator("#first-event")).ToBeVisibleAsync();

        using var laneEvent = new StringContent($$$"""
            {"lane": "parsed", "scopeId": "home", "sourceTruthTime": "{{{TimeProvider.System.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}}}", "streamId": "door", "streamType": "contact", "schemaVersion": "1", "payload": {"open": true}}
            """, null, "application/json");
        using var response = await browser.Client.PostAsync(new Uri("/api/events", UriKind.Relative), laneEvent);
        response.EnsureSuccessStatusCode();

        await Expect(page.Locator("table.events tbody tr")).ToHaveCountAsync(1);
        watched.AssertNoErrors();
    }

    [SkippableTheory]
    [InlineData("/nodes/42?refresh=0", 42, ".side")]
    [InlineData("/?refresh=0", 43, ".card:has-text('Node 43')")]
    public async Task Status_OfASilentNode_TurnsLateByItself(string path, int node, string place)
    {
        await using var watched = await browser.OpenAsync();
        await browser.SendAsync(node, 3); // A reading a minute: late after 180 s.
        await SetReceivedAsync(node, secondsAgo: 175);

        await watched.Page.GotoAsync(path);

        var status = watched.Page.Locator(place).Locator(".status");
        await Expect(status).ToContainTextAsync("late");
        await Expect(status).ToContainTextAsync("no reading for ");
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task Status_OfALateNode_TurnsStaleByItself()
    {
        await using var watched = await browser.OpenAsync();
        await browser.SendAsync(44, 3);
        await SetReceivedAsync(44, secondsAgo: 715); // Stale after 720 s.

        await watched.Page.GotoAsync("/nodes/44?refresh=0");

        await Expect(watched.Page.Locator(".side .status")).ToContainTextAsync("stale");
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task LastReading_OnAnOpenPage_CountsSeconds()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await browser.SendAsync(45, 3);
        await page.GotoAsync("/nodes/45?refresh=0");
        var status = page.Locator(".side .status");
        var seen = new HashSet<string>();
        while (seen.Count < 3) seen.Add(Seconds().Match(await status.InnerTextAsync()).Groups[1].Value);

        Assert.DoesNotContain("", seen);
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task Refresh_IsOnByDefault_AndStaysOffOnceChosen()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await browser.SendAsync(46);
        await page.GotoAsync("/nodes/46");
        await Expect(page.Locator("[data-refresh]")).ToHaveAttributeAsync("data-refresh", "30");

        await page.Locator("select[name=refresh]").SelectOptionAsync("0");
        await Expect(page).ToHaveURLAsync(Off());
        await page.GetByRole(AriaRole.Navigation, new() { Name = "Main" }).GetByRole(AriaRole.Link, new() { Name = "Analytics" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Analytics" })).ToBeVisibleAsync();
        await Expect(page.Locator("[data-refresh]")).ToHaveAttributeAsync("data-refresh", "0");
        watched.AssertNoErrors();
    }

    private async Task SetReceivedAsync(int node, int secondsAgo)
    {
        await using var connection = await SqliteLock.OpenAsync(browser.DatabasePath);
        await using var command = connection.CreateCommand();
        command.CommandText = "UPDATE nodes SET last_received_at = unixepoch() - $ago WHERE address = $node";
        command.Parameters.AddWithValue("$ago", secondsAgo);
        command.Parameters.AddWithValue("$node", node);
        Assert.Equal(1, await command.ExecuteNonQueryAsync());
    }

    [GeneratedRegex("reading ([0-9]+) s ago")]
    private static partial Regex Seconds();

    [GeneratedRegex("refresh=0")]
    private static partial Regex Off();
}
