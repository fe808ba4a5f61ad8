using System.Net;
using System.Text.RegularExpressions;
using SensorDash.Data.Readings;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Pages.Nodes;

public sealed partial class NodeQualityTests : ApiTests
{
    protected override bool HasSidePath => true;

    [Fact]
    public async Task Findings_OfEveryKind_LeadToTheirPlaceInTheCharts()
    {
        var readings = await StoreErrorsAsync();

        var page = WebUtility.HtmlDecode(await Client.GetStringAsync("/nodes/12?range=12h&by=quality&tz=UTC"));

        foreach (var (kind, from, to) in new[] {
            ("Gaps", readings[99].Timestamp, readings[100].Timestamp), ("Outliers", readings[200].Timestamp, readings[200].Timestamp),
            ("Flat lines", readings[600].Timestamp, readings[^1].Timestamp), ("Late arrivals", readings[300].Timestamp, readings[300].Timestamp) })
        {
            var list = page[page.IndexOf($"<summary>{kind}", StringComparison.Ordinal)..];
            var link = PlaceLink().Match(list);
            Assert.True(link.Success, kind);
            var (shownFrom, shownTo) = (DateTimeOffset.Parse(Value(link, 1), null).ToUnixTimeSeconds(), DateTimeOffset.Parse(Value(link, 2), null).ToUnixTimeSeconds());
            Assert.True(shownFrom < from && shownTo > to && (from + to) / 2 == (shownFrom + shownTo) / 2, $"{kind}: {link.Value}");
            var there = await Client.GetStringAsync(link.Groups[0].Value["href=\"".Length..]);
            Assert.Contains("id=\"charts\"", there, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Findings_AsCsv_AreAllThere()
    {
        await StoreErrorsAsync();

        var lines = (await Client.GetStringAsync("/nodes/12/findings.csv?range=12h&tz=UTC")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal("kind,start_time,end_time,quantity,value,robust_z,reading_count,received_at", lines[0]);
        Assert.Equal(["flat_line", "gap", "late", "outlier"], lines[1..].Select(line => line.Split(',')[0]).Distinct().Order(StringComparer.Ordinal));
        Assert.Contains(lines, line => line.Contains(",temperature_celsius,90.00,", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.NotFound, (await Client.GetAsync("/nodes/13/findings.csv")).StatusCode);
    }

    // 30 s apart: ten in a row missing, one spike, one received an hour late, and a sensor that gets stuck.
    private async Task<Reading[]> StoreErrorsAsync()
    {
        var readings = Some.Run(12, 1000).Where((_, i) => i is < 100 or >= 110).ToArray();
        readings[200] = readings[200] with { TemperatureCentidegrees = 9000 };
        readings[300] = readings[300] with { ReceivedAt = readings[300].Timestamp + 3600 };
        for (var i = 600; i < readings.Length; i++) readings[i] = readings[i] with { TemperatureCentidegrees = 2222 };
        await StoreAsync(readings);
        return readings;
    }

    private static string Value(Match link, int group) => Uri.UnescapeDataString(link.Groups[group].Value);

    [GeneratedRegex("""href="/nodes/12\?[^"]*from=([^&"]+)&to=([^&"]+)#charts""")]
    private static partial Regex PlaceLink();
}
