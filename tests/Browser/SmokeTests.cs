namespace SensorDash.Browser.Tests;

public sealed class SmokeTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [SkippableFact]
    public async Task Health_Opens()
    {
        await using var watched = await browser.OpenAsync();
        var response = await watched.Page.GotoAsync("/api/health");
        Assert.True(response!.Ok);
        watched.AssertNoErrors();
    }
}
