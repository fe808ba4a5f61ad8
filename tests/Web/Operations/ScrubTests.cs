using System.Net.Http.Json;
using System.Text.Json;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Web.Tests.Operations;

/// <summary>The scrub of the running server: what it says, and where.</summary>
public sealed class ScrubTests
{
    [Fact]
    public async Task Scrub_SomethingHasRotted_IsOnThePageInHealthInMetricsAndInTheApi()
    {
        await using var app = new SensorDashApp(("Analytics:Enabled", "false"));
        using var client = app.CreateClient();
        await app.Store.AddAsync(Run(12, 200));
        var before = await ReadAsync(client);
        await UntilAsync(app, client, scrub => scrub.GetProperty("last").ValueKind == JsonValueKind.Object);
        var clean = await ReadAsync(client);
        var page = await client.GetStringAsync("/system");
        Assert.Equal((true, JsonValueKind.Null, 0, 200), (before.GetProperty("enabled").GetBoolean(), before.GetProperty("last").ValueKind, Findings(clean), clean.GetProperty("last").GetProperty("rows").GetInt64()));
        Assert.Contains("<b>nothing has rotted</b>", page, StringComparison.Ordinal);

        await using (var connection = await SqliteLock.OpenAsync(app.DatabasePath))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "UPDATE sensor_readings SET flags = 8 WHERE timestamp = (SELECT max(timestamp) FROM sensor_readings)";
            await command.ExecuteNonQueryAsync();
        }
        app.Clock.Advance(TimeSpan.FromDays(7));
        await UntilAsync(app, client, scrub => Findings(scrub) == 1);

        var rotten = (await ReadAsync(client)).GetProperty("last").GetProperty("findings")[0];
        page = await client.GetStringAsync("/system");
        Assert.Equal(("reading_sum", "sensor_readings"), (rotten.GetProperty("kind").GetString(), rotten.GetProperty("table").GetString()));
        Assert.Contains("The scrub found 1 thing that has rotted", page, StringComparison.Ordinal);
        Assert.Contains("their hash differs from that of the batch log", page, StringComparison.Ordinal);
        Assert.Contains("The scrub found rows that have rotted", await client.GetStringAsync("/health/ready"), StringComparison.Ordinal);
        Assert.Equal((1, 0), (await app.MetricAsync("sensordash_scrub_findings"), await app.MetricAsync("sensordash_scrub_running")));
        Assert.Contains("\nreading_sum,sensor_readings,", await client.GetStringAsync("/system/scrub.csv"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scrub_SwitchedOff_SaysSo()
    {
        await using var app = new SensorDashApp(("Analytics:Enabled", "false"), ("Scrub:Enabled", "false"));
        using var client = app.CreateClient();

        Assert.False((await ReadAsync(client)).GetProperty("enabled").GetBoolean());
        Assert.Contains("Off (<code>Scrub:Enabled</code>)", await client.GetStringAsync("/system"), StringComparison.Ordinal);
    }

    private static long Findings(JsonElement scrub) => scrub.GetProperty("last").GetProperty("finding_count").GetInt64();

    private static Task<JsonElement> ReadAsync(HttpClient client) => client.GetFromJsonAsync<JsonElement>("/api/system/scrub");

    private static Task UntilAsync(SensorDashApp app, HttpClient client, Func<JsonElement, bool> isSo) => WaitFor.TrueAsync("the scrub", async () =>
    {
        app.Clock.Advance(TimeSpan.FromSeconds(30));
        return isSo(await ReadAsync(client));
    });
}
