using System.Net;
using System.Text.Json;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Operations;

/// <summary>A second store beside the primary, while things go wrong.</summary>
public sealed class DualWriteTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task Secondary_Unreachable_OnlyAddsLagAndCatchesUpAfterIt()
    {
        await using var database = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        var second = $"timescale:Host={database.Options.Host};Port={database.Options.Port};Database={database.Name};User={database.Options.User};PasswordEnv={database.Options.PasswordEnv}";
        await using var app = new SensorDashApp(("Transfer:Secondary", second), ("Analytics:Enabled", "false"), ("Database:Timescale:Pool:ConnectionTimeout", "5"));
        using var client = app.CreateClient();
        await SendAsync(client, 1);
        await WaitForAsync(app, client, state => Text(state, "state") == "following" && Number(state, "lag_rows") == 0);

        await database.TakeAwayAsync();
        await SendAsync(client, 2);
        var away = await WaitForAsync(app, client, state => Text(state, "state") == "unavailable");
        await SendAsync(client, 3);
        var third = app.Clock.NextTimerAsync(due => due == TimeSpan.FromSeconds(4)); // The pause after two retries.
        await WaitFor.TrueAsync("retries", () =>
        {
            app.Clock.Advance(TimeSpan.FromSeconds(1));
            return third.IsCompleted;
        });

        Assert.Single(app.Logs.Entries, entry => entry.Text.Contains("it falls behind until it can be reached", StringComparison.Ordinal));
        Assert.NotEqual("", Text(away, "message"));
        Assert.Contains("does not follow", Text(away, "refusal"), StringComparison.Ordinal);
        Assert.Contains("unavailable", await client.GetStringAsync("/system"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, (await client.PostAsync("/api/transfers/cutover", null)).StatusCode);
        Assert.Equal(3, (await app.Store.AllAsync()).Count);

        await database.GiveBackAsync();
        await WaitForAsync(app, client, state => Text(state, "state") == "following" && Number(state, "lag_rows") == 0);
        Assert.Equal(3, await database.ScalarAsync("SELECT count(*) FROM sensor_readings"));
    }

    [Fact]
    public async Task ShadowRead_OfARowThatDiffers_IsCountedShownAndForbidsACutOver()
    {
        var second = _folder.File("second.db");
        await using var app = new SensorDashApp(("Transfer:Secondary", $"sqlite:{second}"), ("Transfer:ShadowReadPercent", "100"), ("Transfer:CompareRowsPerSecond", "0"), ("Analytics:Enabled", "false"));
        using var client = app.CreateClient();
        await SendAsync(client, 1);
        await WaitForAsync(app, client, state => Text(state, "state") == "following" && Number(state, "lag_rows") == 0);
        await client.GetStringAsync("/api/nodes/12/sensor-data");
        var same = await WaitForAsync(app, client, state => Number(state, "shadow_reads") > 0);
        Assert.Equal(0, Number(same, "shadow_mismatches"));
        await WaitForRowAsync(app, second);

        await using (var connection = await SqliteLock.OpenAsync(second))
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = "UPDATE sensor_readings SET humidity_centipercent = 1";
            await command.ExecuteNonQueryAsync();
        }
        var answer = await client.GetStringAsync("/api/nodes/12/sensor-data");
        var different = await WaitForAsync(app, client, state => Number(state, "shadow_mismatches") > 0, () => client.GetStringAsync("/api/nodes/12/sensor-data"));

        Assert.Contains("65.21", answer, StringComparison.Ordinal); // Of the primary.
        Assert.Contains("reads differed", Text(different, "refusal"), StringComparison.Ordinal);
        Assert.Contains("differed", (await client.GetStringAsync("/system")).Split("Second store")[1], StringComparison.Ordinal);
        Assert.Contains("differed</b>", await client.GetStringAsync("/system/move"), StringComparison.Ordinal);
        Assert.True(await app.MetricAsync("sensordash_transfer_shadow_mismatches") > 0);
    }

    [Fact]
    public async Task Compare_WhileSendersSend_NamesTheRowThatDiffersAndDualWriteGoesOn()
    {
        var second = _folder.File("second.db");
        await using var app = new SensorDashApp(("Transfer:Secondary", $"sqlite:{second}"), ("Transfer:CompareRowsPerSecond", "0"), ("Analytics:Enabled", "false"));
        using var client = app.CreateClient();
        await SendAsync(client, 1);
        await WaitForAsync(app, client, state => Text(state, "state") == "following" && Number(state, "lag_rows") == 0);
        await WaitForRowAsync(app, second);
        await using (var connection = await SqliteLock.OpenAsync(second))
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = "UPDATE sensor_readings SET humidity_centipercent = 1";
            await command.ExecuteNonQueryAsync();
        }
        await SendAsync(client, 2);

        var page = await client.GetStringAsync("/system/move");
        var token = page.Split("__RequestVerificationToken\" type=\"hidden\" value=\"")[1].Split('"')[0];
        using (var started = await client.PostAsync("/system/move?handler=Compare", new FormUrlEncodedContent([KeyValuePair.Create("__RequestVerificationToken", token)]))) started.EnsureSuccessStatusCode();
        await WaitFor.TrueAsync("both stores are compared", async () => (page = await client.GetStringAsync("/system/move")).Contains("the two sides differ", StringComparison.Ordinal));

        Assert.Contains("humidity_centipercent is 6521 in the source and 1 in the target", page, StringComparison.Ordinal);
        Assert.Contains("1 row differs", page, StringComparison.Ordinal);
        Assert.Contains("\"isEqual\": false", await client.GetStringAsync("/system/move?handler=Report&of=second.db&id=1"), StringComparison.Ordinal);
        await SendAsync(client, 3);
        await WaitForAsync(app, client, state => Text(state, "state") == "following" && Number(state, "lag_rows") == 0);
    }

    private static async Task SendAsync(HttpClient client, int number)
    {
        using var reading = new StringContent($$"""{"node_address": 12, "timestamp": {{Some.Noon - 100 + number}}, "temperature_celsius": 1, "humidity_percent": 65.21}""", null, "application/json");
        using var sent = await client.PostAsync("/api/sensor-data", reading);
        Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
    }

    // The lag of the state may be that of before the row was sent.
    private static async Task WaitForRowAsync(SensorDashApp app, string file)
    {
        await using var connection = await SqliteLock.OpenAsync(file);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM sensor_readings";
        await WaitFor.TrueAsync("a row of the second store", async () =>
        {
            app.Clock.Advance(TimeSpan.FromSeconds(1));
            return (long)(await command.ExecuteScalarAsync())! == 1;
        });
    }

    // Dual-write waits by the clock of the program: between its looks, and before it tries again.
    private static async Task<JsonElement> WaitForAsync(SensorDashApp app, HttpClient client, Func<JsonElement, bool> isSo, Func<Task>? meanwhile = null)
    {
        var state = default(JsonElement);
        try
        {
            await WaitFor.TrueAsync("dual-write", async () =>
            {
                app.Clock.Advance(TimeSpan.FromSeconds(1));
                if (meanwhile is not null) await meanwhile();
                return isSo(state = JsonDocument.Parse(await client.GetStringAsync("/api/transfers")).RootElement);
            });
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException(state.ToString(), e);
        }
        return state;
    }

    private static string Text(JsonElement state, string name) => state.GetProperty(name).ToString();

    private static long Number(JsonElement state, string name) => state.GetProperty(name).GetInt64();
}
