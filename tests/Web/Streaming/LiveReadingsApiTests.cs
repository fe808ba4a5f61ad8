using System.Net;
using System.Net.Http.Json;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Streaming;

/// <summary>Readings over server-sent events, on each store of readings.</summary>
public abstract class LiveReadingsContract(params (string Key, string Value)[] settings) : ApiTests(settings)
{
    [SkippableFact]
    public async Task Live_PostedReadings_ArriveWithTokensThatFollowEachOther()
    {
        await SendAsync(1, 20);
        await using var stream = await OpenAsync();
        var position = (await stream.ReadAsync("caughtUp")).Data.GetProperty("batch").GetInt64();
        await SendAsync(1, 21);
        await SendAsync(2, 22.5m);

        var seen = new List<(int, decimal)>();
        while (seen.Count < 2)
        {
            var message = await stream.ReadAsync("readings");
            Assert.Equal(position, message.Data.GetProperty("prev").GetInt64());
            position = message.Data.GetProperty("batch").GetInt64();
            Assert.Equal(position, SseClient.PositionOf(message.Id!));
            seen.AddRange(message.Data.GetProperty("readings").EnumerateArray().Select(r => (r.GetProperty("node_address").GetInt32(), r.GetProperty("temperature_celsius").GetDecimal())));
        }

        Assert.Equal([(1, 21m), (2, 22.5m)], seen);
    }

    [SkippableFact]
    public async Task Live_AfterATokenWithNodes_SendsTheirMissedReadingsAndRemovals()
    {
        await SendAsync(1, 20);
        await SendAsync(2, 20);
        string token;
        await using (var first = await OpenAsync()) token = (await first.ReadAsync("caughtUp")).Id!;
        await SendAsync(1, 21);
        await SendAsync(2, 22);
        await using var stream = await OpenAsync($"?nodes=2&after={token}");

        var missed = await stream.ReadAsync("readings");
        Assert.Equal([2], missed.Data.GetProperty("readings").EnumerateArray().Select(r => r.GetProperty("node_address").GetInt32()));
        await stream.ReadAsync("caughtUp");
        using (await Client.DeleteAsync(new Uri("/api/nodes/2", UriKind.Relative)))
        {
            var removal = await stream.ReadAsync("readings");
            Assert.Equal([2], removal.Data.GetProperty("removed_nodes").EnumerateArray().Select(r => r.GetProperty("node_address").GetInt32()));
        }
    }

    [SkippableFact]
    public async Task Live_Zone_SelectsItsNodes()
    {
        await SendAsync(1, 20);
        await SendAsync(2, 20);
        using var zone = await Client.PostAsJsonAsync("/api/zones", new { name = "roof", color = "#112233" });
        using var assigned = await Client.PutAsJsonAsync("/api/nodes/2/zone", new { zone_id = 1 });
        Assert.Equal(HttpStatusCode.OK, assigned.StatusCode);
        await using var stream = await OpenAsync("?zone_id=1");
        await stream.ReadAsync("caughtUp");
        await SendAsync(1, 21);
        await SendAsync(2, 22);

        var message = await stream.ReadAsync("readings");

        Assert.Equal([2], message.Data.GetProperty("readings").EnumerateArray().Select(r => r.GetProperty("node_address").GetInt32()));
    }

    [SkippableTheory]
    [InlineData("00000000.1")]
    [InlineData("99")]
    public async Task Live_TokenOfAnotherHistory_IsReset(string token)
    {
        await SendAsync(1, 20);
        string own;
        await using (var first = await OpenAsync()) own = (await first.ReadAsync("caughtUp")).Id!;
        if (!token.Contains('.', StringComparison.Ordinal)) token = own.Split('.')[0] + "." + token;

        await using var stream = await OpenAsync("?after=" + token);

        Assert.Equal(own, (await stream.ReadAsync("reset")).Id);
        await stream.ReadAsync("caughtUp");
    }

    [SkippableFact]
    public async Task Live_InvalidParameters_Are400()
    {
        foreach (var query in (string[])["?nodes=9", "?zone_id=9", "?after=x", "?node=1"])
        {
            using var response = await Client.GetAsync(new Uri("/api/sensor-data/live" + query, UriKind.Relative));
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }
    }

    private Task<SseClient> OpenAsync(string query = "") => SseClient.OpenAsync(App.Address, "/api/sensor-data/live" + query);

    private async Task SendAsync(int node, decimal celsius)
    {
        App.Clock.Advance(TimeSpan.FromSeconds(1));
        using var response = await Client.PostAsJsonAsync("/api/sensor-data", new { node_address = node, timestamp = App.Clock.UnixSeconds, temperature_celsius = celsius });
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }
}

public sealed class LiveReadingsApiTests() : LiveReadingsContract;

public sealed class DuckDbLiveReadingsApiTests() : LiveReadingsContract(("Readings:Backend", "DuckDb"));

public sealed class TimescaleLiveReadingsApiTests() : LiveReadingsContract
{
    protected override TimescaleEdition? Edition => TimescaleEdition.Apache;
}
