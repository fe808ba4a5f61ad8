using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using SensorDash.Data.Ingest;
using SensorDash.Data.Ingest.Parsing;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Operations;

/// <summary>Rejected rows by sender and reason, so that a node that never appears can be found.</summary>
public sealed class RejectedRowsTests() : ApiTests(("Ingest:MaxNodes", "1"))
{
    private RejectedRows Rows => App.Services.GetRequiredService<RejectedRows>();

    [Fact]
    public async Task Readings_AreGroupedByNodeAndField()
    {
        await SendAsync("/api/sensor-data", "application/x-ndjson", """
            {"node_address": 21, "timestamp": 5, "temperature_celsius": 20}
            {"temperature_celsius": "warm", "node_address": 21, "timestamp": 5}
            {"node_address": 21, "timestamp": 6, "temperature_celsius": 20}
            {"timestamp": 5, "temperature_celsius": 20}
            not a reading
            """);

        var groups = Rows.Read();

        Assert.Equal([("node 21", "timestamp", 2), ("node 21", "temperature_celsius", 1), (null, "node_address", 1), (null, null, 1)],
            groups.OrderByDescending(g => g.Count).ThenBy(g => g.Sender is null).ThenBy(g => g.Field is null).Select(g => (g.Sender, g.Field, (int)g.Count)));
        Assert.All(groups, g => Assert.Equal((RejectedRows.Readings, "127.0.0.1", App.Clock.GetUtcNow().ToUnixTimeSeconds()), (g.Kind, g.Origin, g.Last)));
        Assert.EndsWith("not 6", groups[0].LatestError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_Events_AndRowsThatTheStoreRejects_AreCountedToo()
    {
        await SendAsync("/write", "text/plain", "climate,node=7 temp=21.5 1767225600000000000\nclimate,node=7 temp=hot\n");
        await SendAsync("/api/events", "application/json", """{"lane": "parsed", "scopeId": "core", "sourceTruthTime": "yesterday"}""");
        await SendAsync("/write", "text/plain", "climate,node=8 temp=21.5 1767225600000000000\n");

        Assert.Equal([("events", "scope core", "sourceTruthTime"), ("readings", "node 7", "temperature"), ("readings", "node 8", "node_address")],
            Rows.Read().Select(g => (g.Kind, g.Sender, g.Field)).OrderBy(g => g));
    }

    [Fact]
    public async Task Page_Files_AndApi_ShowThem()
    {
        Assert.Contains("None.", await Client.GetStringAsync(new Uri("/system", UriKind.Relative)), StringComparison.Ordinal);
        await SendAsync("/api/sensor-data", "application/x-ndjson", """{"node_address": 21, "timestamp": 5, "temperature_celsius": 20, "x": "<b>"}""");

        var page = await Client.GetStringAsync(new Uri("/system", UriKind.Relative));
        var file = await Client.GetStringAsync(new Uri("/system/rejected.csv", UriKind.Relative));
        using var api = JsonDocument.Parse(await Client.GetStringAsync(new Uri("/api/system/rejected-rows", UriKind.Relative)));

        Assert.Contains("node 21", page, StringComparison.Ordinal);
        Assert.Contains("readings,node 21,127.0.0.1,timestamp,", file, StringComparison.Ordinal);
        Assert.Equal(("node 21", 1), (api.RootElement[0].GetProperty("sender").GetString(), api.RootElement[0].GetProperty("count").GetInt32()));
    }

    [Fact]
    public void Count_LeavesOutWhatIsOlderThanADay()
    {
        Count("node 1");
        App.Clock.Advance(TimeSpan.FromHours(23));
        Count("node 1");
        Assert.Equal(2, Assert.Single(Rows.Read()).Count);

        App.Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal(1, Assert.Single(Rows.Read()).Count);

        App.Clock.Advance(TimeSpan.FromHours(30));
        Assert.Empty(Rows.Read());
    }

    [Fact]
    public void Groups_AreBounded_AndOneOriginDoesNotFillThemAll()
    {
        Count("node 1", "192.0.2.1");
        for (var node = 0; node < 10_000; node++) Count($"node {node}", "192.0.2.2");
        Assert.Equal(RejectedRows.MaxGroupsOfOrigin + 2, Rows.Read().Count);
        Assert.Equal(10_000 - RejectedRows.MaxGroupsOfOrigin, Rows.Read().Single(g => g.Sender == RejectedRows.OtherSenders).Count);

        App.Clock.Advance(TimeSpan.FromSeconds(1));
        for (var origin = 0; origin < 2 * RejectedRows.MaxGroups; origin++) Count("node 1", $"198.51.100.{origin}");
        Assert.Equal(RejectedRows.MaxGroups, Rows.Read().Count);
        Count("node 2", "192.0.2.2"); // The groups of an origin that are dropped do not count for it any more.
        Assert.Contains(Rows.Read(), g => g.Sender == "node 2");
    }

    private void Count(string sender, string origin = "192.0.2.1") => Rows.Count(RejectedRows.Readings, origin, new RowError("timestamp", "timestamp is missing") { Sender = sender });

    private async Task SendAsync(string path, string mediaType, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, mediaType);
        using var response = await Client.PostAsync(new Uri(path, UriKind.Relative), content);
        Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.BadRequest or HttpStatusCode.NoContent);
    }
}
