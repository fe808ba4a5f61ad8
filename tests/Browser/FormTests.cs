using Microsoft.Playwright;
using SensorDash.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>Forms that the server does not take: nothing that was typed is lost, and the fault is in view.</summary>
public sealed class FormTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [SkippableFact]
    public async Task NodeForm_WithAFault_FocusesItsFieldAndKeepsWhatWasTyped()
    {
        await browser.SendAsync(51, 200);
        await using var watched = await browser.OpenAsync(390);
        var page = watched.Page;
        await page.GotoAsync("/nodes/51?refresh=5");
        await page.Locator("#edit > summary").ClickAsync();
        await page.Locator("[name='Form.Name']").FillAsync("Attic");
        await page.Locator("[name='Form.ExpectedInterval']").FillAsync("often");

        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();

        await Expect(page.Locator("#edit .error")).ToContainTextAsync("must be an integer");
        await Expect(page.Locator("[name='Form.ExpectedInterval']")).ToBeFocusedAsync();
        await Expect(page.Locator("[name='Form.ExpectedInterval']")).ToBeInViewportAsync();
        await Expect(page.Locator("#edit .error")).ToBeInViewportAsync();
        // A refresh leaves the form alone too.
        await page.EvaluateAsync("new Promise(resolve => document.addEventListener('page:swapped', () => resolve(), { once: true }))");
        Assert.Equal("Attic", await page.Locator("[name='Form.Name']").InputValueAsync());
        Assert.Equal("often", await page.Locator("[name='Form.ExpectedInterval']").InputValueAsync());
        await Expect(page.Locator("#edit .error")).ToBeVisibleAsync();

        await page.Locator("[name='Form.ExpectedInterval']").FillAsync("60");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync("Attic");
        await Expect(page.GetByText("Saved.")).ToBeInViewportAsync();
        Assert.Equal("60", await page.Locator("[name='Form.ExpectedInterval']").InputValueAsync());
    }

    [SkippableFact]
    public async Task Notice_OfASavedForm_IsInViewAndStaysUntilTheUserGoesOn()
    {
        await browser.SendAsync(52, 200);
        await using var watched = await browser.OpenAsync(360);
        var page = watched.Page;
        await page.GotoAsync("/nodes/52?refresh=5");
        await page.Locator("#edit > summary").ClickAsync();
        await page.Locator("[name='Form.Name']").FillAsync("Cellar");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        var notice = page.GetByText("Saved.");
        await Expect(notice).ToBeVisibleAsync();
        Assert.True(await notice.EvaluateAsync<bool>("""
            notice => {
              const box = notice.getBoundingClientRect();
              return notice.contains(document.elementFromPoint(box.x + 20, box.y + box.height / 2));
            }
            """), "something covers the notice, or it is out of view");

        for (var refresh = 0; refresh < 2; refresh++) await page.EvaluateAsync("new Promise(resolve => document.addEventListener('page:swapped', () => resolve(), { once: true }))");
        Assert.Equal(1, await notice.CountAsync());

        await page.GetByRole(AriaRole.Link, new() { Name = "Days", Exact = true }).ClickAsync();
        await Expect(notice).ToHaveCountAsync(0);
        watched.AssertNoErrors();
    }

    [SkippableFact]
    public async Task ZoneForm_StoreLocked_StaysAsTypedWithTheMessageAndIsSavedLater()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync("/zones");
        await page.Locator("[name=name]").Last.FillAsync("Greenhouse");
        await page.Locator("[name=description]").Last.FillAsync("South side");
        var add = page.GetByRole(AriaRole.Button, new() { Name = "Add" });
        await using (await SqliteLock.TakeAsync(browser.DatabasePath))
        {
            await add.ClickAsync();
            await Expect(page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "Database temporarily unavailable" })).ToBeInViewportAsync();
        }
        Assert.Equal("Greenhouse", await page.Locator("[name=name]").Last.InputValueAsync());
        Assert.Equal("South side", await page.Locator("[name=description]").Last.InputValueAsync());

        await add.ClickAsync();

        await Expect(page.GetByText("Added Greenhouse.")).ToBeVisibleAsync();
        await Expect(page.Locator("[name=name]").Last).ToHaveValueAsync("");
        await Expect(page.GetByRole(AriaRole.Rowheader, new() { Name = "Greenhouse" })).ToBeVisibleAsync();
    }
}
