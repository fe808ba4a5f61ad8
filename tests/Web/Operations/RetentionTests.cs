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
        await using var app = new SensorDashApp(("Retention:Readings:Default", "7"), ("Readings:Backend", backend));
        using var client = app.CreateClient();
        await app.Store.AddAsync([.. from day in Enumerable.Range(0, 7) select Reading(1, Noon - (day * Day))]);
        Assert.Equal(7, (await DaysAsync(client)).GetArrayLength());

        await app.Clock.TimerPendingAsync(due => due == TimeSpan.FromSeconds(5));
        app.Clock.Advance(TimeSpan.FromDays(3));
        await WaitFor.TrueAsync("five readings left", async () => await app.Store.CountAsync(default, default) <= 5);

        var days = await DaysAsync(client);
        Assert.Equal(5, days.GetArrayLength());
        Assert.Equal(5, (await app.Nodes.FindAsync(1, default))!.TotalReadings);
        Assert.Equal(Noon - (4 * Day), (await app.Store.AllAsync(ReadingOrder.OldestFirst))[0].Timestamp);
        Assert.Equal("ready", (await client.GetFromJsonAsync<JsonElement>("/api/system/analytics")).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Clock_FarAheadAtTheStart_NothingIsDeletedOrRefusedUntilSomebodyConfirmsIt()
    {
        using var folder = new TemporaryFolder();
        await RunOnceAsync(folder);
        await using var app = Start(folder, days: 400);
        using var client = app.CreateClient();
        using var browser = new Security.HubBrowser(app);
        await app.Clock.TimerPendingAsync(due => due == TimeSpan.FromSeconds(5));

        Assert.Equal(3, await app.Store.CountAsync(default, default));
        using var response = await client.PostAsJsonAsync("/api/sensor-data", new { node_address = 5, timestamp = Noon, temperature_celsius = 20 });
        Assert.Equal(1, (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("inserted").GetInt32());
        Assert.Single(app.Logs.Entries, e => e.Text.Contains("Retention waits and deletes nothing", StringComparison.Ordinal));
        Assert.Contains("Retention waits", await client.GetStringAsync("/health/ready"), StringComparison.Ordinal);
        Assert.Contains("Retention waits and deletes nothing", await browser.PageAsync("/system"), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Object, (await client.GetFromJsonAsync<JsonElement>("/api/system/retention")).GetProperty("waiting").ValueKind);

        using var confirmed = await browser.SendAsync("/system", "ConfirmClock");
        app.Clock.Advance(TimeSpan.FromHours(1));
        await WaitFor.TrueAsync("the readings are deleted", async () => await app.Store.CountAsync(default, default) == 0);

        using var again = await client.PostAsync(new Uri("/api/system/retention/confirm-clock", UriKind.Relative), null);
        Assert.Equal(System.Net.HttpStatusCode.Conflict, again.StatusCode);
    }

    [Fact]
    public async Task Clock_HubWasOffForAMonth_RetentionGoesOnAfterADay()
    {
        using var folder = new TemporaryFolder();
        await RunOnceAsync(folder);
        await using var app = Start(folder, days: 31);
        using var client = app.CreateClient();
        await app.Clock.TimerPendingAsync(due => due == TimeSpan.FromSeconds(5));
        app.Clock.Advance(TimeSpan.FromHours(23));
        await app.Clock.TimerPendingAsync(due => due == TimeSpan.FromSeconds(5));
        Assert.Equal(3, await app.Store.CountAsync(default, default));

        // Retention may look once more within the last hour of the day, and looks again an hour after that.
        app.Clock.Advance(TimeSpan.FromHours(2));

        await WaitFor.TrueAsync("the readings are deleted", async () => await app.Store.CountAsync(default, default) == 0);
        Assert.DoesNotContain("Retention waits", await client.GetStringAsync("/health/ready"), StringComparison.Ordinal);
    }

    private static SensorDashApp Start(TemporaryFolder folder, int days)
    {
        var app = new SensorDashApp(("Database:Sqlite:Path", folder.File("hub.db")), ("Retention:Readings:Default", "7"), ("Analytics:Enabled", "false"));
        app.Clock.Advance(TimeSpan.FromDays(days));
        return app;
    }

    private static async Task RunOnceAsync(TemporaryFolder folder)
    {
        await using var app = Start(folder, days: 0);
        using var client = app.CreateClient();
        await app.Store.AddAsync(Reading(1, Noon), Reading(1, Noon - 60), Reading(2, Noon));
        await app.Clock.TimerPendingAsync(due => due == TimeSpan.FromSeconds(5));
    }

    [SkippableTheory]
    [InlineData(TimescaleEdition.Plain)]
    [InlineData(TimescaleEdition.Apache)]
    public async Task Retention_SevenDaysOnPostgres_DropsChunksAndTheSidePathFollows(TimescaleEdition edition)
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(edition);
        await using var app = new SensorDashApp([.. fixture.ProgramSettings, ("Retention:Readings:Default", "7")]);
        using var client = app.CreateClient();
        // None of them is old yet: the hub has begun to look, and would remove them before they are counted here.
        await app.Store.AddAsync([.. from day in Enumerable.Range(0, 20) from node in (int[])[1, 2] select Reading(node, Noon + ((13 - day) * Day))]);
        await app.WaitUntilCaughtUpAsync();
        Assert.Equal(20, (await DaysAsync(client)).GetArrayLength());
        if (edition == TimescaleEdition.Apache) Assert.Equal(20, await fixture.ScalarAsync(Chunks));

        await app.Clock.TimerPendingAsync(due => due == TimeSpan.FromSeconds(5));
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

    [Theory]
    [InlineData("Database")]
    [InlineData("DuckDb")]
    public async Task Send_ReadingOlderThanItsNodeKeeps_IsRejectedAndTheOthersStored(string backend)
    {
        await using var app = new SensorDashApp(("Retention:Readings:Default", "7"), ("Readings:Backend", backend));
        using var client = app.CreateClient();

        long[] times = [Noon - (8 * Day), Noon, Noon - (6 * Day)];

        using var response = await client.PostAsJsonAsync("/api/sensor-data", times.Select(time => new { node_address = 5, timestamp = time, temperature_celsius = 20 }));

        var result = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((2, 1), (result.GetProperty("inserted").GetInt32(), result.GetProperty("rejected_count").GetInt32()));
        var rejected = result.GetProperty("rejected")[0];
        Assert.Equal(("timestamp", "older than what is kept"), (rejected.GetProperty("field").GetString(), rejected.GetProperty("error").GetString()));
        Assert.Equal(1, rejected.GetProperty("line").GetInt32());
        Assert.Equal(1, await app.MetricAsync("sensordash_ingest_rows_total{kind=\"readings\",result=\"rejected\"}"));
    }

    [Fact]
    public async Task Send_EventOlderThanItsLaneKeeps_IsRejected()
    {
        await using var app = new SensorDashApp(("Retention:Events:Parsed", "7"));
        using var client = app.CreateClient();
        object Event(string lane, string time) => lane == "raw" ? new { lane, scopeId = "s", sourceTruthTime = time, connectionId = "c", sequence = 1, bytes = "AA==" }
            : new { lane, scopeId = "s", sourceTruthTime = time, streamId = "x", streamType = "t", schemaVersion = "1", payload = new { } };

        using var response = await client.PostAsJsonAsync("/api/events", new[] { Event("parsed", "2026-06-20T12:00:00Z"), Event("raw", "2026-06-20T12:00:00Z"), Event("parsed", "2026-07-01T12:00:00Z") });

        var result = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((2, 1), (result.GetProperty("inserted").GetInt32(), result.GetProperty("rejectedCount").GetInt32()));
        Assert.Equal(("sourceTruthTime", "older than what is kept"), (result.GetProperty("rejected")[0].GetProperty("field").GetString(), result.GetProperty("rejected")[0].GetProperty("error").GetString()));
    }

    [Fact]
    public async Task Retention_EventsAndExceptions_RemovesThemAndCountsWhatItRemoved()
    {
        await using var app = new SensorDashApp(("Retention:Events:Parsed", "2"), ("Retention:Readings:Default", "2"), ("Retention:Readings:Nodes:2", "0"));
        using var client = app.CreateClient();
        await app.Store.AddAsync(Reading(1), Reading(2));
        using (var sent = await client.PostAsJsonAsync("/api/events", new { lane = "parsed", scopeId = "s", sourceTruthTime = "2026-07-01T12:00:00Z", streamId = "x", streamType = "t", schemaVersion = "1", payload = new { } }))
            sent.EnsureSuccessStatusCode();
        await app.WaitUntilCaughtUpAsync();

        await app.Clock.TimerPendingAsync(due => due == TimeSpan.FromSeconds(5));
        app.Clock.Advance(TimeSpan.FromDays(4));
        await WaitFor.TrueAsync("nothing but node 2 left", async () => await app.Store.CountAsync(default, default) == 1
            && (await client.GetFromJsonAsync<JsonElement>("/api/events")).GetProperty("count").GetInt32() == 0);
        // Rows are counted after their commit, and the audit log is written after that.
        await WaitFor.TrueAsync("the audit log tells both", async () => (await client.GetStringAsync("/api/audit")) is var audit && audit.Contains("readings.expire", StringComparison.Ordinal)
            && audit.Contains("events.expire", StringComparison.Ordinal));

        Assert.Equal(1, await app.MetricAsync("sensordash_retention_removed_rows_total{kind=\"readings\"}"));
        Assert.Equal(1, await app.MetricAsync("sensordash_retention_removed_rows_total{kind=\"parsed\"}"));
        await app.WaitUntilCaughtUpAsync();
        Assert.Equal(0, (await client.GetFromJsonAsync<JsonElement>("/api/nodes/1")).GetProperty("total_readings").GetInt32());
    }

    [Fact]
    public async Task Preview_BeforeAnythingIsChosen_SaysWhatSomeDaysWouldDelete()
    {
        await using var app = new SensorDashApp();
        using var client = app.CreateClient();
        await app.Store.AddAsync([.. Enumerable.Range(0, 50).Select(day => Reading(1, Noon - (day * Day)))]);

        var lines = (await client.GetFromJsonAsync<JsonElement>("/api/system/retention?days=30")).GetProperty("settings").EnumerateArray().ToList();

        Assert.Equal(["default", "raw", "parsed", "ui", "command", "metadata"], lines.Select(l => l.GetProperty("of").GetString()));
        var readings = lines[0];
        Assert.Equal(("Retention:Readings:Default", 30, false, 19), (readings.GetProperty("setting").GetString(), readings.GetProperty("days").GetInt32(),
            readings.GetProperty("is_chosen").GetBoolean(), readings.GetProperty("rows").GetInt32()));
        Assert.Equal(Noon - (49 * Day), readings.GetProperty("oldest").GetInt64());
        Assert.Equal(50, await app.Store.CountAsync(default, default));
    }

    [Fact]
    public async Task Settings_NameAZoneThatDoesNotExist_StopRetentionAndSaySo()
    {
        await using var app = new SensorDashApp(("Retention:Readings:Default", "2"), ("Retention:Readings:Zones:Garden", "30"));
        using var client = app.CreateClient();
        await app.Store.AddAsync(Reading(1, Noon - (9 * Day)));

        await app.Clock.TimerPendingAsync(due => due == TimeSpan.FromSeconds(5));
        app.Clock.Advance(TimeSpan.FromHours(1));

        Assert.Contains("zone Garden not found", await client.GetStringAsync("/health/ready"), StringComparison.Ordinal);
        Assert.Contains("zone Garden not found", await client.GetStringAsync("/system"), StringComparison.Ordinal);
        Assert.Equal(1, await app.Store.CountAsync(default, default));
    }

    private static async Task<JsonElement> DaysAsync(HttpClient client)
    {
        const string Uri = "/api/nodes/1/statistics/daily?limit=1000";
        return (await client.GetFromJsonAsync<JsonElement>(Uri)).EnumerateObject().First(p => p.Value.ValueKind == JsonValueKind.Array).Value;
    }
}
