using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Pages.Overview;

public sealed class OverviewPageTests : PageTests
{
    [Fact]
    public async Task Overview_NoNode_SaysHowToSendOne()
    {
        var page = await ReadPageAsync("/");

        Assert.Contains("No nodes yet", page, StringComparison.Ordinal);
        Assert.Contains($"curl {App.Address.GetLeftPart(UriPartial.Authority)}/api/sensor-data", page, StringComparison.Ordinal);
        Assert.Contains("Load demo data", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Overview_MoreNodesThanAPage_PagesAndFilters()
    {
        await StoreAsync([.. Enumerable.Range(1, 61).Select(node => Some.Reading(node))]);

        Assert.Contains("Page <data value=\"1\">1</data> of <data value=\"2\">2</data>", await ReadPageAsync("/"), StringComparison.Ordinal);
        var second = await ReadPageAsync("/?page=2");
        Assert.Contains("href=\"/nodes/61", second, StringComparison.Ordinal);
        Assert.Contains("1 of 61 nodes", second, StringComparison.Ordinal);
        Assert.Contains("No nodes match this filter", await ReadPageAsync("/?status=stale"), StringComparison.Ordinal);
    }
}
