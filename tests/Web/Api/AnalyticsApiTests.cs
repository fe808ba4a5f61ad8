using System.Text.Json;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Web.Tests.Api;

public class AnalyticsApiTests : ApiTests
{
    protected override bool HasSidePath => true;

    [Fact]
    public async Task Hourly_InKolkata_IsNewestFirstWithEveryMember()
    {
        const long HalfPast = 1_782_905_400; // 17:00 in Kolkata.
        await StoreAsync(Reading(12, HalfPast - 1, 100, null), Reading(12, HalfPast, 0, 5000), Reading(12, HalfPast + 3599, 1, 5100), Reading(13, HalfPast, 9));

        var answer = await GetAsync("/api/nodes/12/statistics/hourly?tz=Asia/Kolkata");

        Assert.Equal($$$$"""
            {"address":12,"tz":"Asia/Kolkata","count":2,"buckets":[
            {"bucket_start":{{{{HalfPast}}}},"bucket_end":{{{{HalfPast + 3600}}}},"local_start":"2026-07-01T17:00:00+05:30","reading_count":2,
            "temperature":{"min":0,"max":0.01,"avg":0.01,"p50":0.005,"p95":0.0095,"p99":0.0099},
            "humidity":{"min":50,"max":51,"avg":50.5,"p50":50.5,"p95":50.95,"p99":50.99}},
            {"bucket_start":{{{{HalfPast - 3600}}}},"bucket_end":{{{{HalfPast}}}},"local_start":"2026-07-01T16:00:00+05:30","reading_count":1,
            "temperature":{"min":1,"max":1,"avg":1,"p50":1,"p95":1,"p99":1},
            "humidity":{"min":null,"max":null,"avg":null,"p50":null,"p95":null,"p99":null}}]}
            """.ReplaceLineEndings(""), answer.GetRawText());
    }

    [Theory]
    [InlineData("Europe/Paris", "2026-03-29T12:00:00Z", "2026-03-29T00:00:00+01:00", 23 * 3600)]
    [InlineData("Europe/Paris", "2025-10-26T12:00:00Z", "2025-10-26T00:00:00+02:00", 25 * 3600)]
    [InlineData("Australia/Lord_Howe", "2026-04-04T20:00:00Z", "2026-04-05T00:00:00+11:00", 88_200)]
    [InlineData("Australia/Lord_Howe", "2025-10-04T20:00:00Z", "2025-10-05T00:00:00+10:30", 84_600)]
    [InlineData("UTC", "2026-03-29T12:00:00Z", "2026-03-29T00:00:00+00:00", 86_400)]
    public async Task Daily_AcrossAClockChange_HasTheLengthOfThatDay(string zone, string time, string localStart, int seconds)
    {
        await StoreAsync(Reading(12, Seconds(time)));

        var bucket = (await GetAsync($"/api/nodes/12/statistics/daily?tz={zone}")).GetProperty("buckets")[0];

        Assert.Equal(localStart, bucket.GetProperty("local_start").GetString());
        Assert.Equal(seconds, bucket.GetProperty("bucket_end").GetInt64() - bucket.GetProperty("bucket_start").GetInt64());
        Assert.Equal(Seconds(localStart), bucket.GetProperty("bucket_start").GetInt64());
    }

    [Fact]
    public async Task Hourly_AHourThatTheClocksShowTwice_IsTwoBuckets()
    {
        await StoreAsync(Reading(12, Seconds("2025-10-26T00:30:00Z"), 100), Reading(12, Seconds("2025-10-26T01:30:00Z"), 200));

        var buckets = (await GetAsync("/api/nodes/12/statistics/hourly?tz=Europe/Paris")).GetProperty("buckets");

        Assert.Equal(["2025-10-26T02:00:00+01:00", "2025-10-26T02:00:00+02:00"], Each(buckets, "local_start"));
    }

    [Fact]
    public async Task Hourly_LimitAndRange_GiveTheNewestOfTheRange()
    {
        await StoreAsync(Run(12, 100, interval: 600));

        var answer = await GetAsync($"/api/nodes/12/statistics/hourly?limit=2&end_time={Noon - 3601}");

        Assert.Equal(2, answer.GetProperty("count").GetInt32());
        Assert.Equal([Noon - 7200, Noon - 10_800], answer.GetProperty("buckets").EnumerateArray().Select(b => b.GetProperty("bucket_start").GetInt64()));
        Assert.Equal(6, answer.GetProperty("buckets")[0].GetProperty("reading_count").GetInt32());
    }

