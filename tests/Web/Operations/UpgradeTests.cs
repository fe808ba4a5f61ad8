using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Operations;

/// <summary>Upgrades of the schema: what people see meanwhile, and when one is refused.</summary>
public sealed class UpgradeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Start_SchemaOfANewerVersion_IsRefusedInOneSentenceAndLeftAlone()
    {
        MigratedSqliteFile.CopyTo(_folder.File("a.db"));
        await ExecuteAsync("a.db", "INSERT INTO __EFMigrationsHistory VALUES ('20990101000000_Later', '10.0.0')");

        var run = await ProgramRun.ToItsEndAsync(("Database__Sqlite__Path", _folder.File("a.db")));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("was upgraded by a newer version of SensorDash (its schema has the migration 20990101000000_Later)", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Start_SchemaOfANewerVersionOnPostgreSql_IsRefusedInOneSentence()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Plain);
        await fixture.ExecuteAsync("INSERT INTO \"__EFMigrationsHistory\" VALUES ('20990101000000_Later', '10.0.0')");

        var run = await ProgramRun.ToItsEndAsync([.. fixture.ProgramEnvironment, ("Database__Sqlite__Path", _folder.File("none.db"))]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("was upgraded by a newer version of SensorDash", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upgrade_KeepsTheDatabaseAsItWasBefore_OfTheLastUpgradeOnly()
    {
        var path = _folder.File("a.db");
        MigratedSqliteFile.Create(path, "Initial");
        await ExecuteAsync("a.db", "INSERT INTO zones (name, color) VALUES ('Greenhouse', '#112233')");
        await File.WriteAllTextAsync(path + ".before-20250101000000_Former", "");
        await File.WriteAllTextAsync(path + ".before-the-move", "of somebody");

        await using (var app = new SensorDashApp(("Database:Sqlite:Path", path)))
        {
            using var client = app.CreateClient();
            Assert.Contains("Greenhouse", await client.GetStringAsync("/api/zones"), StringComparison.Ordinal);
        }
        var copy = Path.GetFileName(Assert.Single(Directory.GetFiles(_folder.Path, "a.db.before-2*")));
        Assert.True(File.Exists(path + ".before-the-move"));

        Assert.Equal((1, 1), (await CountAsync(copy, "SELECT count(*) FROM __EFMigrationsHistory"), await CountAsync(copy, "SELECT count(*) FROM zones WHERE name = 'Greenhouse'")));
    }

    [Fact]
    public async Task Start_DiskTooSmallForTheUpgrade_SaysHowMuchItTakesAndChangesNothing()
    {
        var path = _folder.File("a.db");
        MigratedSqliteFile.Create(path, "Initial");
        // Without data behind its end, which SQLite does not read.
        await using (var file = File.OpenWrite(path)) file.SetLength(new DriveInfo(_folder.Path).AvailableFreeSpace);

        var run = await ProgramRun.ToItsEndAsync(("Database__Sqlite__Path", path));

        Assert.Equal(1, run.ExitCode);
        Assert.Matches("must be upgraded, which takes up to [0-9]+ MiB of free disk space, and there are [0-9]+ MiB", run.Errors);
        Assert.Equal(1, await CountAsync("a.db", "SELECT count(*) FROM __EFMigrationsHistory"));
    }

    // Another program holds a lock, so that the upgrade lasts until the test has looked.
    [SkippableFact]
    public async Task Upgrade_ShowsItsStepToPeopleAndPrograms_AndGoesOnToTheHub()
    {
        await using var fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Plain);
        await using (var context = fixture.CreateTimescaleContext()) await context.Database.MigrateAsync("Initial");
        using var process = Start(fixture);
        try
        {
            using var client = new HttpClient(new SocketsHttpHandler(), disposeHandler: true);
            await using (await fixture.HoldAsync("LOCK TABLE sensor_readings IN ACCESS EXCLUSIVE MODE"))
            {
                client.BaseAddress = new(await ReadUntilAsync(process, "Meanwhile (http://[^ ]+) shows"));
                await ReadUntilAsync(process, "Migration (1) of");
                using var page = await GetAsync(client, "/nodes/12", "text/html");
                using var api = await client.GetAsync("/api/nodes");
                using var live = await client.GetAsync("/health/live");
                using var problem = JsonDocument.Parse(await api.Content.ReadAsStringAsync());

                Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (page.StatusCode, api.StatusCode, live.StatusCode));
                Assert.Contains("Step 1 of", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
                Assert.Contains("step 1 of", problem.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
                Assert.NotNull(api.Headers.RetryAfter);
            }
            await ReadUntilAsync(process, "Application (started)");
            using var nodes = await client.GetAsync("/api/nodes"); // At the same address, on the same connection.

            Assert.Equal(HttpStatusCode.OK, nodes.StatusCode);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private Process Start(TimescaleStoreFixture fixture)
    {
        var start = new ProcessStartInfo(SensorDashProcess.Program[0], [.. SensorDashProcess.Program.Skip(1), "--urls", "http://127.0.0.1:0"]) { RedirectStandardOutput = true };
        foreach (var (name, value) in fixture.ProgramEnvironment) start.Environment[name] = value;
        start.Environment["Database__Sqlite__Path"] = _folder.File("none.db");
        return Process.Start(start)!;
    }

    private static async Task<string> ReadUntilAsync(Process process, string pattern)
    {
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(WaitFor.Limit) is { } line)
            if (Regex.Match(line, pattern) is { Success: true } match) return match.Groups[1].Value;
        throw new InvalidOperationException($"The program ended before it wrote {pattern}.");
    }

    private static async Task<HttpResponseMessage> GetAsync(HttpClient client, string path, string mediaType)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(mediaType));
        return await client.SendAsync(request);
    }

    private async Task<long> CountAsync(string file, string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={_folder.File(file)};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task ExecuteAsync(string file, string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={_folder.File(file)};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
