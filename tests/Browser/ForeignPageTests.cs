using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>Pages of another site in the browser of an administrator who is signed in.</summary>
public sealed class ForeignPageTests(SecuredHubFixture hub) : IClassFixture<SecuredHubFixture>
{
    [SkippableFact]
    public async Task ForeignPages_InTheBrowserOfAnAdministrator_ChangeNothingAndShowNothing()
    {
        await using var watched = await hub.OpenAsync();
        var page = watched.Page;
        await hub.SetUpAsync(page);
        // The session belongs to the name of the hub, as in a network.
        await page.GotoAsync(ByName(BrowserFixture.HubName) + "/sign-in?return=%2Fzones");
        await SecuredHubFixture.SignInAsync(page, SecuredHubFixture.Admin, SecuredHubFixture.Password);
        await Expect(page).ToHaveURLAsync(ByName(BrowserFixture.HubName) + "/zones");

        await using var other = new OtherSite();
        foreach (var (target, fields) in new[]
        {
            ("/zones?handler=Add", "<input name=name value=Evil><input name=color value='#3B82F6'>"),
            ("/system/users?handler=Add", "<input name=name value=eve><input name=role value=admin><input name=password value=eve-was-here-1>"),
            ("/system/keys?handler=Add", "<input name=name value=evil><input name=scope value=admin><input name=days value=0>"),
            ("/sign-in", "<input name=name value=eve><input name=password value=eve-was-here-1>"), // Signs the victim in as somebody else.
            ("/sign-in?handler=Out", ""),
            ("/api/zones", ""),
        })
        {
            other.Html = $"<form method=post action='{ByName(BrowserFixture.HubName)}{target}'>{fields}<input type=hidden name=__RequestVerificationToken value=guessed></form><button onclick='document.forms[0].submit()'>Go</button>";
            await page.GotoAsync(other.Address);
            var answer = await page.RunAndWaitForResponseAsync(() => page.GetByRole(AriaRole.Button).ClickAsync(), r => r.Request.Method == "POST");
            Assert.True(answer.Status == 403, $"{target}: {answer.Status}");
        }

        other.Html = $"<iframe src='{ByName(BrowserFixture.HubName)}/system/keys'></iframe>";
        await page.GotoAsync(other.Address, new() { WaitUntil = WaitUntilState.NetworkIdle });
        await Expect(page.FrameLocator("iframe").Locator("h1")).ToHaveCountAsync(0);

        // A link is followed, with the session.
        other.Html = $"<a href='{ByName(BrowserFixture.HubName)}/system/users'>Users</a>";
        await page.GotoAsync(other.Address);
        await page.GetByRole(AriaRole.Link).ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync("Users");
        await Expect(page.Locator("main")).Not.ToContainTextAsync("eve");
    }

    // The name of another site that points to the hub, as after a rebinding: its pages are at home there.
    [SkippableFact]
    public async Task PageOfANameThatWasPointedAtTheHub_GetsNothing()
    {
        await using var watched = await hub.OpenAsync();
        var page = watched.Page;
        var opened = await page.GotoAsync(ByName(BrowserFixture.OtherName) + "/");
        var statuses = await page.EvaluateAsync<int[]>("""
            async () => [
                (await fetch('/api/nodes')).status,
                (await fetch('/sign-in')).status,
                (await fetch('/health/live')).status,
                (await fetch('/write', { method: 'POST', body: 'climate,node=12 temp=1' })).status,
            ]
            """);
        var socket = await page.EvaluateAsync<string>("() => new Promise(done => { const s = new WebSocket('ws://' + location.host + '/ws'); s.onopen = () => done('open'); s.onerror = () => done('refused'); })");

        Assert.Equal(400, opened!.Status);
        Assert.Equal([400, 400, 400, 400], statuses);
        Assert.Equal("refused", socket);
    }

    private string ByName(string name) => new UriBuilder(hub.Address) { Host = name }.Uri.ToString().TrimEnd('/');
}
