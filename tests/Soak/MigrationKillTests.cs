using System.Diagnostics;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary><c>kill -9</c> in the middle of a migration: the next start succeeds.</summary>
public sealed class MigrationKillTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("Initial")]
    public async Task Kill_DuringStart_NextStartSucceeds(string? migration)
    {
        using var folder = new TemporaryFolder();
        var window = await MeasureAsync(New("measured.db"));
        var rounds = SoakSize.Choose(quick: 2, full: 50);
        for (var round = 0; round < rounds; round++)
        {
            var path = New($"{round}.db");
            using (var killed = await StartUntilMigrationAsync(path))
            {
                // The last moments come after the migration.
                await Task.Delay(window * round / (rounds - 1));
                killed.Kill();
                await killed.WaitForExitAsync();
            }

            await using var next = await SensorDashProcess.StartAsync(path);
            await new Sender(1).PostAsync(next.Client, 1);
            using var ready = await next.Client.GetAsync("/health/ready");
            Assert.True(ready.IsSuccessStatusCode, $"Round {round}.");
        }

        string New(string name)
        {
            var path = folder.File(name);
            if (migration is not null) MigratedSqliteFile.Create(path, migration);
            return path;
        }
    }

    // PostgreSQL releases EF Core's lock, a lock of a table, with the connection of the killed process.
    [SkippableFact]
    public async Task Kill_DuringStartOnPostgreSql_NextStartSucceeds()
    {
        using var folder = new TemporaryFolder();
        var window = TimeSpan.Zero;
        var rounds = SoakSize.Choose(quick: 1, full: 50);
        for (var round = 0; round <= rounds; round++)
        {
            await using var fixture = await TimescaleStoreFixture.CreateEmptyAsync(TimescaleEdition.Apache);
            (string, string)[] settings = [.. fixture.ProgramEnvironment, ("Database__Sqlite__Path", folder.File("unused.db")), ("Analytics__Path", folder.File($"{round}.duckdb"))];
            using (var killed = Start(settings))
            {
                if (round == 0) window = await MeasureAsync(killed);
                // The first half of a start does not use the database yet.
                else await Task.Delay(window * (0.4 + (0.6 * round / rounds)));
                killed.Kill();
                await killed.WaitForExitAsync();
            }

            await using var next = await SensorDashProcess.StartAsync(folder.File("unused.db"), settings);
            using var ready = await next.Client.GetAsync("/health/ready");
            Assert.True(ready.IsSuccessStatusCode, $"Round {round}.");
        }
    }

    private static async Task<TimeSpan> MeasureAsync(string path)
    {
        using var process = await StartUntilMigrationAsync(path);
        var window = await MeasureAsync(process);
        process.Kill();
        await process.WaitForExitAsync();
        return window;
    }

    private static async Task<TimeSpan> MeasureAsync(Process process)
    {
        var since = Stopwatch.GetTimestamp();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
            if (line.Contains("Now listening on", StringComparison.Ordinal)) break;
        return Stopwatch.GetElapsedTime(since);
    }

    // The program writes the owner file directly before it opens the database.
    private static async Task<Process> StartUntilMigrationAsync(string path)
    {
        var process = Start(("Database__Sqlite__Path", path));
        await WaitFor.TrueAsync("a start that claims its database", () => File.Exists(path + ".owner"));
        return process;
    }

    private static Process Start(params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo(SensorDashProcess.Program[0], [.. SensorDashProcess.Program.Skip(1), "--urls", "http://127.0.0.1:0"])
        {
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
