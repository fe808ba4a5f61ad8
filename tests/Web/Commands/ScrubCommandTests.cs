using SensorDash.Tests.Support;
using SensorDash.Web.Tests.Api;

namespace SensorDash.Web.Tests.Commands;

/// <summary>The scrub as a command: beside the server and without it.</summary>
public sealed class ScrubCommandTests : ApiTests
{
    [Fact]
    public async Task Scrub_BesideTheServer_SaysThatNothingHasRotted()
    {
        await StoreAsync(Some.Run(12, 200));

        var run = await ScrubAsync(App.DatabasePath);

        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Equal("Read 200 rows: nothing has rotted.", run.Output.Trim());
    }

    [Fact]
    public async Task Scrub_ChangedReading_IsExitCodeThreeAndALineAboutIt()
    {
        await StoreAsync(Some.Run(12, 200));
        await ExecuteAsync("UPDATE sensor_readings SET temperature_centidegrees = 1 WHERE timestamp = (SELECT max(timestamp) FROM sensor_readings)");

        var run = await ScrubAsync(App.DatabasePath, "--rate-limit", "100000", "--progress");

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("sensor_readings, all readings: some of the readings are not those that were committed", run.Output, StringComparison.Ordinal);
        Assert.Contains("one thing has rotted.", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scrub_WithoutTheServer_ComparesWithTheSidePathAndSaysBothValues()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("hub.db");
        await using (var app = new SensorDashApp(("Database:Sqlite:Path", path)))
        {
            using var client = app.CreateClient();
            await app.Store.AddAsync(Some.Run(12, 200));
            await app.WaitUntilCaughtUpAsync();
        }
        var clean = await ScrubAsync(path);
        await using (var connection = await SqliteLock.OpenAsync(path))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = $"UPDATE sensor_readings SET temperature_centidegrees = 1 WHERE timestamp = {Some.Noon}";
            await command.ExecuteNonQueryAsync();
        }

        var rotten = await ScrubAsync(path);

        Assert.Equal((0, "Read 200 rows: nothing has rotted."), (clean.ExitCode, clean.Output.Trim()));
        Assert.Equal(3, rotten.ExitCode);
        Assert.Contains($"node 12 at {TimeText} (timestamp {Some.Noon}): the side path has other values.", rotten.Output, StringComparison.Ordinal);
        Assert.Matches(@"stored: +temperature_centidegrees 1\s+side path: temperature_centidegrees 2199\s+The side path has what was committed: correct the row in the database", rotten.Output);
    }

    [Fact]
    public async Task Scrub_ReadingsInDuckDb_WorksWithoutTheServerAndRefusesBesideIt()
    {
        using var folder = new TemporaryFolder();
        string[] settings = [$"--Database:Sqlite:Path={folder.File("hub.db")}", "--Readings:Backend=DuckDb", $"--Readings:DuckDb:Path={folder.File("readings.duckdb")}"];
        await using (var app = new SensorDashApp(("Database:Sqlite:Path", folder.File("hub.db")), ("DB_BACKEND", "duckdb"), ("DUCKDB_PATH", folder.File("readings.duckdb"))))
        {
            using var client = app.CreateClient();
            await app.Store.AddAsync(Some.Run(12, 200));
        }

        var alone = await ProgramRun.ToItsEndAsync([.. settings, "scrub"]);
        ProgramRun beside;
        await using (await SensorDashProcess.StartAsync(folder.File("hub.db"), ("DB_BACKEND", "duckdb"), ("DUCKDB_PATH", folder.File("readings.duckdb"))))
            beside = await ProgramRun.ToItsEndAsync([.. settings, "scrub"]);

        Assert.Equal((0, "Read 200 rows: nothing has rotted."), (alone.ExitCode, alone.Output.Trim()));
        Assert.Equal(1, beside.ExitCode);
        Assert.Contains("another process has it open", beside.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scrub_BesideAServerWithASidePath_SaysThatItWasNotCompared()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("hub.db");
        await using var server = await SensorDashProcess.StartAsync(path);
        await WaitFor.TrueAsync("the side path is open", async () => (await server.Client.GetStringAsync("/api/system/analytics")).Contains("\"ready\"", StringComparison.Ordinal));

        var run = await ScrubAsync(path);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("Not checked: Readings were not compared with the side path, or not all: the running server has it open", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scrub_NoDatabase_SaysSo()
    {
        using var folder = new TemporaryFolder();

        var run = await ScrubAsync(folder.File("none.db"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("There is no database", run.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    private static string TimeText => DateTimeOffset.FromUnixTimeSeconds(Some.Noon).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static Task<ProgramRun> ScrubAsync(string path, params string[] options) => ProgramRun.ToItsEndAsync([$"--Database:Sqlite:Path={path}", "scrub", .. options]);
}
