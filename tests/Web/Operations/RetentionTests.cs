using System.Net.Http.Json;
using System.Text.Json;
using SensorDash.Data.Readings;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Web.Tests.Operations;

/// <summary>Readings older than they shall be kept go away by themselves, in the store and wherever it is followed.</summary>
public sealed class RetentionTests
{
    private const long Day = 86_400;
    private const string Chunks = "SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = 'sensor_readings'";

    [Theory]
    [InlineData("Database")]
    [InlineData("DuckDb")]
    public async Task Retention_SevenDays_RemovesOlderReadingsFromStoreAndAnalytics(string backend)
    {
        await using var app = new SensorDashApp(("Retention:ReadingDays", "7"), ("Readings:Backend", backend));
        using var client = app.CreateClient();
        await app.Store.AddAsync([.. from day in Enumerable.Range(0, 7) select Reading(1, Noon - (day * Day))]);
        Assert.Equal(7, (await DaysAsync(client)).GetArrayLength());

        await app.Clock.TimerPendingAsync(due => due == TimeSpan.FromHours(1));
        app.Clock.Advance(TimeSpan.FromDays(3));
        await WaitFor.TrueAsync("five readings left", async () => await app.Store.CountAsync(default, default) <= 5);

        var days = await DaysAsync(client);
        Assert.Equal(5, days.GetArrayLength());
        Assert.Equal(5, (await app.Nodes.FindAsync(1, default))!.TotalReadings);
        Assert.Equal(Noon - (4 * Day), (await app.Store.AllAsync(ReadingOrder.OldestFirst))[0].Timestamp);
        Assert.Equal("ready", (await client.GetFromJsonAsync<JsonElement>("/api/system/analytics")).GetProperty("state").GetString());
    }

    [SkippableTheory]
    [InlineData(TimescaleEdition.Plain)]
    [InlineData(TimescaleEdition.Apache)]
    public async Task Retention_SevenDaysOnPostgres_DropsChunksAndTheSidePathFollows(TimescaleEdition edition)
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(edition);
        await using var app = new SensorDashApp([.. fixture.ProgramSettings, ("Retention:ReadingDays", "7")]);
        using var client = app.CreateClient();
        // None of them is old yet: the hub has begun to look, and would remove them before they are counted here.
        await app.Store.AddAsync([.. from day in Enumerable.Range(0, 20) from node in (int[])[1, 2] select Reading(node, Noon + ((13 - day) * Day))]);
        await app.WaitUntilCaughtUpAsync();
        Assert.Equal(20, (await DaysAsync(client)).GetArrayLength());
        if (edition == TimescaleEdition.Apache) Assert.Equal(20, await fixture.ScalarAsync(Chunks));

        await app.Clock.TimerPendingAsync(due => due == TimeSpan.FromHours(1));
        app.Clock.Advance(TimeSpan.FromDays(13));
        await WaitFor.TrueAsync("eight days left", async () => await fixture.ScalarAsync("SELECT sum(total_readings) FROM nodes") <= 16);

        if (edition == TimescaleEdition.Apache) Assert.Equal(8, await fixture.ScalarAsync(Chunks));
        await app.WaitUntilCaughtUpAsync();
        var asked = await app.MetricAsync(SensorDashApp.QueriesByDuckDb);
        Assert.Equal(8, (await DaysAsync(client)).GetArrayLength());
        Assert.True(await app.MetricAsync(SensorDashApp.QueriesByDuckDb) > asked);
        Assert.Equal(8, (await app.Nodes.FindAsync(2, default))!.TotalReadings);
        Assert.Equal(16, await fixture.ScalarAsync("SELECT sum(row_count) FROM ingest_batches"));
    }

    private static async Task<JsonElement> DaysAsync(HttpClient client)
    {
        const string Uri = "/api/nodes/1/statistics/daily?limit=1000";
        return (await client.GetFromJsonAsync<JsonElement>(Uri)).EnumerateObject().First(p => p.Value.ValueKind == JsonValueKind.Array).Value;
    }
}
