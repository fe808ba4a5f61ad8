using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>The search box of the events page.</summary>
public sealed class EventSearchTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [SkippableFact]
    public async Task Search_FiltersAndLanes_AreAddedToTheUrl()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        foreach (var (stream, volts) in new[] { ("door", 1), ("door", 2), ("window", 2) })
        {
            using var laneEvent = new StringContent($$$"""
                {"lane": "parsed", "scopeId": "home", "sourceTruthTime": "{{{TimeProvider.System.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}}}", "streamId": "{{{stream}}}", "streamType": "contact", "schemaVersion": "1", "payload": {"volts": {{{volts}}}}}
                """, null, "application/json");
            using var response = await browser.Client.PostAsync(new Uri("/api/events", UriKind.Relative), laneEvent);
            response.EnsureSuccessStatusCode();
        }
        await page.GotoAsync("/events?range=1h&refresh=0", new() { WaitUntil = WaitUntilState.NetworkIdle });
        var (box, rows) = (page.Locator("input[type=search][name=search]"), page.Locator("[id=events] table.events tbody tr"));
        await Expect(rows).ToHaveCountAsync(3);

        await box.FillAsync("streamId:door");
        await box.PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(new Regex("streamId=door"));
        await Expect(rows).ToHaveCountAsync(2);
        await Expect(box).ToHaveValueAsync("");
        await Expect(box).ToBeFocusedAsync();

        await box.FillAsync("volts=2");
        await box.PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(new Regex("payload.volts=2"));
        await Expect(rows).ToHaveCountAsync(1);

        await page.Locator("label:has(input[value=parsed])").ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("lanes=parsed"));
        await Expect(page).ToHaveURLAsync(new Regex("streamId=door"));

        await page.Locator(".tag:has-text('streamId')").ClickAsync();
        await Expect(page).Not.ToHaveURLAsync(new Regex("streamId"));
        await Expect(rows).ToHaveCountAsync(2);

        await box.FillAsync("nonsense");
        await box.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "must be field:value" })).ToBeVisibleAsync();
        await Expect(box).ToHaveValueAsync("nonsense");
        watched.AssertNoErrors();
    }
}
