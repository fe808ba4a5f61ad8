using System.Net;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Pages;

/// <summary>The frame that every page shares: rail, bar and tabs.</summary>
public sealed class FrameTests : PageTests
{
    private const string State = "range=7d&amp;tz=UTC&amp;unit=f";

    [Theory]
    [InlineData("/")]
    [InlineData("/nodes/12")]
    [InlineData("/analytics")]
    [InlineData("/events")]
    [InlineData("/zones")]
    [InlineData("/export")]
    [InlineData("/system")]
    [InlineData("/system/move")]
    [InlineData("/system/backups")]
    [InlineData("/system/audit")]
    public async Task Rail_OnEveryPage_CarriesRangeTimeZoneAndUnit(string path)
    {
        await StoreAsync(Some.Run(12, 10));

        var page = await ReadPageAsync($"{path}?range=7d&tz=UTC&unit=f");

        foreach (var target in (string[])["/", "/analytics", "/events", "/zones", "/export", "/system", "/nodes/12"])
            Assert.Contains($"href=\"{target}?{State}\"", page, StringComparison.Ordinal);
        Assert.Single(page.Split("<h1>")[1..]);
    }

    [Fact]
    public async Task Rail_FewNodes_ListsThemByZoneWithStatusAndValue()
    {
        await StoreAsync(Some.Reading(1, temperature: 2150), Some.Reading(2, temperature: null, humidity: 4000));

        var rail = (await ReadPageAsync("/system")).Split("</aside>")[0];

        Assert.Contains("No zone <span>2</span>", rail, StringComparison.Ordinal);
        Assert.Contains("21.5", rail, StringComparison.Ordinal);
        Assert.Contains("40.0 %", rail, StringComparison.Ordinal);
        Assert.Contains("title=\"Node 1: live, last reading", rail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rail_ManyNodes_ListsZonesWithHowManyAreNotLive()
    {
        await StoreAsync([.. Enumerable.Range(1, 41).Select(node => Some.Reading(node, node == 1 ? Noon - 86_400 : Noon))]);

        var rail = (await ReadPageAsync("/zones")).Split("</aside>")[0];

        Assert.DoesNotContain("/nodes/", rail, StringComparison.Ordinal);
        Assert.Contains("1 of 41", rail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rail_StoreUnavailable_LeavesThePage()
    {
        await StoreAsync(Some.Reading());
        await using var held = await App.LockAsync();

        using var response = await RequestAsync("/error");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Bar_CalendarRange_WorksWithoutScript()
    {
        await StoreAsync(Some.Run(12, 10));

        var page = await ReadPageAsync("/nodes/12?range=yesterday&tz=Asia/Tokyo");

        Assert.Contains("href=\"/nodes/12?tz=Asia%2FTokyo&amp;range=this-week\"", page, StringComparison.Ordinal);
        Assert.Contains("aria-current=\"true\" href=\"/nodes/12?tz=Asia%2FTokyo&amp;range=yesterday\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_Neighbors_AreThoseOfTheRail()
    {
        await StoreAsync(Some.Reading(3), Some.Reading(12), Some.Reading(20));

        var page = await ReadPageAsync("/nodes/12?range=1h");

        Assert.Contains("href=\"/nodes/3?range=1h\" data-key=\"k\"", page, StringComparison.Ordinal);
        Assert.Contains("href=\"/nodes/20?range=1h\" data-key=\"j\"", page, StringComparison.Ordinal);
    }
}
