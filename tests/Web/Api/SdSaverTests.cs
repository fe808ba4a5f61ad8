using System.Net;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Api;

/// <summary>Readings with the SdSaver profile: responses at once, and one commit per interval.</summary>
public sealed class SdSaverTests() : ApiTests(("Ingest:Durability", "SdSaver"), ("Ingest:SdSaverInterval", "00:00:47"))
{
    private const string Path = "/api/sensor-data";

    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(47); // No other timer has it.

    [Fact]
    public async Task Post_WithoutAck_Is202AndCommittedWithTheInterval()
    {
        for (var node = 1; node <= 3; node++)
            Assert.Equal(1, (await JsonOfAsync(await PostAsync(Path, Row(node)), HttpStatusCode.Accepted)).GetProperty("accepted").GetInt32());
        using (var lines = await PostAsync("/write?precision=s", $"m,node=4 temp=1 {Noon}", "text/plain")) Assert.Equal(HttpStatusCode.NoContent, lines.StatusCode);
        await App.Clock.TimerPendingAsync(due => due == _interval).WaitAsync(WaitFor.Limit);
        Assert.Equal(0, await ScalarAsync("SELECT count(*) FROM sensor_readings"));

        await App.Clock.AdvanceUntilAsync(_interval, "the readings", async () => await ScalarAsync("SELECT count(*) FROM sensor_readings") == 4);
        Assert.Equal(1, await ScalarAsync("SELECT count(DISTINCT batch_id) FROM sensor_readings"));
    }

    [Fact]
    public async Task Post_AckDurable_WaitsForTheCommitOfTheInterval()
    {
        var post = PostAsync(Path + "?ack=durable", Row(1));
        await App.Clock.TimerPendingAsync(due => due == _interval).WaitAsync(WaitFor.Limit);
        Assert.False(post.IsCompleted);

        App.Clock.Advance(_interval);
        Assert.Equal(1, (await JsonOfAsync(await post)).GetProperty("inserted").GetInt32());
    }

    [Fact]
    public async Task PostOfEvents_IsCommittedAtOnce()
    {
        var answer = await JsonOfAsync(await PostAsync("/api/events", """{"lane":"metadata","scopeId":"hub","sourceTruthTime":"2026-07-01T11:59:00Z","messageType":"Descriptor","streamId":"s","payload":{}}"""));
        Assert.Equal(1, answer.GetProperty("inserted").GetInt32());
    }

    [Fact]
    public async Task Stop_BeforeTheInterval_CommitsWhatIsAccepted()
    {
        using var file = new TemporaryFolder();
        var path = file.File("hub.db");
        await using (var server = await SensorDashProcess.StartAsync(path, ("Ingest__Durability", "SdSaver"), ("Analytics__Enabled", "false")))
        {
            using var content = new StringContent($$"""{"node_address":1,"timestamp":{{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()}},"temperature_celsius":20}""", System.Text.Encoding.UTF8, "application/json");
            using var response = await server.Client.PostAsync(new Uri(Path, UriKind.Relative), content);
            Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
            await server.TerminateAsync();
        }
        await using var connection = await SqliteLock.OpenAsync(path);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM sensor_readings";
        Assert.Equal(1L, await command.ExecuteScalarAsync());
    }

    private static string Row(int node) => $$"""{"node_address":{{node}},"timestamp":{{Noon}},"temperature_celsius":20}""";
}
