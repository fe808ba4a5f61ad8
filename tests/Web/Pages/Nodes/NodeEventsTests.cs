using System.Globalization;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Pages.Nodes;

/// <summary>Events about a node: those whose stream, target or view is its address.</summary>
public sealed class NodeEventsTests : PageTests
{
    [Fact]
    public async Task Events_WithTheAddressAsSubject_AreOfTheNodeAndOthersAreNot()
    {
        await StoreAsync([.. Some.Run(12, 100), .. Some.Run(1, 100)]);
        await SendAsync(Parsed("12", -60), Command("12", -120), Ui("12", -180), Parsed("112", -60), Parsed("weather", -60), Command("1", -60), Parsed("12", -7200));

        var part = await ReadPageAsync("/nodes/12?range=1h&tz=UTC&handler=events");
        var table = await ReadPageAsync("/nodes/12?range=1h&tz=UTC&by=events");

        Assert.Contains("3 events about this node</summary>", part, StringComparison.Ordinal);
        Assert.Equal([Noon - 60m, Noon - 120m, Noon - 180m], System.Text.RegularExpressions.Regex.Matches(part, "data-event-time=\"([0-9.]+)\"").Select(m => decimal.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)));
        Assert.Contains("data-text=\"command CommandRequest heatSensor\"", part, StringComparison.Ordinal);
        Assert.Equal(3, table.Split("<td class=\"preview\">").Length - 1);
        AssertNoInlineCode(table);
        var csv = (await Client.GetStringAsync("/nodes/12/events.csv?range=1h&tz=UTC")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, csv.Length);
        Assert.Contains("no events about this node", await ReadPageAsync("/nodes/12?tz=UTC&handler=events&from=2026-06-01&to=2026-06-02"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_MoreThanAChartCanShow_AreCounted()
    {
        await StoreAsync(Some.Run(12, 100));
        await SendAsync([.. Enumerable.Range(0, 70).Select(i => Parsed("12", -i)), .. Enumerable.Range(0, 5).Select(i => Command("12", -100 - i))]);

        var part = await ReadPageAsync("/nodes/12?range=1h&tz=UTC&handler=events");

        Assert.Contains("50 events about this node, 25 more", part, StringComparison.Ordinal);
        Assert.Contains("20 older events with streamId 12", part, StringComparison.Ordinal);
        Assert.Contains("5 older events with targetId 12", part, StringComparison.Ordinal);
        Assert.Contains("href=\"/events?range=1h&amp;tz=UTC&amp;timebase=source&amp;streamId=12\"", part, StringComparison.Ordinal);
    }

    private async Task SendAsync(params string[] events)
        => Assert.Equal(events.Length, (await JsonOfAsync(await PostAsync("/api/events", string.Join('\n', events), "application/x-ndjson"))).GetProperty("inserted").GetInt32());

    private static string At(int seconds) => DateTimeOffset.FromUnixTimeSeconds(Noon + seconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Parsed(string stream, int at)
        => $$"""{"lane":"parsed","scopeId":"s","sourceTruthTime":"{{At(at)}}","streamId":"{{stream}}","streamType":"battery","schemaVersion":"1","payload":{"volts":{{at}} } }""";

    private static string Command(string target, int at)
        => $$"""{"lane":"command","scopeId":"s","sourceTruthTime":"{{At(at)}}","messageType":"CommandRequest","commandId":"c","requestId":"{{target}}{{at}}","targetId":"{{target}}","commandType":"heatSensor","timelineMode":"live","payload":{} }""";

    private static string Ui(string unique, int at)
        => $$"""{"lane":"ui","scopeId":"s","sourceTruthTime":"{{At(at)}}","messageType":"UiUpdate","systemId":"sys","containerId":"box","uniqueId":"{{unique}}","viewId":"v","manifestId":"m","manifestVersion":"1","data":{"x":1} }""";
}
