using System.CommandLine;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using SensorDash.Tests.Support;
using SensorDash.Web.Commands;

namespace SensorDash.Docs.Tests;

/// <summary>The page on moving data names the commands that there are, and its runbook works.</summary>
public sealed partial class MovingDataPageTests
{
    private const string Page = "docs/moving-data.md";

    [Fact]
    public void Commands_OfThePage_AreThoseOfTheProgram()
    {
        var transfer = CommandLine.Parse(["transfer", "list", "--to", "a.db"]).Result.CommandResult.Command.Parents.OfType<Command>().Single();
        var run = transfer.Subcommands.Single(c => c.Name == "run");

        Assert.Equal(transfer.Subcommands.Select(c => $"transfer {c.Name}"), Repository.Table(Page, "command").Select(row => Command().Match(row[0]).Value).OrderBy(c => transfer.Subcommands.ToList().FindIndex(s => c.EndsWith(s.Name, StringComparison.Ordinal))));
        Assert.Equal(
            run.Options.Where(o => !o.Required).Select(o => o.Name).Order(),
            Repository.Table(Page, "option").SelectMany(row => Option().Matches(row[0]).Select(m => m.Value)).Order());
    }

    [Fact]
    public void Lines_OfThePage_AreCommands()
    {
        var lines = Line().Matches(Repository.Read(Page)).Select(m => m.Groups[1].Value).Where(line => !line.Contains('…', StringComparison.Ordinal)).ToArray();

        Assert.True(lines.Length >= 5, string.Join('\n', lines));
        Assert.All(lines, line => Assert.True(CommandLine.Parse([.. line.Split(' ').Select(word => word.Trim('"'))]).IsWithoutServer));
    }

    [Fact]
    public async Task Runbook_FromTheFormerHubToDuckDbAndBack_EndsWithEveryReading()
    {
        using var folder = new TemporaryFolder();
        await CreateHubAsync(folder.File("hub.db"));

        // The commands of the page, with the files in a folder of the test.
        foreach (var line in Line().Matches(Repository.Read(Page)).Select(m => m.Groups[1].Value).Where(l => l.StartsWith("transfer run", StringComparison.Ordinal) || l.StartsWith("transfer plan", StringComparison.Ordinal)))
        {
            if (line.Contains('…', StringComparison.Ordinal) || line.Contains("timescale", StringComparison.Ordinal)) continue;
            var run = await ProgramRun.ToItsEndAsync([.. line.Split(' ').Select(word => FileName().Replace(word, m => folder.File(m.Value)))]);
            Assert.True(run.ExitCode == 0, $"{line}: {run.Errors}{run.Output}");
        }

        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = folder.File("new.db"), Pooling = false }.ToString());
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM sensor_readings";
        Assert.Equal(2L, await command.ExecuteScalarAsync());
    }

    // The steps of a running hub, as the page has them: its start, then each command.
    [Fact]
    public async Task Runbook_OfARunningHubToDuckDbAndBack_MovesEveryReading()
    {
        using var folder = new TemporaryFolder();
        var steps = Repository.Read(Page).Split("## A hub from SQLite to DuckDB, and back")[1].Split("With downtime instead")[0];
        string[] At(string text) => [.. text.Split(' ').Select(word => FileName().Replace(word, m => folder.File(Path.GetFileName(m.Value))))];
        var start = At(StartOption().Match(steps).Groups[1].Value);
        await using var server = await SensorDashProcess.StartAsync([.. SensorDashProcess.Program, .. start], folder.File("sensordash.db"));
        using (var content = new StringContent("""{"node_address": 1, "timestamp": 1782907200, "temperature_celsius": 1}""", System.Text.Encoding.UTF8, "application/json"))
        using (var sent = await server.Client.PostAsync(new Uri("/api/sensor-data", UriKind.Relative), content)) sent.EnsureSuccessStatusCode();

        string[] commands = [.. RunningCommand().Matches(steps).Select(m => m.Groups[1].Value)];
        Assert.Equal(["status", "cutover", "rollback", "finish"], commands);
        foreach (var command in commands)
        {
            string[] arguments = ["transfer", command, $"--Database:Sqlite:Path={folder.File("sensordash.db")}"];
            await WaitFor.TrueAsync("it can move", async () => (await ProgramRun.ToItsEndAsync(["transfer", "status", .. arguments[2..]])).Output.Contains("It can move now", StringComparison.Ordinal));
            var run = await ProgramRun.ToItsEndAsync(arguments);
            Assert.True(run.ExitCode == 0, $"{command}: {run.Errors}{run.Output}");
        }

        Assert.Contains("\"total_readings\":1", await server.Client.GetStringAsync(new Uri("/api/nodes", UriKind.Relative)), StringComparison.Ordinal);
    }

    private static async Task CreateHubAsync(string path)
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = """
            CREATE TABLE sensor_readings (id INTEGER PRIMARY KEY, node_address INTEGER, timestamp INTEGER, temperature_centidegrees INTEGER, humidity_centipercent INTEGER, received_at INTEGER);
            INSERT INTO sensor_readings VALUES (1, 1, 1767225600, 2534, 6521, 1767225600), (2, 2, 1767225600, 2534, NULL, 1767225600)
            """;
        await command.ExecuteNonQueryAsync();
    }

    [GeneratedRegex("transfer [a-z]+")]
    private static partial Regex Command();

    [GeneratedRegex("`(--Transfer:Secondary=[^`]+)`")]
    private static partial Regex StartOption();

    [GeneratedRegex("`transfer ([a-z]+)`")]
    private static partial Regex RunningCommand();

    [GeneratedRegex("--[a-z-]+")]
    private static partial Regex Option();

    [GeneratedRegex("`(?:[A-Z_]+=\\S+ )?(transfer [^`]*--[^`]+)`")]
    private static partial Regex Line();

    [GeneratedRegex(@"(data/)?[a-z]+\.(db|duckdb)$")]
    private static partial Regex FileName();
}
