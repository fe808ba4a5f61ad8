using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Operations;

/// <summary>The program on a PostgreSQL server, as processes of its own.</summary>
public sealed class TimescaleStartupTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private TimescaleStoreFixture _fixture = null!;

    public async Task InitializeAsync() => _fixture = await TimescaleStoreFixture.CreateEmptyAsync(TimescaleEdition.Apache);

    public async Task DisposeAsync()
    {
        if (_fixture is not null) await _fixture.DisposeAsync();
        _folder.Dispose();
    }

    [SkippableFact]
    public async Task Start_EmptyDatabase_MakesItsSchemaAndTwoProcessesShareIt()
    {
        await using var first = await StartAsync("a");
        await using var second = await StartAsync("b");

        using var posted = await first.Client.PostAsJsonAsync("/api/sensor-data", new { node_address = 12, timestamp = Some.Noon, temperature_celsius = 21.5 });
        using var again = await second.Client.PostAsJsonAsync("/api/sensor-data", new { node_address = 12, timestamp = Some.Noon, temperature_celsius = 22.5 });
        var read = await second.Client.GetFromJsonAsync<JsonElement>("/api/nodes/12");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (posted.StatusCode, again.StatusCode));
        Assert.Contains("\"duplicates\":1", await again.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(1, read.GetProperty("total_readings").GetInt64());
        foreach (var client in (HttpClient[])[first.Client, second.Client])
        {
            // Also what the other process has taken in is in this one's side path.
            await WaitFor.TrueAsync("a side path with every reading", async () =>
            {
                var status = await client.GetFromJsonAsync<JsonElement>("/api/system/analytics");
                return status.GetProperty("state").GetString() == "ready" && status.GetProperty("lag_rows").GetInt64() == 0;
            });
            using var ready = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
            Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
            Assert.True(File.Exists(_folder.File(client == first.Client ? "a.duckdb" : "b.duckdb"))); // Beside where the SQLite file would be.
        }
    }

    [SkippableFact]
    public async Task Start_WrongPassword_IsOneLineWithoutIt()
    {
        var run = await ProgramRun.OfAProcessAsync(
            [.. _fixture.ProgramEnvironment, ("Database__Timescale__PasswordEnv", "SENSORDASH_TEST_WRONG"), ("SENSORDASH_TEST_WRONG", "so-not-the-password")]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("rejected the password for role", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("so-not-the-password", run.Errors + run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors + run.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Start_ServerNotThere_IsOneLine()
    {
        var run = await ProgramRun.ToItsEndAsync([.. _fixture.ProgramEnvironment, ("Database__Timescale__Port", "1")]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("cannot be reached", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors + run.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Start_SchemaMissingAndNotAllowedToMigrate_SaysWhatToDo()
    {
        var run = await ProgramRun.ToItsEndAsync([.. _fixture.ProgramEnvironment, ("Database__MigrateAtStart", "false")]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("dotnet ef database update", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors + run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_EverySettingOfTheServerWrong_NamesAllOfThem()
    {
        var run = await ProgramRun.ToItsEndAsync(
            ("NOVA_DB_TYPE", "timescaledb"), ("Database__Timescale__Host", " "), ("Database__Timescale__Port", "0"), ("Database__Timescale__Pool__MinSize", "60"),
            ("Database__Timescale__Pool__CommandTimeout", "0"), ("Database__Timescale__Pool__ConnectionTimeout", "0"),
            ("Database__Timescale__Hypertable__ChunkInterval", "00:00:01"));

        Assert.Equal(1, run.ExitCode);
        string[] keys = ["Host", "Port", "Pool:MinSize", "Pool:CommandTimeout", "Pool:ConnectionTimeout", "Hypertable:ChunkInterval"];
        Assert.All(keys, key => Assert.Contains($"Database:Timescale:{key} must", run.Errors, StringComparison.Ordinal));
        Assert.DoesNotContain("Database:Provider", run.Errors, StringComparison.Ordinal);
    }

    private Task<SensorDashProcess> StartAsync(string name) => SensorDashProcess.StartAsync(_folder.File(name + ".db"), _fixture.ProgramEnvironment);
}
