using System.Diagnostics;
using System.Net;
using System.Text.Json;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Operations;

/// <summary>Backups of a server over time: once a day, killed, and what a restored store is to the rest.</summary>
public sealed class BackupTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Database => _folder.File("hub.db");

    private string Folder => _folder.File("backups");

    [Fact]
    public async Task At_EveryDay_MakesTheMissedOneThenOneADay_AndKeepsAsManyAsAreSet()
    {
        // The clock is at noon, so the last one was due yesterday.
        await using (var first = Start(("Backup:At", "12:30"), ("Backup:Keep", "2")))
        {
            await WaitForAsync(first, 1);
            await AdvanceAsync(first, TimeSpan.FromMinutes(30));
            await WaitForAsync(first, 2);
            await AdvanceAsync(first, TimeSpan.FromDays(1));
            await WaitForNewestAsync(first, "sensordash-20260702T123000Z");
            Assert.Equal(2, List().Length);
        }
        await using var next = Start(("Backup:At", "12:30"), ("Backup:Keep", "2"));
        await next.Clock.TimerPendingAsync(time => time == TimeSpan.FromMinutes(30));

        Assert.Equal(["sensordash-20260701T123000Z", "sensordash-20260702T123000Z"], List()); // The one of tomorrow, by the clock of the next, is newer than what is due.
    }

    [Fact]
    public async Task At_FolderCannotBeWritten_TriesAgainAfterAnHour()
    {
        await File.WriteAllTextAsync(Folder, "");
        await using var app = Start(("Backup:At", "12:30"));
        await app.Clock.TimerPendingAsync(time => time == TimeSpan.FromHours(1));
        File.Delete(Folder);

        app.Clock.Advance(TimeSpan.FromHours(1));

        await WaitForAsync(app, 1);
    }

    [Fact]
    public async Task Create_Killed_LeavesNothingThatLooksLikeABackup_AndTheNextOneCleansUp()
    {
        await using (var full = Start()) await full.Store.AddAsync(Some.Run(12, 100_000, interval: 1));
        var killed = false;
        while (!killed)
        {
            if (Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true);
            await using var server = await SensorDashProcess.StartAsync(Database, ("Analytics__Enabled", "false"));
            using (var begun = await server.Client.PostAsync("/api/backups", null)) Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
            await WaitFor.TrueAsync("a backup has begun", () => Directory.Exists(Folder) && Directory.GetDirectories(Folder).Length > 0);
            await server.KillAsync();
            killed = Directory.GetDirectories(Folder).All(f => f.EndsWith(".partial", StringComparison.Ordinal));
        }

        var list = await ProgramRun.ToItsEndAsync([$"--Database:Sqlite:Path={Database}", "backup", "list"]);
        var created = await ProgramRun.ToItsEndAsync([$"--Database:Sqlite:Path={Database}", "backup", "create"]);

        Assert.Contains("There are no backups", list.Output, StringComparison.Ordinal);
        Assert.Equal((0, ""), (created.ExitCode, created.Errors));
        Assert.Equal([Path.GetFileName(created.Output.Split('\n')[0].Trim())], Directory.GetDirectories(Folder).Select(Path.GetFileName));
    }

    // A limit on the size of files, in KiB, stands in for a full disk: the error comes from the system call.
    [SkippableFact]
    public async Task Create_DiskFull_SaysSoAndLeavesNothing()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "The limit is one of Linux.");
        await using (var full = Start()) await full.Store.AddAsync(Some.Run(12, 10_000));
        var start = new ProcessStartInfo("bash", ["-c", "trap '' XFSZ; ulimit -f 200; exec \"$@\"", "bash", .. SensorDashProcess.Program, $"--Database:Sqlite:Path={Database}", "backup", "create"])
        {
            RedirectStandardError = true,
            Environment = { ["DOTNET_EnableWriteXorExecute"] = "0" },
        };
        using var run = Process.Start(start)!;
        var errors = await run.StandardError.ReadToEndAsync();
        await run.WaitForExitAsync();

        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"The backup cannot be written to {Folder}: ", errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(Folder));
    }

    [Fact]
    public async Task Restore_ThenStart_SidePathAndStreamsBelongToTheRestoredStore()
    {
        (string, string)[] settings = [("Analytics:Enabled", "true"), ("Analytics:Path", _folder.File("side.duckdb"))];
        string epoch;
        await using (var first = Start(settings))
        {
            using var client = first.CreateClient();
            await first.Store.AddAsync(Some.Run(12, 50));
            await first.WaitUntilCaughtUpAsync();
            using (var begun = await client.PostAsync("/api/backups", null)) begun.EnsureSuccessStatusCode();
            await WaitForAsync(first, 1);
            first.Clock.Advance(TimeSpan.FromMinutes(1));
            await first.Store.AddAsync(Some.Reading(12, Some.Noon + 30, temperature: 9900), Some.Reading(13));
            await first.WaitUntilCaughtUpAsync();
            Assert.Equal(51, await CountAsync(client));
            epoch = await EpochAsync();
        }
        var restored = await ProgramRun.ToItsEndAsync([$"--Database:Sqlite:Path={Database}", "backup", "restore", List().Single(), "--replace"]);
        Assert.Equal((0, ""), (restored.ExitCode, restored.Errors));

        await using var next = Start(settings);
        using var again = next.CreateClient();
        await next.Store.AddAsync(Some.Reading(12, Some.Noon + 60));
        await WaitFor.TrueAsync("DuckDB has the restored readings", async () =>
        {
            next.Clock.Advance(TimeSpan.FromSeconds(30));
            var byDuckDb = await next.MetricAsync(SensorDashApp.QueriesByDuckDb);
            Assert.Equal(51, await CountAsync(again));
            return await next.MetricAsync(SensorDashApp.QueriesByDuckDb) > byDuckDb;
        });

        Assert.NotEqual(epoch, await EpochAsync());
        Assert.Equal(HttpStatusCode.NotFound, (await again.GetAsync("/api/nodes/13/statistics")).StatusCode);
        var statistics = JsonSerializer.Deserialize<JsonElement>(await again.GetStringAsync("/api/nodes/12/statistics"));
        Assert.NotEqual(99, statistics.GetProperty("temperature").GetProperty("max_celsius").GetDecimal());
    }

    private SensorDashApp Start(params (string Key, string Value)[] settings)
    {
        var app = new SensorDashApp([("Database:Sqlite:Path", Database), .. settings.Any(s => s.Key == "Analytics:Enabled") ? [] : new[] { ("Analytics:Enabled", "false") }, .. settings]);
        app.CreateClient().Dispose(); // Starts it.
        return app;
    }

    private string[] List() => Directory.Exists(Folder)
        ? [.. Directory.GetDirectories(Folder).Select(f => Path.GetFileName(f)).Where(f => f.EndsWith('Z')).Order(StringComparer.Ordinal)] : [];

    private async Task WaitForAsync(SensorDashApp app, int count)
    {
        using var client = app.CreateClient();
        await WaitFor.TrueAsync($"{count} backups", async () => List().Length == count && !(await client.GetStringAsync("/api/backups")).Contains("\"state\":\"running\"", StringComparison.Ordinal));
    }

    private async Task WaitForNewestAsync(SensorDashApp app, string name)
    {
        using var client = app.CreateClient();
        await WaitFor.TrueAsync(name, async () => List().LastOrDefault() == name && !(await client.GetStringAsync("/api/backups")).Contains("\"state\":\"running\"", StringComparison.Ordinal));
    }

    // When the worker waits for the next one.
    private static async Task AdvanceAsync(SensorDashApp app, TimeSpan time)
    {
        await app.Clock.TimerPendingAsync(wait => wait == time);
        app.Clock.Advance(time);
    }

    private static async Task<int> CountAsync(HttpClient client)
        => JsonSerializer.Deserialize<JsonElement>(await client.GetStringAsync("/api/nodes/12/statistics")).GetProperty("reading_count").GetInt32();

    private async Task<string> EpochAsync()
    {
        await using var connection = await SqliteLock.OpenAsync(Database);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT epoch FROM store_info";
        return (string)(await command.ExecuteScalarAsync())!;
    }
}
