using Microsoft.Playwright;
using SensorDash.Tests.Support;

namespace SensorDash.Browser.Tests;

/// <summary>Pictures of all pages, for looking at and for the docs: SENSORDASH_SCREENSHOTS names their folder. tools/screenshots runs this.</summary>
[Collection(DemoHubFixture.Hub)]
public sealed class ScreenshotTests(DemoHubFixture browser)
{
    private const string Setting = "SENSORDASH_SCREENSHOTS";

    private static readonly (string Name, string Path)[] _pages = [
        ("overview", "/"), ("overview-table", "/?view=table"), ("node", "/nodes/8"), ("node-quality", "/nodes/8?by=quality"), ("node-empty", "/nodes/12?range=1h"),
        ("analytics", "/analytics?range=7d"), ("analytics-lines", "/analytics?node=2,6,7,8,10"), ("analytics-table", "/analytics?view=table"),
        ("events", "/events?timebase=source"), ("zones", "/zones?edit=1"), ("export", "/export"), ("delete-nodes", "/nodes/delete?last_seen_before=now-1d"),
        ("system", "/system"), ("move", "/system/move"), ("backups", "/system/backups"), ("audit", "/system/audit"), ("not-found", "/nodes/999")];

    [SkippableFact]
    public async Task AllPages_BothWidthsAndThemes_AreKeptAsPictures()
    {
        using var temporary = new TemporaryFolder();
        var isKept = Environment.GetEnvironmentVariable(Setting) is { Length: > 0 };
        var folder = isKept ? Environment.GetEnvironmentVariable(Setting)! : Path.GetDirectoryName(temporary.File("x"))!;
        var pages = isKept ? _pages : _pages[..1]; // As a test, one page shows that pictures are kept.
        Directory.CreateDirectory(folder);
        foreach (var (width, height) in new[] { (1440, 900), (390, 844) })
        {
            foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
            {
                await using var watched = await browser.OpenAsync(width, scheme);
                await watched.Page.SetViewportSizeAsync(width, height);
                foreach (var (name, path) in pages) await KeepAsync(watched.Page, path, Path.Combine(folder, FormattableString.Invariant($"{name}-{width}-{scheme.ToString().ToLowerInvariant()}.png")));
                if (scheme == ColorScheme.Dark || width < 800) continue;
                await watched.Page.EmulateMediaAsync(new() { Media = Media.Print });
                foreach (var (name, path) in pages.Where(p => p.Name is "overview" or "node" or "analytics")) await KeepAsync(watched.Page, path, Path.Combine(folder, $"{name}-print.png"));
            }
        }
        // Two widths and two themes of each page, and one as it prints.
        if (!isKept) Assert.Equal(5, Directory.GetFiles(folder, "*.png").Length);
    }

    private static async Task KeepAsync(IPage page, string path, string file)
    {
        await page.GotoAsync(path, new() { WaitUntil = WaitUntilState.NetworkIdle });
        await page.ScreenshotAsync(new() { Path = file });
    }
}
