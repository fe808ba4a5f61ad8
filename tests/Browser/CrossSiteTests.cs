using System.Net;
using System.Text.Json;
using Microsoft.Playwright;

namespace SensorDash.Browser.Tests;

/// <summary>Pages of another site in the browser of someone who can reach the hub. To a name without TLS browsers do not send Sec-Fetch-Site.</summary>
public sealed class CrossSiteTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [SkippableFact]
    public async Task PageOfAnotherSite_PostsToTheHubByName_IsRefused()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await using var other = new OtherSite { Html = "<title>Other</title>" };
        await page.GotoAsync(other.Address);

        foreach (var (path, body) in new[] { ("/write", "climate,node=12 temp=1"), ("/api/system/analytics/rebuild", "") })
        {
            var refused = await page.RunAndWaitForResponseAsync(() => PostAsync(page, path, body), Hub + path);
            Assert.Equal(403, refused.Status);
            Assert.DoesNotContain("sec-fetch-site", (await refused.Request.AllHeadersAsync()).Keys);
        }

        using var node = await browser.Client.GetAsync(new Uri("/api/nodes/12", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, node.StatusCode);
    }

    [SkippableFact]
    public async Task OwnPage_ByName_Writes()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync($"{Hub}/zones");

        Assert.Equal(204, await page.EvaluateAsync<int>("async () => (await fetch('/write', { method: 'POST', body: 'climate,node=13 temp=1' })).status"));
        watched.AssertNoErrors();
    }

    private string Hub => new UriBuilder(browser.Address) { Host = BrowserFixture.HubName }.Uri.ToString().TrimEnd('/');

    // As a page can send it without asking the hub first.
    private Task<JsonElement?> PostAsync(IPage page, string path, string body)
        => page.EvaluateAsync("([url, body]) => fetch(url, { method: 'POST', mode: 'no-cors', body })", new[] { Hub + path, body });
}
