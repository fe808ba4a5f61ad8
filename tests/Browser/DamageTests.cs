using System.Text;
using Microsoft.Playwright;
using SensorDash.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SensorDash.Browser.Tests;

/// <summary>A hub whose database is damaged, with a backup from before.</summary>
public sealed class DamagedHubFixture : BrowserFixture
{
    protected override async Task PrepareAsync(string databasePath)
    {
        await using (var server = await SensorDashProcess.StartAsync(databasePath))
        {
            for (var i = 0; i < 2; i++)
            {
                using var body = new StringContent(FormattableString.Invariant($"{{\"node_address\":{i + 1},\"timestamp\":{Some.Noon},\"temperature_celsius\":21.5}}"), Encoding.UTF8, "application/json");
                (await server.Client.PostAsync(new Uri("/api/sensor-data", UriKind.Relative), body)).EnsureSuccessStatusCode();
            }
            (await server.Client.PostAsync(new Uri("/api/backups", UriKind.Relative), null)).EnsureSuccessStatusCode();
            await WaitFor.TrueAsync("the backup is made", async () => (await server.Client.GetStringAsync(new Uri("/api/backups", UriKind.Relative))).Contains("\"done\"", StringComparison.Ordinal));
            await server.TerminateAsync();
        }
        await using var file = new FileStream(databasePath, FileMode.Open, FileAccess.Write);
        file.Write(new byte[100]);
    }
}

/// <summary>What the owner does about a damaged database, on the System page.</summary>
public sealed class DamageTests(DamagedHubFixture browser) : IClassFixture<DamagedHubFixture>
{
    [SkippableFact]
    public async Task Salvage_ByTypedWord_EndsTheNoticeWithoutAReload()
    {
        await using var watched = await browser.OpenAsync();
        var page = watched.Page;
        await page.GotoAsync("/system?refresh=5");
        var salvage = page.GetByRole(AriaRole.Button, new() { Name = "Salvage what can be read" });
        await Expect(salvage).ToBeDisabledAsync(); // Off until the word is typed.
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Restore the latest good backup" })).ToBeVisibleAsync();
        await KeepAsync(watched, "damaged");

        await page.Locator("[data-confirm=salvage]").FillAsync("salvage");
        watched.IsHostExchanged = true;
        await salvage.ClickAsync();

        await Expect(page.Locator("#aside-title")).ToBeVisibleAsync();
        watched.IsHostExchanged = false;
        await Expect(page.GetByText("2 readings and 0 events are salvaged")).ToBeVisibleAsync();
        await Expect(page.Locator("#damage-title")).ToHaveCountAsync(0);
        await KeepAsync(watched, "repaired");
        watched.AssertNoErrors();
    }

    // With SENSORDASH_SCREENSHOTS, as a picture too.
    private static async Task KeepAsync(WatchedPage watched, string name)
    {
        foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            await watched.Page.EmulateMediaAsync(new() { ColorScheme = scheme });
            foreach (var width in (int[])[360, 1440])
            {
                await watched.Page.SetViewportSizeAsync(width, 900);
                await MoveTests.AssertCleanAsync(watched);
                if (Environment.GetEnvironmentVariable("SENSORDASH_SCREENSHOTS") is { Length: > 0 } folder)
                    await watched.Page.ScreenshotAsync(new() { Path = Path.Combine(folder, FormattableString.Invariant($"{name}-{width}-{scheme.ToString().ToLowerInvariant()}.png")), FullPage = true });
            }
        }
    }
}
