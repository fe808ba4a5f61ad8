using System.Net;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Security;

namespace SensorDash.Web.Tests.Operations;

/// <summary>A database file that is damaged at the start: it is set aside, never deleted, and a new one takes readings at once.</summary>
public sealed class DamageTests : IDisposable
{
    private const int PageBytes = 4096;

    private readonly TemporaryFolder _folder = new();

    private string Path => _folder.File("hub.db");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("header")]
    [InlineData("zeros")]
    [InlineData("half")]
    [InlineData("readings")]
    [InlineData("nothing left")]
    public async Task Start_DamagedFile_SetsItAsideAndTakesReadings(string damage)
    {
        await FillAsync();
        var broken = await BreakAsync(damage);

        await using (var app = new SensorDashApp(("Database:Sqlite:Path", Path)))
        {
            using var client = app.CreateClient();
            using var posted = await PostAsync(client, 13);
            using var health = await ReadHealthAsync(client);
            var aside = StoreDamage.Read(Path)!;

            Assert.Equal(HttpStatusCode.OK, posted.StatusCode);
            Assert.Equal(("ok", "damaged"), (health.RootElement.GetProperty("status").GetString(), health.RootElement.GetProperty("store").GetString()));
            Assert.Equal(broken, await File.ReadAllBytesAsync(aside.Aside));
            Assert.True(File.Exists(aside.SidePath)); // With a copy of the readings.
            Assert.Contains(app.Logs.Entries, e => e.Text.Contains($"set aside as {aside.Aside}", StringComparison.Ordinal));
            Assert.Contains("The database was damaged and was set aside", await client.GetStringAsync("/nodes/13"), StringComparison.Ordinal);
            Assert.Contains(System.IO.Path.GetFileName(aside.Aside), await client.GetStringAsync("/system"), StringComparison.Ordinal);
        }

        // Until the owner decides, also after further starts, which set nothing aside any more.
        await using var next = new SensorDashApp(("Database:Sqlite:Path", Path));
        using var later = next.CreateClient();
        using var node = await later.GetAsync("/api/nodes/13");
        using var still = await ReadHealthAsync(later);

        Assert.Equal(HttpStatusCode.OK, node.StatusCode);
        Assert.Equal("damaged", still.RootElement.GetProperty("store").GetString());
        Assert.Single(Directory.GetFiles(_folder.Path, "hub.db.aside-*"), file => !file.EndsWith("-wal", StringComparison.Ordinal) && !file.EndsWith("-shm", StringComparison.Ordinal));
    }

    // SQLite would end its log at the damage without a word, and lose what was acknowledged after it.
    [Fact]
    public async Task Start_DamageInTheWriteAheadLog_IsFoundAndEverythingElseIsSalvaged()
    {
        const int HeaderBytes = 32, FrameBytes = 24 + PageBytes;
        var copy = _folder.File("copy.db");
        await using (var app = new SensorDashApp(("Database:Sqlite:Path", Path)))
        {
            using var client = app.CreateClient();
            for (var node = 1; node <= 30; node++)
            {
                using var posted = await PostAsync(client, node);
                Assert.Equal(HttpStatusCode.OK, posted.StatusCode);
            }
            File.Copy(Path + "-wal", copy + "-wal");
            // This process has a lock on the file, which another one does not see.
            using var copying = System.Diagnostics.Process.Start("cp", [Path, copy]);
            await copying.WaitForExitAsync();
        }
        foreach (var ending in (string[])["", "-wal"]) File.Move(copy + ending, Path + ending, overwrite: true);
        var log = await File.ReadAllBytesAsync(Path + "-wal");
        log[HeaderBytes + ((log.Length - HeaderBytes) / FrameBytes / 2 * FrameBytes) + 24 + 100] ^= 0xff;
        await File.WriteAllBytesAsync(Path + "-wal", log);
        await using (var app = new SensorDashApp(("Database:Sqlite:Path", Path), ("Ingest:Durability", "Full")))
        {
            using var client = app.CreateClient();
            using var posted = await PostAsync(client, 31);
            Assert.Equal(HttpStatusCode.OK, posted.StatusCode);
            Assert.Contains("write-ahead log has 1 damaged pages", StoreDamage.Read(Path)!.Found, StringComparison.Ordinal);
        }

        var run = await ProgramRun.ToItsEndAsync(["damage", "salvage"], ("Database__Sqlite__Path", Path));

        Assert.True(run.ExitCode == 0, run.Errors);
        await using var next = new SensorDashApp(("Database:Sqlite:Path", Path));
        using var later = next.CreateClient();
        Assert.Equal(31, await next.Store.CountAsync(default, default));
    }

    [Fact]
    public async Task GoOn_ForgetsTheNoticeAndKeepsTheFiles()
    {
        await FillAsync();
        await BreakAsync("zeros");
        await using var app = new SensorDashApp(("Database:Sqlite:Path", Path));
        using var client = app.CreateClient();
        using var browser = new HubBrowser(app);
        var aside = StoreDamage.Read(Path)!.Aside;

        using var answer = await browser.SendAsync("/system", "GoOn");
        using var health = await ReadHealthAsync(client);

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal("ok", health.RootElement.GetProperty("store").GetString());
        Assert.True(File.Exists(aside));
        Assert.Null(StoreDamage.Read(Path));
    }

    [Fact]
    public async Task Start_OnlyReadingsAreDamaged_UsersAndKeysAreTakenOver()
    {
        await FillAsync();
        var added = await ProgramRun.ToItsEndAsync(["users", "add", "ada", "--role", "admin", "--password-file", await PasswordAsync()], ("Database__Sqlite__Path", Path));
        Assert.True(added.ExitCode == 0, added.Errors);
        await BreakAsync("readings");

        await using (var app = new SensorDashApp(("Database:Sqlite:Path", Path)))
        {
            using var client = app.CreateClient();
            using var live = await client.GetAsync("/health/live");
            Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        }
        var users = await ProgramRun.ToItsEndAsync(["users", "list"], ("Database__Sqlite__Path", Path));

        Assert.Contains("ada", users.Output, StringComparison.Ordinal);
        Assert.Empty(StoreDamage.Read(Path)!.Lost);
    }

    [Fact]
    public async Task Start_FileThatSensorDashNeverUsed_IsRefusedAndLeftWhereItIs()
    {
        await File.WriteAllTextAsync(Path, string.Concat(Enumerable.Repeat("A letter of somebody. ", 1000)));

        for (var i = 0; i < 2; i++)
        {
            var run = await ProgramRun.ToItsEndAsync(("Database__Sqlite__Path", Path));
            Assert.Equal(1, run.ExitCode);
            Assert.Contains("is not a database", run.Errors, StringComparison.Ordinal);
        }
        Assert.StartsWith("A letter", await File.ReadAllTextAsync(Path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ReadingsInDuckDb_IsRefused()
    {
        (string, string)[] settings = [("Database__Sqlite__Path", Path), ("Readings__Backend", "DuckDb"), ("Readings__DuckDb__Path", _folder.File("r.duckdb"))];
        await using (var app = new SensorDashApp(("Database:Sqlite:Path", Path), ("Readings:Backend", "DuckDb"), ("Readings:DuckDb:Path", _folder.File("r.duckdb"))))
        {
            using var client = app.CreateClient();
            using var posted = await PostAsync(client, 13);
            Assert.Equal(HttpStatusCode.OK, posted.StatusCode);
        }
        await BreakAsync("zeros");

        var run = await ProgramRun.ToItsEndAsync(settings);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("is not a database", run.Errors, StringComparison.Ordinal);
        Assert.Null(StoreDamage.Read(Path));
    }

    // A file with readings that SensorDash has used, and a side path.
    private async Task FillAsync()
    {
        await using var app = new SensorDashApp(("Database:Sqlite:Path", Path), ("Analytics:Path", _folder.File("hub.duckdb")));
        using var client = app.CreateClient();
        await app.Store.AddAsync(Some.Run(12, 5_000, interval: 60));
        await app.WaitUntilCaughtUpAsync();
    }

    private async Task<byte[]> BreakAsync(string damage)
    {
        var bytes = await WaitFor.FileReleasedAsync(Path);
        switch (damage)
        {
            case "header":
                bytes.AsSpan(0, 100).Fill(0xA5);
                break;
            case "zeros":
                bytes.AsSpan().Clear();
                break;
            case "half":
                bytes = bytes[..(bytes.Length / 2 / PageBytes * PageBytes)];
                break;
            case "nothing left":
                bytes = [];
                break;
            case "readings":
                var root = (int)await ScalarAsync("SELECT rootpage FROM sqlite_master WHERE name = 'sensor_readings'");
                bytes.AsSpan((root - 1) * PageBytes, PageBytes).Fill(0xA5);
                break;
        }
        await File.WriteAllBytesAsync(Path, bytes);
        return bytes;
    }

    private async Task<long> ScalarAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Path};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task<string> PasswordAsync()
    {
        await File.WriteAllTextAsync(_folder.File("password"), "analytical-engine\n");
        return _folder.File("password");
    }

    private static async Task<JsonDocument> ReadHealthAsync(HttpClient client) => JsonDocument.Parse(await client.GetStringAsync("/health/ready"));

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, int node) => client.PostAsync("/api/sensor-data", new StringContent(
        FormattableString.Invariant($"{{\"node_address\":{node},\"timestamp\":{Some.Noon},\"temperature_celsius\":21.5}}"), System.Text.Encoding.UTF8, "application/json"));
}