    [Fact]
    public async Task Percentiles_Asked_AreExactAndSaySo()
    {
        await StoreAsync(Reading(12, Noon, 0, null), Reading(12, Noon + 1, 100, 5000), Reading(12, Noon + 2, 200, null), Reading(12, Noon + 3, 1000, null));

        Assert.Equal("""{"address":12,"method":"exact","temperature":{"p0":0,"p12.5":0.375,"p50":1.5,"p100":10},"humidity":{"p0":50,"p12.5":50,"p50":50,"p100":50}}""",
            (await GetAsync("/api/nodes/12/percentiles?p=0,12.5,50,100")).GetRawText());
        Assert.Equal(["p50", "p95", "p99"], MembersOf((await GetAsync("/api/nodes/12/percentiles")).GetProperty("temperature")));
        Assert.Equal("""{"p50":null}""", (await GetAsync("/api/nodes/12/percentiles?p=50&end_time=1000000000")).GetProperty("humidity").GetRawText());
    }

    [Fact]
    public async Task Quality_KnownFaults_AreAllFound()
    {
        // 30 s apart, ten in a row missing, one spike, one reading received an hour late, one sent twice.
        var readings = Run(12, 400).Where((_, i) => i is < 100 or >= 110).ToArray();
        readings[200] = readings[200] with { TemperatureCentidegrees = 9000 };
        readings[300] = readings[300] with { ReceivedAt = readings[300].Timestamp + 3600 };
        await StoreAsync(readings);
        await StoreAsync(readings[5]);

        var answer = await GetAsync($"/api/nodes/12/quality?start_time={readings[0].Timestamp}&end_time={Noon}");

        Assert.Equal((30, 400, 390, 97.5m), (Int(answer, "expected_interval_s"), Int(answer, "expected_count"), Int(answer, "received_count"),
            answer.GetProperty("completeness_percent").GetDecimal()));
        var gaps = answer.GetProperty("gaps");
        Assert.Equal((1, 10), (Int(gaps, "count"), Int(gaps, "missing")));
        Assert.Equal($$"""[{"from":{{readings[99].Timestamp}},"to":{{readings[100].Timestamp}},"missing":10}]""", gaps.GetProperty("items").GetRawText());
        Assert.Equal(1, Int(answer.GetProperty("outliers"), "count"));
        Assert.Equal(readings[200].Timestamp, answer.GetProperty("outliers").GetProperty("items")[0].GetProperty("timestamp").GetInt64());
        Assert.True(answer.GetProperty("outliers").GetProperty("threshold").GetDecimal() > 0);
        Assert.Equal((1, 1, 1), (Int(answer, "duplicates_seen"), Int(answer.GetProperty("late_arrivals"), "count"), Int(answer, "clock_skew_s")));
        Assert.Equal($$"""[{"timestamp":{{readings[300].Timestamp}},"received_at":{{readings[300].Timestamp + 3600}}}]""",
            answer.GetProperty("late_arrivals").GetProperty("items").GetRawText());
        Assert.Equal(0, Int(answer.GetProperty("flat_lines"), "count"));
    }

    [Fact]
    public async Task Quality_StuckSensor_IsAFlatLine()
    {
        await StoreAsync([.. Run(12, 300).Select((r, i) => i < 20 ? r : r with { TemperatureCentidegrees = 2222 })]);

        var lines = (await GetAsync("/api/nodes/12/quality")).GetProperty("flat_lines");

        Assert.Equal(1, Int(lines, "count"));
        Assert.Equal((280, 22.22m), (Int(lines.GetProperty("items")[0], "count"), lines.GetProperty("items")[0].GetProperty("value").GetDecimal()));
    }

    [Fact]
    public async Task Quality_OfTheFleet_IsWorstFirst()
    {
        await StoreAsync([.. Run(1, 100), .. Run(2, 100).Where((_, i) => i is < 20 or > 60), .. Run(3, 100).Where((_, i) => i is < 20 or > 30)]);

        var answer = await GetAsync($"/api/quality?start_time={Noon - (99 * 30)}&end_time={Noon}");

        Assert.Equal(["2", "3", "1"], Each(answer.GetProperty("nodes"), "address"));
        Assert.Equal(3, Int(answer, "count"));
    }

    private static int Int(JsonElement element, string name) => element.GetProperty(name).GetInt32();

    private static long Seconds(string iso) => DateTimeOffset.Parse(iso, System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeSeconds();
}
