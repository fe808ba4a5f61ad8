using System.Globalization;
using Microsoft.Data.Sqlite;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Operations;

/// <summary>Starts of the program.</summary>
public sealed class StartupTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Start_EverySettingWrong_NamesAllOfThemInOneMessage()
    {
        var run = await ProgramRun.ToItsEndAsync(
            ("Database__Provider", "Oracle"), ("Database__Sqlite__Path", _folder.File("a.db")), ("Database__Sqlite__CacheMiB", "0"),
            ("Ingest__BatchSize", "0"), ("Ingest__FlushInterval", "1.00:00:00"), ("Ingest__BufferCapacity", "1"),
            ("Ingest__AckTimeout", "00:00:00"), ("Ingest__MaxBodyMiB", "99999"), ("Security__Proxies", "perhaps"));

        Assert.Equal(1, run.ExitCode);
        string[] keys = ["Database:Provider", "Database:Sqlite:CacheMiB", "Ingest:BatchSize", "Ingest:FlushInterval", "Ingest:BufferCapacity",
            "Ingest:AckTimeout", "Ingest:MaxBodyMiB", "Security:Proxies"];
        Assert.All(keys, key => Assert.Contains(key + " must be", run.Errors, StringComparison.Ordinal));
        Assert.Contains("Oracle", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
        Assert.Single(run.Errors.Split("SensorDash cannot start").Skip(1));
        Assert.False(File.Exists(_folder.File("a.db")));
    }

    [Theory]
    [InlineData("Ingest__BatchSise", "5", "Ingest:BatchSise")]
    [InlineData("Database__Sqlite__Pfad", "x", "Database:Sqlite:Pfad")]
    [InlineData("Database__Sqlit__Path", "x", "Database:Sqlit is not a setting; allowed: Provider, MigrateAtStart, Sqlite, Timescale.")]
    [InlineData("Database__Timescale__Pool__Min", "1", "Database:Timescale:Pool:Min")]
    [InlineData("Security__AllowNetwork", "true", "Security:AllowNetwork")]
    [InlineData("Retention__ReadingDays", "90", "Retention:ReadingDays is not a setting; allowed: Readings, Events.")]
    [InlineData("Retention__Events__Rwa", "90", "Retention:Events:Rwa is not a setting; allowed: Raw, Parsed, Command, Metadata, Ui.")]
    [InlineData("Retention__Events__Raw", "-1", "Retention:Events:Raw must be 0 to 36500 days, not -1.")]
    [InlineData("Retention__Readings__Nodes__twelve", "90", "Retention:Readings:Nodes:twelve must name the address of a node")]
    [InlineData("Retention__Readings__Zones__Garden", "long", "Retention:Readings:Zones:Garden must be an integer, not 'long'.")]
    [InlineData("Ingest__BatchSize", "many", "Ingest:BatchSize")]
    [InlineData("Ingest__Durability", "Perfect", "Ingest:Durability")]
    [InlineData("DB_BACKEND", "influx", "Readings:Backend")]
    [InlineData("DB_BATCH_SIZE", "0", "Ingest:BatchSize")]
    [InlineData("DB_FLUSH_INTERVAL", "soon", "Ingest:FlushInterval")]
    public async Task Start_UnknownKeyOrValue_IsRefusedByName(string name, string value, string key)
    {
        var run = await ProgramRun.ToItsEndAsync((name, value), ("Database__Sqlite__Path", _folder.File("a.db")));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(key, run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rebuild_FileThatIsNoDatabase_IsMadeAnew()
    {
        await File.WriteAllTextAsync(_folder.File("a.duckdb"), new string('x', 10_000));
        await using (var plain = new SensorDashApp(("Database:Sqlite:Path", _folder.File("a.db"))))
        using (var client = plain.CreateClient()) await client.WaitForSidePathAsync("failed");

        await using var rebuilding = await SensorDashProcess.StartAsync([.. SensorDashProcess.Program, "rebuild"], _folder.File("a.db"));
        await rebuilding.Client.WaitForSidePathAsync("ready");
    }

    [Fact]
    public async Task Start_SecondProcessOnTheSameFile_IsRefusedNamingTheFirst()
    {
        await using var first = await SensorDashProcess.StartAsync(_folder.File("a.db"));
        var owner = await File.ReadAllTextAsync(_folder.File("a.db.owner"));

        var run = await ProgramRun.ToItsEndAsync(("Database__Sqlite__Path", _folder.File("a.db")));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(_folder.File("a.db"), run.Errors, StringComparison.Ordinal);
        var named = System.Text.RegularExpressions.Regex.Match(run.Errors, "process ([0-9]+) on").Groups[1].Value;
        Assert.NotEmpty(named);
        Assert.Contains(named, owner, StringComparison.Ordinal);
        Assert.NotEqual(Environment.ProcessId.ToString(CultureInfo.InvariantCulture), named);
        using var alive = await first.Client.GetAsync("/api/health");
        Assert.True(alive.IsSuccessStatusCode);
    }

    [Fact]
    public async Task Start_SecondProcessOnTheSameDuckDbStore_IsRefusedNamingTheFirst()
    {
        var store = (("Readings__Backend", "DuckDb"), ("Readings__DuckDb__Path", _folder.File("r.duckdb")));
        await using var first = await SensorDashProcess.StartAsync(_folder.File("a.db"), store.Item1, store.Item2);
        var owner = await File.ReadAllTextAsync(_folder.File("a.db.owner"));

        var run = await ProgramRun.ToItsEndAsync(("Database__Sqlite__Path", _folder.File("b.db")), store.Item1, store.Item2);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(_folder.File("r.duckdb"), run.Errors, StringComparison.Ordinal);
        var named = System.Text.RegularExpressions.Regex.Match(run.Errors, @"PID ([0-9]+)\)").Groups[1].Value;
        Assert.NotEmpty(named);
        Assert.Contains(named, owner, StringComparison.Ordinal);
        using var alive = await first.Client.GetAsync("/api/health");
        Assert.True(alive.IsSuccessStatusCode);
    }

    [Fact]
    public async Task Start_SidePathAsTheStore_IsRefusedAndLeftAlone()
    {
        await using (var first = new SensorDashApp(("Database:Sqlite:Path", _folder.File("a.db")), ("Analytics:Path", _folder.File("side.duckdb"))))
        {
            using var client = first.CreateClient();
            await client.WaitForSidePathAsync("ready");
        }

        var run = await ProgramRun.ToItsEndAsync(
            ("Database__Sqlite__Path", _folder.File("a.db")), ("Readings__Backend", "DuckDb"), ("Readings__DuckDb__Path", _folder.File("side.duckdb")));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("DuckDB file of another program", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SchemaBehindAndNotAllowedToMigrate_SaysWhatToDo()
    {
        var run = await ProgramRun.ToItsEndAsync(("Database__Sqlite__Path", _folder.File("a.db")), ("Database__MigrateAtStart", "false"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("dotnet ef database update", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_MigrationLockOfAKilledProcess_IsRemovedAndLogged()
    {
        MigratedSqliteFile.Create(_folder.File("a.db"), "Initial");
        await using (var killed = new SqliteConnection($"Data Source={_folder.File("a.db")};Pooling=False"))
        {
            await killed.OpenAsync();
            await using var command = killed.CreateCommand();
            command.CommandText = """
                CREATE TABLE IF NOT EXISTS "__EFMigrationsLock" ("Id" INTEGER NOT NULL CONSTRAINT "PK___EFMigrationsLock" PRIMARY KEY, "Timestamp" TEXT NOT NULL);
                INSERT INTO "__EFMigrationsLock" VALUES (1, '2026-11-20 12:00:00+00:00')
                """;
            await command.ExecuteNonQueryAsync();
        }

        await using var started = new SensorDashApp(("Database:Sqlite:Path", _folder.File("a.db")));
        using var client = started.CreateClient();

        Assert.Contains(started.Logs.Entries, entry => entry.Text.Contains("killed during a migration that started at 2026-11-20 12:00:00", StringComparison.Ordinal));
        using var ready = await client.GetAsync("/health/ready");
        Assert.True(ready.IsSuccessStatusCode);
    }

    [Fact]
    public async Task Start_FileThatIsNoDatabase_SaysSoWithoutAStackTrace()
    {
        await File.WriteAllTextAsync(_folder.File("a.db"), string.Concat(Enumerable.Repeat("this is no database. ", 500)));

        var run = await ProgramRun.ToItsEndAsync(("Database__Sqlite__Path", _folder.File("a.db")));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(_folder.File("a.db"), run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors + run.Output, StringComparison.Ordinal);
    }
}
