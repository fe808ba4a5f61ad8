using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Operations;

/// <summary>The server gives no connection any more: everybody is told to come again, and then it goes on.</summary>
public sealed class TimescaleConnectionTests
{
    [SkippableFact]
    public async Task Server_WithoutAConnectionLeft_IsAnsweredWithRetryAfterAndWorksAgainAfter()
    {
        await using var fixture = await TimescaleStoreFixture.CreateEmptyAsync(TimescaleEdition.Plain);
        using var folder = new TemporaryFolder();
        var role = fixture.Name + "_role"; // No limit holds for a superuser.
        Environment.SetEnvironmentVariable("SENSORDASH_TEST_ROLE", "pw");
        await fixture.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'pw'", $"ALTER DATABASE {fixture.Name} OWNER TO {role}");
        try
        {
            await using var program = await SensorDashProcess.StartAsync(folder.File("unused.db"),
            [
                .. fixture.ProgramEnvironment, ("Database__Timescale__User", role), ("Database__Timescale__PasswordEnv", "SENSORDASH_TEST_ROLE"),
                ("Ingest__AckTimeout", "00:00:01"), ("Analytics__Path", folder.File("side.duckdb")),
            ]);
            await TakenAsync(program.Client, 0);

            await fixture.ExecuteAsync($"ALTER ROLE {role} CONNECTION LIMIT 0");
            // One that was let in just before may show only now.
            await WaitFor.TrueAsync("no connection left", async () => await fixture.ScalarAsync(
                $"SELECT count(pg_terminate_backend(pid, 1000)) FROM pg_stat_activity WHERE usename = '{role}'") == 0);
            for (var second = 1; second <= 3; second++) AssertToldToComeAgain(await PostAsync(program.Client, second));
            foreach (var path in (string[])["/api/nodes", "/api/sensor-data", "/api/events", "/health/ready"]) AssertToldToComeAgain(await GetAsync(program.Client, path));
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(program.Client, "/health/live")).Status);
            Assert.True(program.IsRunning);

            await fixture.ExecuteAsync($"ALTER ROLE {role} CONNECTION LIMIT -1");
            await TakenAsync(program.Client, 4);
            await WaitFor.TrueAsync("a hub that is ready", async () => (await GetAsync(program.Client, "/health/ready")).Status == HttpStatusCode.OK);
            // What was refused is in the buffer and was stored, once; its senders may send it again.
            for (var second = 1; second <= 3; second++) await TakenAsync(program.Client, second);
            var node = await program.Client.GetFromJsonAsync<JsonElement>("/api/nodes/12");
            Assert.Equal(5, node.GetProperty("total_readings").GetInt64());
        }
        finally
        {
            await fixture.ExecuteAsync($"REASSIGN OWNED BY {role} TO CURRENT_USER; DROP OWNED BY {role}; DROP ROLE {role}");
        }
    }

    // A commit may take longer than the second that this hub waits for it; then its sender is told to come again too.
    private static Task TakenAsync(HttpClient client, int second) => WaitFor.TrueAsync("a reading that is taken", async () =>
    {
        var answer = await PostAsync(client, second);
        if (answer.Status == HttpStatusCode.OK) return true;
        AssertToldToComeAgain(answer);
        return false;
    });

    private static void AssertToldToComeAgain((HttpStatusCode Status, TimeSpan? RetryAfter) answer)
    {
        Assert.True(answer.Status is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests, $"{answer.Status}");
        Assert.True(answer.RetryAfter > TimeSpan.Zero);
    }

    private static async Task<(HttpStatusCode Status, TimeSpan? RetryAfter)> PostAsync(HttpClient client, int second)
    {
        using var answer = await client.PostAsJsonAsync("/api/sensor-data", new { node_address = 12, timestamp = Some.Noon + second, temperature_celsius = 21.5 });
        return (answer.StatusCode, answer.Headers.RetryAfter?.Delta);
    }

    private static async Task<(HttpStatusCode Status, TimeSpan? RetryAfter)> GetAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative));
        return (answer.StatusCode, answer.Headers.RetryAfter?.Delta);
    }
}
