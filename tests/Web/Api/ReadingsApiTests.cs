using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Web.Tests.Api;

public class ReadingsApiTests : ApiTests
{
    private const string List = "/api/sensor-data";

    [Fact]
    public async Task List_FiftyReadings_AnswersAsTheOriginalDid()
    {
        await StoreAsync(Run(12, 50));

        Assert.Equal(50, (await GetAsync(List)).GetProperty("count").GetInt32());
        var answer = await GetAsync(List + "?limit=10");

        Assert.Equal(["count", "total", "limit", "offset", "next", "readings"], MembersOf(answer));
        Assert.Equal((10, 50, 10, 0), (Int(answer, "count"), Int(answer, "total"), Int(answer, "limit"), Int(answer, "offset")));
        Assert.Equal(
            ["node_address", "device_id", "timestamp", "temperature_celsius", "humidity_percent", "temperature_raw", "humidity_raw", "flags", "received_at"],
            MembersOf(answer.GetProperty("readings")[0]));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => Text(Noon - (i * 30))), Each(answer.GetProperty("readings"), "timestamp"));
    }

    [Fact]
    public async Task List_Empty_HasNoPageAfter()
    {
        var answer = await GetAsync(List);

        Assert.Equal((0, 0, 1000), (Int(answer, "count"), Int(answer, "total"), Int(answer, "limit")));
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("next").ValueKind);
    }

    [Fact]
    public async Task List_Ties_AreByNodeAndRangesIncludeBothEnds()
    {
        await StoreAsync(Reading(3), Reading(1), Reading(2), Reading(1, Noon - 10), Reading(1, Noon - 20));

        Assert.Equal(["1", "2", "3", "1"], Each((await GetAsync($"{List}?start_time={Noon - 10}&end_time={Noon}")).GetProperty("readings"), "node_address"));
        var answer = await GetAsync($"{List}?node_address=1&start_time={Noon - 20}&end_time={Noon - 10}");
        Assert.Equal((2, 2), (Int(answer, "count"), Int(answer, "total")));
    }

    [Fact]
    public async Task List_Offset_PassesReadingsOver()
    {
        await StoreAsync(Run(12, 20));

        var answer = await GetAsync(List + "?limit=5&offset=18");

        Assert.Equal((2, 20, 18), (Int(answer, "count"), Int(answer, "total"), Int(answer, "offset")));
        Assert.Equal([Text(Noon - 540), Text(Noon - 570)], Each(answer.GetProperty("readings"), "timestamp"));
        Assert.Equal(0, Int(await GetAsync(List + "?offset=2147483647"), "count"));
    }

    [Fact]
    public async Task List_CursorWhileReadingsArrive_VisitsEveryExistingOneOnce()
    {
        await StoreAsync([.. Run(1, 20), .. Run(2, 20), .. Run(3, 5)]);
        var (seen, cursor, round) = (new List<string>(), "", 0);
        do
        {
            var page = await GetAsync($"{List}?limit=7{cursor}");
            Assert.Equal(45, Int(page, "total")); // As it was counted for the first page.
            seen.AddRange(page.GetProperty("readings").EnumerateArray().Select(r => $"{r.GetProperty("timestamp")}.{r.GetProperty("node_address")}"));
            cursor = page.GetProperty("next").GetString() is { } next ? $"&cursor={Uri.EscapeDataString(next)}" : "";
            round++;
            await StoreAsync(Reading(9, Noon + round), Reading(9 + round, Noon - (30 * round)));
        }
        while (cursor.Length > 0);

        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Equal(45, seen.Count(s => s.EndsWith(".1", StringComparison.Ordinal) || s.EndsWith(".2", StringComparison.Ordinal) || s.EndsWith(".3", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task List_CursorOfAnOlderVersion_IsFollowedAndTheTotalCounted()
    {
        await StoreAsync(Run(1, 20));
        var cursor = Base64Url.EncodeToString(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Noon - 300}.1"))); // The eleventh.

        var page = await GetAsync($"{List}?limit=7&cursor={cursor}");

        Assert.Equal((20, 7), (Int(page, "total"), Int(page, "count")));
        Assert.Equal(Noon - 330, page.GetProperty("readings")[0].GetProperty("timestamp").GetInt64());
    }

    [Fact]
    public async Task List_SeveralFaults_AreAllNamed()
    {
        using var response = await Client.GetAsync(List + "?limit=0&offset=x&node_address=0");

        var problem = await AssertProblemAsync(response, 400, "limit", "offset", "node_address");
        Assert.Equal(["limit", "node_address", "offset"], MembersOf(problem.GetProperty("errors")).Order());
    }

    [Fact]
    public async Task ListOfNode_Readings_AreNewestFirstAndFlagsOnlyWhereSet()
    {
        await StoreAsync(Run(12, 150));
        await StoreAsync(Reading(12, Noon + 1, null, 0, flags: 5), Reading(13, Noon + 2));

        var answer = await GetAsync("/api/nodes/12/sensor-data");

        Assert.Equal(["node_address", "count", "readings"], MembersOf(answer));
        Assert.Equal((12, 100), (Int(answer, "node_address"), Int(answer, "count")));
        var readings = answer.GetProperty("readings");
        Assert.Equal($"{{\"timestamp\":{Noon + 1},\"temperature_celsius\":null,\"humidity_percent\":0,\"flags\":5}}", readings[0].GetRawText());
        Assert.Equal(["timestamp", "temperature_celsius", "humidity_percent"], MembersOf(readings[1]));
        Assert.Equal(3, Int(await GetAsync($"/api/nodes/12/sensor-data?limit=3&start_time={Noon - 300}&end_time={Noon}"), "count"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(2000)]
    public async Task ListOfNode_Downsample_IsOldestFirstAndNeverMoreThanAsked(int most)
    {
        await StoreAsync(Run(12, 3000, interval: 1));

        var answer = await GetAsync($"/api/nodes/12/sensor-data?downsample={most}&start_time={Noon - 3599}&end_time={Noon}");

        var buckets = answer.GetProperty("readings").EnumerateArray().ToArray();
        Assert.InRange(buckets.Length, 1, most);
        Assert.Equal(buckets.Length, Int(answer, "count"));
        Assert.Equal(3000, buckets.Sum(b => b.GetProperty("sample_count").GetInt64()));
        Assert.Equal(buckets.Select(b => b.GetProperty("timestamp").GetInt64()).Order(), buckets.Select(b => b.GetProperty("timestamp").GetInt64()));
    }

    [Fact]
    public async Task ListOfNode_DownsampleZeroDegrees_AreAverages()
    {
        await StoreAsync(Reading(12, 1_000_000_000, 0, null, flags: 1), Reading(12, 1_000_000_001, 1, null, flags: 2));

        var answer = await GetAsync("/api/nodes/12/sensor-data?downsample=1&start_time=1000000000&end_time=1000000099");

        Assert.Equal("""{"timestamp":1000000050,"temperature_celsius":0.01,"humidity_percent":null,"flags":3,"sample_count":2}""",
            answer.GetProperty("readings")[0].GetRawText());
    }

    [Fact]
    public async Task Latest_BacklogArrivesLast_IsTheNewestMeasured()
    {
        await StoreAsync(Reading(time: Noon, receivedAt: Noon));
        await StoreAsync(Reading(time: Noon - 100, receivedAt: Noon + 100));

        Assert.Equal(Noon, (await GetAsync("/api/nodes/12/sensor-data/latest")).GetProperty("timestamp").GetInt64());
    }

    [Fact]
    public async Task Statistics_WithZeroDegrees_HasEveryMember()
    {
        await StoreAsync(Reading(time: Noon - 90, temperature: 0, humidity: 5000, deviceId: ulong.MaxValue), Reading(time: Noon - 60, temperature: 1, humidity: null),
            Reading(time: Noon - 30, temperature: 200, humidity: 0), Reading(time: Noon - 10_000, temperature: -900));

        var answer = await GetAsync($"/api/nodes/12/statistics?start_time={Noon - 100}");

        Assert.Equal($$$$"""
            {"address":12,"device_id":"18446744073709551615","node_type":"SENSOR","first_seen_at":{{{{Noon - 10_000}}}},"last_seen_at":{{{{Noon - 30}}}},
            "total_readings":4,"reading_count":3,
            "temperature":{"min_celsius":0,"max_celsius":2,"avg_celsius":0.67,"percentiles":{"p50":0.01,"p95":1.801,"p99":1.9602}},
            "humidity":{"min_percent":0,"max_percent":50,"avg_percent":25,"percentiles":{"p50":25,"p95":47.5,"p99":49.5}}}
            """.ReplaceLineEndings(""), answer.GetRawText());
    }

    [Fact]
    public async Task Statistics_EmptyRange_IsCountZeroAndNulls()
    {
        await StoreAsync(Reading());

        var answer = await GetAsync("/api/nodes/12/statistics?end_time=1000000000");

        Assert.Equal((1, 0), (Int(answer, "total_readings"), Int(answer, "reading_count")));
        Assert.Equal("""{"min_celsius":null,"max_celsius":null,"avg_celsius":null,"percentiles":{"p50":null,"p95":null,"p99":null}}""",
            answer.GetProperty("temperature").GetRawText());
        Assert.Equal("""{"min_percent":null,"max_percent":null,"avg_percent":null,"percentiles":{"p50":null,"p95":null,"p99":null}}""",
            answer.GetProperty("humidity").GetRawText());
    }

    [Fact]
    public async Task Statistics_AverageJustBelowZero_HasNoMinusZero()
    {
        await StoreAsync(Reading(time: Noon, temperature: -1), Reading(time: Noon + 1, temperature: 0), Reading(time: Noon + 2, temperature: 0));

        Assert.Equal("0", (await GetAsync("/api/nodes/12/statistics")).GetProperty("temperature").GetProperty("avg_celsius").GetRawText());
    }

    [Fact]
    public async Task Series_WithAGap_HasRunsGapsAndSaysThatItIsRaw()
    {
        await StoreAsync([.. Run(12, 10, Noon - 600), .. Run(12, 10)]);

        var answer = await GetAsync($"/api/nodes/12/series?from={Noon - 870}&to={Noon}");

        Assert.Equal(("raw", JsonValueKind.Null, 20, 30), (answer.GetProperty("resolution").GetString(), answer.GetProperty("bucket_seconds").ValueKind,
            Int(answer, "reading_count"), Int(answer, "expected_interval_s")));
        Assert.Equal($$"""[{"from":{{Noon - 600}},"to":{{Noon - 270}},"missing":10}]""", answer.GetProperty("gaps").GetRawText());
        var run = answer.GetProperty("runs")[1];
        Assert.Equal(["time", "count", "temperature", "humidity"], MembersOf(run));
        Assert.Equal(["min", "avg", "max"], MembersOf(run.GetProperty("temperature")));
        Assert.Equal(10, run.GetProperty("temperature").GetProperty("max").GetArrayLength());
    }

    [Fact]
    public async Task Series_ManyReadings_IsBucketedWithinPointsAndKeepsTheSpike()
    {
        var readings = Run(12, 2000);
        readings[1234] = readings[1234] with { TemperatureCentidegrees = 9999 };
        await StoreAsync(readings);

        var answer = await GetAsync("/api/nodes/12/series?points=100");

        Assert.Equal("bucketed", answer.GetProperty("resolution").GetString());
        var points = answer.GetProperty("runs").EnumerateArray().SelectMany(r => r.GetProperty("temperature").GetProperty("max").EnumerateArray()).ToArray();
        Assert.InRange(points.Length, 2, 100);
        Assert.Contains(99.99m, points.Select(p => p.GetDecimal()));
        Assert.Equal(99.99m, answer.GetProperty("temperature").GetProperty("max").GetDecimal());
    }

    [Fact]
    public async Task Read_WhileTheStoreIsLockedForWriting_IsAnswered()
    {
        await StoreAsync(Reading());
        await using (await LockStoreAsync()) Assert.Equal(1, Int(await GetAsync(List), "total"));
    }

    private static int Int(JsonElement element, string name) => element.GetProperty(name).GetInt32();

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
