using System.Diagnostics;
using System.Net.Http.Json;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Operations;

/// <summary>The files of the data, as paths of the settings name them: none is deleted, shared or replaced by accident.</summary>
public sealed class DataFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Store => _folder.File("a.db");

    private string Side => _folder.File("a.duckdb");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a.db")]
    [InlineData("a.db-wal")]
    [InlineData("a.db-shm")]
    [InlineData("a.db.lock")]
    [InlineData("a.db.owner")]
    [InlineData("link.db")]
    [InlineData("folder/a.db")]
    [InlineData("folder/a.db-wal")]
    [InlineData("folder/new.db")]
    [InlineData("hard.db")]
    public async Task Start_SidePathThatIsAFileOfTheStore_IsRefusedAndTheFileStays(string side)
    {
        await StoreReadingAsync(("Analytics:Enabled", "false"));
        File.CreateSymbolicLink(_folder.File("link.db"), "a.db");
        Directory.CreateSymbolicLink(_folder.File("folder"), _folder.Path);
        if (side == "hard.db") HardLink(Store, _folder.File(side));
        var store = side == "folder/new.db" ? _folder.File("new.db") : Store;
        var before = new FileInfo(Store).Length;

        var run = await ProgramRun.ToItsEndAsync(["rebuild", "--urls", "http://127.0.0.1:0"], ("Database__Sqlite__Path", store), ("Analytics__Path", _folder.File(side)));

        Assert.Equal(1, run.ExitCode);
        if (side != "hard.db") Assert.Contains("Analytics:Path", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors + run.Output, StringComparison.Ordinal);
        Assert.Equal(before, new FileInfo(Store).Length);
    }

    [Theory]
    [InlineData("a.db")]
    [InlineData("a.db-wal")]
    public async Task Start_DuckDbStoreThatIsAFileOfTheDatabase_IsRefused(string path)
    {
        var run = await ProgramRun.ToItsEndAsync(
            ("Database__Sqlite__Path", Store), ("Readings__Backend", "DuckDb"), ("Readings__DuckDb__Path", _folder.File(path)));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Readings:DuckDb:Path", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--Database:Sqlite:Path", "a.db")]
    [InlineData("--Readings:DuckDb:Path", "r.duckdb")]
    public async Task Start_StoreWithASecondHardLink_IsRefused(string setting, string file)
    {
        await StoreReadingAsync(("Readings:Backend", "DuckDb"), ("Readings:DuckDb:Path", _folder.File("r.duckdb")));
        HardLink(_folder.File(file), _folder.File("second"));

        var run = await ProgramRun.ToItsEndAsync(["--urls", "http://127.0.0.1:0", setting, _folder.File("second")],
            ("Database__Sqlite__Path", Store), ("Readings__Backend", "DuckDb"), ("Readings__DuckDb__Path", _folder.File("r.duckdb")));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("hard link", run.Errors, StringComparison.Ordinal);
        Assert.Contains(_folder.File("second"), run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SecondProcessThroughALink_IsRefused()
    {
        await using var first = await SensorDashProcess.StartAsync(Store);
        File.CreateSymbolicLink(_folder.File("link.db"), Store);

        var run = await ProgramRun.ToItsEndAsync(("Database__Sqlite__Path", _folder.File("link.db")));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("in use by another", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SecondProcessOnAMovedFile_IsRefused()
    {
        await using var first = await SensorDashProcess.StartAsync(Store);
        File.Move(Store, _folder.File("moved.db"));

        var run = await ProgramRun.ToItsEndAsync(("Database__Sqlite__Path", _folder.File("moved.db")));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("in use by another", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("duckdb")]
    public async Task Rebuild_FileThatIsNotOurs_IsRenamedAside(string kind)
    {
        if (kind == "text") await File.WriteAllTextAsync(Side, "the only copy of a thesis");
        else SidePathOf("CREATE TABLE thesis (text VARCHAR); CHECKPOINT");
        var content = await File.ReadAllBytesAsync(Side);

        await using var started = Start();
        using var client = started.CreateClient();
        using var accepted = await client.PostAsync("/api/system/analytics/rebuild", null);
        await client.WaitForSidePathAsync("ready");

        var aside = Assert.Single(Directory.GetFiles(_folder.Path, "a.duckdb.aside-*"));
        Assert.Equal(content, await File.ReadAllBytesAsync(aside));
    }

    [Fact]
    public async Task Start_DuckDbFileOfAnotherProgramAsSidePath_IsLeftAlone()
    {
        SidePathOf("CREATE TABLE thesis (text VARCHAR); CHECKPOINT");
        var content = await File.ReadAllBytesAsync(Side);

        await using (var started = Start())
        {
            using var client = started.CreateClient();
            await client.WaitForSidePathAsync("failed");
        }

        Assert.Equal(content, await File.ReadAllBytesAsync(Side));
    }

    [Fact]
    public async Task Rebuild_OwnSidePath_LeavesNothingAside()
    {
        await StoreReadingAsync();

        await using var started = await SensorDashProcess.StartAsync([.. SensorDashProcess.Program, "rebuild"], Store);
        await started.Client.WaitForSidePathAsync("ready");

        Assert.DoesNotContain(Directory.GetFiles(_folder.Path), file => file.Contains("aside", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_StoreLostBesideAFullSidePath_IsRefusedUntilTheSidePathIsDeleted(bool isEmpty)
    {
        await StoreReadingAsync();
        foreach (var file in Directory.GetFiles(_folder.Path, "a.db*")) File.Delete(file);
        if (isEmpty) await File.WriteAllTextAsync(Store, "");

        var run = await ProgramRun.ToItsEndAsync(("Database__Sqlite__Path", Store));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(Store, run.Errors, StringComparison.Ordinal);
        Assert.Contains(Side, run.Errors, StringComparison.Ordinal);
        Assert.Equal(isEmpty, File.Exists(Store));
        File.Delete(Side);
        File.Delete(Side + ".wal");
        await using var started = Start();
        using var client = started.CreateClient();
        await client.WaitForSidePathAsync("ready");
    }

    private SensorDashApp Start(params (string Key, string Value)[] settings) => new([("Database:Sqlite:Path", Store), .. settings]);

    private void SidePathOf(string sql)
    {
        using var client = new DuckDbClient(Side);
        client.Execute(sql);
    }

    private async Task StoreReadingAsync(params (string Key, string Value)[] settings)
    {
        await using var app = Start(settings);
        using var client = app.CreateClient();
        using var posted = await client.PostAsJsonAsync("/api/sensor-data", new { node_address = 1, timestamp = Some.Noon, temperature_celsius = 20 });
        posted.EnsureSuccessStatusCode();
        if (settings.Length == 0) await app.WaitUntilCaughtUpAsync();
    }

    private static void HardLink(string file, string link)
    {
        using var process = Process.Start("ln", [file, link])!;
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
