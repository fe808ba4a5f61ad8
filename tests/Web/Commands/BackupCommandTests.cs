using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Commands;

/// <summary>The commands of backups, as a user runs them: beside the server and without it.</summary>
public sealed class BackupCommandTests : ApiTests
{
    [Fact]
    public async Task Create_BesideTheServer_IsMadeByIt_AndARestoreIsRefused()
    {
        await StoreAsync(Some.Run(12, 200));
        var created = await BesideAsync("create");
        await StoreAsync(Some.Reading(13));
        var list = await BesideAsync("list");
        var name = created.Output.Split('\n')[0].Trim();
        var beside = await BesideAsync("restore", name, "--replace");

        Assert.Equal((0, ""), (created.ExitCode, created.Errors));
        Assert.Contains("200 readings", created.Output, StringComparison.Ordinal);
        Assert.Matches($@"\A{name}  good .* 200 readings .* 0 events\s*\z", list.Output);
        Assert.Equal(1, beside.ExitCode);
        Assert.Contains("is in use by another SensorDash process", beside.Errors, StringComparison.Ordinal);
        Assert.Equal(1, await ScalarAsync("SELECT count(*) FROM audit_entries WHERE action = 'backup.create' AND outcome = 'done'"));

    }

    [Fact]
    public async Task CreateVerifyRestore_WithoutAServer_BringsBackWhatWasThere()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("hub.db");
        await using (var first = new SensorDashApp(("Database:Sqlite:Path", path), ("Analytics:Enabled", "false")))
        {
            await first.Store.AddAsync(Some.Run(12, 200));
        }
        var created = await BackupAsync(path, "create");
        var name = Path.GetFileName(created.Output.Split('\n')[0].Trim());
        await using (var second = new SensorDashApp(("Database:Sqlite:Path", path), ("Analytics:Enabled", "false")))
        {
            await second.Store.AddAsync(Some.Reading(13));
        }

        var verified = await BackupAsync(path, "verify", name);
        var refused = await BackupAsync(path, "restore", name);
        var restored = await BackupAsync(path, "restore", Path.Combine(folder.Path, "backups", name), "--replace");

        Assert.Equal((0, ""), (created.ExitCode, created.Errors));
        Assert.Equal((0, $"{name} is as it was made."), (verified.ExitCode, verified.Output.Trim()));
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("With --replace it is set aside", refused.Errors, StringComparison.Ordinal);
        Assert.Equal((0, ""), (restored.ExitCode, restored.Errors));
        Assert.Single(Directory.GetFiles(folder.Path, "hub.db.aside-*"), file => !file.EndsWith("-wal", StringComparison.Ordinal) && !file.EndsWith("-shm", StringComparison.Ordinal));
        await using var third = new SensorDashApp(("Database:Sqlite:Path", path), ("Analytics:Enabled", "false"));
        Assert.Equal(200, (await third.Store.AllAsync()).Count);
        Assert.Equal((0, 1), (await CountAsync(path, "backup.verify"), await CountAsync(path, "backup.restore"))); // The log of that time.
        Assert.Empty(Directory.GetFiles(folder.Path, "*.restoring*"));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public async Task Restore_DuckDbReadings_BringsBackBothStores()
    {
        using var folder = new TemporaryFolder();
        string[] settings = [$"--Database:Sqlite:Path={folder.File("hub.db")}", "--Readings:Backend=DuckDb", $"--Readings:DuckDb:Path={folder.File("readings.duckdb")}"];
        (string, string)[] app = [("Database:Sqlite:Path", folder.File("hub.db")), ("DB_BACKEND", "duckdb"), ("DUCKDB_PATH", folder.File("readings.duckdb"))];
        ProgramRun created;
        await using (var first = new SensorDashApp(app))
        {
            using var client = first.CreateClient();
            await first.Store.AddAsync(Some.Run(12, 200));
            created = await ProgramRun.ToItsEndAsync([.. settings, "backup", "create"]);
            await first.Store.AddAsync(Some.Reading(13));
        }
        var name = created.Output.Split('\n')[0].Trim();

        var restored = await ProgramRun.ToItsEndAsync([.. settings, "backup", "restore", name, "--replace"]);

        Assert.Equal((0, "", 0, ""), (created.ExitCode, created.Errors, restored.ExitCode, restored.Errors));
        await using var second = new SensorDashApp(app);
        using var next = second.CreateClient();
        Assert.Equal(200, (await second.Store.AllAsync()).Count);
    }

    [Fact]
    public async Task Verify_Damaged_IsExitCodeOneAndASentence()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("hub.db");
        MigratedSqliteFile.CopyTo(path);
        var created = await BackupAsync(path, "create");
        var copy = Path.Combine(created.Output.Split('\n')[0].Trim(), "sensordash.db");
        await using (var file = new FileStream(copy, FileMode.Open, FileAccess.ReadWrite))
        {
            file.Position = file.Length / 2;
            var value = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)(value ^ 1));
        }

        var verified = await BackupAsync(path, "verify", Path.GetFileName(Path.GetDirectoryName(copy)!));
        var list = await BackupAsync(path, "list");

        Assert.Equal(1, verified.ExitCode);
        Assert.Contains("is damaged: the SHA-256 of sensordash.db is not that of the manifest.", verified.Errors, StringComparison.Ordinal);
        Assert.Contains("damaged", list.Output, StringComparison.Ordinal);
    }

    // A start would set the file aside.
    [Fact]
    public async Task Create_DamagedDatabase_SaysSoAndChangesNothing()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("hub.db");
        await using (var app = new SensorDashApp(("Database:Sqlite:Path", path), ("Analytics:Enabled", "false"))) await app.Store.AddAsync(Some.Run(12, 500));
        var bytes = await File.ReadAllBytesAsync(path);
        Array.Fill(bytes, (byte)0x55, 40 * 4096, 4096);
        await File.WriteAllBytesAsync(path, bytes);

        var run = await BackupAsync(path, "create");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("is damaged", run.Errors, StringComparison.Ordinal);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(path));
        Assert.Empty(Directory.GetFiles(folder.Path, "*.aside-*"));
        Assert.Empty(Directory.GetDirectories(folder.File("backups")));
    }

    [Theory]
    [InlineData("restore", "none", "There is no backup none.")]
    [InlineData("verify", "../hub.db", "There is no backup ../hub.db.")]
    public async Task Command_UnknownBackup_SaysSo(string command, string name, string error)
    {
        var run = await BackupAsync(App.DatabasePath, command, name);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(error, run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_NoDatabase_CreatesNone()
    {
        using var folder = new TemporaryFolder();

        var run = await BackupAsync(folder.File("none.db"), "create");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("There is no database", run.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    private Task<ProgramRun> BesideAsync(params string[] arguments) => BackupAsync(App.DatabasePath, arguments);

    private static Task<ProgramRun> BackupAsync(string path, params string[] arguments) => ProgramRun.ToItsEndAsync([$"--Database:Sqlite:Path={path}", "backup", .. arguments]);

    private static async Task<long> CountAsync(string path, string action)
    {
        await using var connection = await SqliteLock.OpenAsync(path);
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT count(*) FROM audit_entries WHERE action = '{action}'";
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
