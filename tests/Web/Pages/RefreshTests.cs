using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Pages;

/// <summary>How often a page asks to be shown anew.</summary>
public sealed class RefreshTests : PageTests
{
    private const string Reload = "http-equiv=\"refresh\"";

    [Theory]
    [InlineData("/", "30", false)]
    [InlineData("/?refresh=0", "0", false)]
    [InlineData("/?refresh=60", "60", true)]
    [InlineData("/?refresh=7", "30", false)]
    public async Task Page_ByScriptUnlessOff_WithoutScriptsOnlyWhenChosen(string path, string seconds, bool reloads)
    {
        await StoreAsync(Some.Reading());

        var page = await ReadPageAsync(path);

        Assert.Contains($"data-refresh=\"{seconds}\"", page, StringComparison.Ordinal);
        Assert.Equal(reloads, page.Contains(Reload, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Status_SaysSinceWhenAndWhenItTurns()
    {
        await StoreAsync(Some.Reading(12, Noon - 10), Some.Reading(12, Noon - 70), Some.Reading(12, Noon - 130));

        var page = await ReadPageAsync("/nodes/12");

        Assert.Matches("last reading <time data-relative=\"length\" data-turns-at=\"[0-9]+\" datetime=\"[^\"]+\" title=\"[^\"]+\">[^<]+</time> ago, expected every 60 s", page);
    }
}
