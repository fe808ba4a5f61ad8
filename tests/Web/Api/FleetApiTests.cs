using static SensorDash.Tests.Support.Some;

namespace SensorDash.Web.Tests.Api;

/// <summary>Statistics across nodes: what silent and quick nodes do to them, and how many nodes they are of.</summary>
public class FleetApiTests : ApiTests
{
    [Fact]
    public async Task Series_QuickNodeAmongSlowOnes_WeighsLikeAnyOther()
    {
        // One node sends every 2 s and is cold; four send every minute and are warm.
        await StoreAsync([.. Steady(1, 1000, 2), .. Steady(2, 2000, 60), .. Steady(3, 2000, 60), .. Steady(4, 2100, 60), .. Steady(5, 2200, 60)]);

        var bucket = (await GetAsync($"/api/fleet/series?from={Noon - 3600}&to={Noon - 1}&points=1&nodes=1,2,3,4,5")).GetProperty("buckets")[0];
        var pooled = (await GetAsync($"/api/fleet/series?from={Noon - 3600}&to={Noon - 1}&points=1&nodes=1,2,3,4,5&across=readings")).GetProperty("buckets")[0];

        Assert.Equal((5, 2040), (bucket.GetProperty("node_count").GetInt32(), bucket.GetProperty("reading_count").GetInt32()));
        Assert.Equal("""{"min":10,"max":22,"avg":18.6,"p50":20,"p95":21.8,"p99":21.96}""", bucket.GetProperty("temperature").GetRawText());
        Assert.Equal(10, pooled.GetProperty("temperature").GetProperty("p50").GetDecimal());
        Assert.Equal((5, 2040), (pooled.GetProperty("node_count").GetInt32(), pooled.GetProperty("reading_count").GetInt32()));
    }

    [Fact]
    public async Task Series_TwoNodesFallSilent_SaysSoAndWhichBucketsAreIncomplete()
    {
        var readings = new List<Data.Readings.Reading>();
        for (var node = 1; node <= 12; node++) readings.AddRange(Steady(node, 2100, 60).Where(r => node > 2 || r.Timestamp < Noon - 1200));
        await StoreAsync([.. readings]);
        App.Clock.Advance(TimeSpan.FromSeconds(20));
        await StoreAsync(Reading(7, Noon + 10, 569));

        var answer = await GetAsync($"/api/fleet/series?from={Noon - 3600}&to={Noon + 599}&points=7");

        Assert.Equal((600, 12, "nodes"), (answer.GetProperty("bucket_seconds").GetInt32(), answer.GetProperty("expected_node_count").GetInt32(), answer.GetProperty("across").GetString()));
        Assert.Equal([12, 12, 12, 12, 10, 10, 1], answer.GetProperty("buckets").EnumerateArray().Select(b => b.GetProperty("node_count").GetInt32()));
        Assert.Equal([false, false, false, false, false, false, true], answer.GetProperty("buckets").EnumerateArray().Select(b => b.GetProperty("partial").GetBoolean()));
        Assert.All(answer.GetProperty("buckets").EnumerateArray().Take(6), b => Assert.Equal(21, b.GetProperty("temperature").GetProperty("p50").GetDecimal()));
    }

    [Fact]
    public async Task Series_NodesWithOneSensor_CountOnlyWhereTheyHaveValues()
    {
        await StoreAsync(Reading(1, Noon - 10, 1000, null), Reading(2, Noon - 10, null, 5000), Reading(2, Noon - 9, null, 5001));

        var bucket = (await GetAsync($"/api/fleet/series?from={Noon - 60}&to={Noon - 1}&points=1")).GetProperty("buckets")[0];

        Assert.Equal((2, 10m, 50.01m), (bucket.GetProperty("node_count").GetInt32(), bucket.GetProperty("temperature").GetProperty("max").GetDecimal(), bucket.GetProperty("humidity").GetProperty("avg").GetDecimal()));
    }

    [Fact]
    public async Task Hours_QuickNode_WeighsLikeAnyOther()
    {
        await StoreAsync([.. Steady(1, 1000, 2), .. Steady(2, 2000, 60)]);

        var hour = (await GetAsync($"/api/fleet/hours?from={Noon - 3600}&to={Noon - 1}")).GetProperty("hours")[0];

        Assert.Equal((2, 15m), (hour.GetProperty("node_count").GetInt32(), hour.GetProperty("avg_celsius").GetDecimal()));
    }

    [Theory]
    [InlineData("/api/fleet/series?across=zones", "must be one of nodes, readings, not 'zones'")]
    [InlineData("/api/fleet/hours?across=all", "must be one of nodes, readings, not 'all'")]
    [InlineData("/api/fleet/series?acros=nodes", "did you mean across?")]
    [InlineData("/api/nodes/series", "nodes is required")]
    [InlineData("/api/nodes/series?nodes=99", "must be existing nodes")]
    public async Task Query_Invalid_NamesTheParameter(string path, string text)
    {
        using var answer = await Client.GetAsync(path);

        await AssertProblemAsync(answer, 400, text);
    }

    [Fact]
    public async Task SeveralSeries_OfTwoNodes_AreTheSeriesOfEach()
    {
        await StoreAsync([.. Run(1, 100), .. Run(2, 50, interval: 60), .. Run(3, 10)]);

        var answer = await GetAsync($"/api/nodes/series?nodes=2,1,2&from={Noon - 3600}&to={Noon}&points=20");

        Assert.Equal(["from", "to", "points", "count", "nodes"], MembersOf(answer));
        Assert.Equal(["1", "2"], Each(answer.GetProperty("nodes"), "address"));
        foreach (var node in answer.GetProperty("nodes").EnumerateArray())
            Assert.Equal((await GetAsync($"/api/nodes/{node.GetProperty("address")}/series?from={Noon - 3600}&to={Noon}&points=20")).GetRawText(), node.GetRawText());
        Assert.Equal(["min", "max", "avg", "last", "percentiles"], MembersOf(answer.GetProperty("nodes")[0].GetProperty("temperature")));
    }

    [Fact]
    public async Task SeveralSeries_MoreThanTen_AreRefused()
    {
        await StoreAsync([.. Enumerable.Range(1, 11).Select(node => Reading(node))]);

        using var answer = await Client.GetAsync($"/api/nodes/series?nodes={string.Join(',', Enumerable.Range(1, 11))}");

        await AssertProblemAsync(answer, 400, "must be at most 10 nodes, not 11");
    }

    // One hour before noon.
    private static Data.Readings.Reading[] Steady(int node, short temperature, int interval)
        => [.. Enumerable.Range(0, 3600 / interval).Select(i => Reading(node, Noon - 3600 + (i * interval), temperature))];
}
