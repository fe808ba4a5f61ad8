using Microsoft.Data.Sqlite;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Commands;

/// <summary>The commands of a transfer, as a user runs them.</summary>
public sealed class TransferCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_FileOfTheFormerHub_IsCopiedVerifiedAndReported()
    {
        var (hub, target) = (CreateHub("(1, 1767225600, 2534, 6521), (1, 1767225630, 2540, 6500)"), _folder.File("new.db"));

        var plan = await TransferAsync("plan", "--from", hub, "--to", target);
        Assert.Equal((0, false), (plan.ExitCode, File.Exists(target)));
        Assert.Contains("2 readings", plan.Output, StringComparison.Ordinal);

        var run = await TransferAsync("run", "--from", hub, "--to", target);
        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Contains("complete, every row is equal", run.Output, StringComparison.Ordinal);
        Assert.Contains("\"isEqual\": true", await File.ReadAllTextAsync(target + ".transfer-1.json"), StringComparison.Ordinal);

        var again = await TransferAsync("run", "--from", $"sqlite:{hub}", "--to", $"sqlite:{target}");
        var verify = await TransferAsync("verify", "--from", hub, "--to", target);
        var status = await TransferAsync("status", "--to", target);
        var list = await TransferAsync("list", "--to", target);
        Assert.Equal((0, 0, 0, 0), (again.ExitCode, verify.ExitCode, status.ExitCode, list.ExitCode));
        Assert.Contains("verified", Assert.Single(list.Output.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.Contains("2 readings", status.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_StoreWithUsers_TakesThemAlongAndTheLogSaysWhoDidIt()
    {
        var (hub, first, second) = (CreateHub("(1, 1767225600, 2534, 6521)"), _folder.File("first.db"), _folder.File("second.db"));
        await TransferAsync("run", "--from", hub, "--to", first);
        await File.WriteAllTextAsync(_folder.File("password"), "analytical-engine");
        var added = await ProgramRun.ToItsEndAsync(["users", "add", "ada", "--role", "admin", "--password-file", _folder.File("password")], ("Database__Sqlite__Path", first));

        var run = await TransferAsync("run", "--from", first, "--to", second);
        var again = await TransferAsync("run", "--from", first, "--to", second);
        var users = await ProgramRun.ToItsEndAsync(["users", "list"], ("Database__Sqlite__Path", second));

        Assert.Equal((0, 0, 0), (added.ExitCode, run.ExitCode, again.ExitCode));
        Assert.Matches("^ada +admin", users.Output);
        Assert.Equal([$"command line transfer.start {hub} → {first}", "command line user.add ada", $"command line transfer.start {first} → {second}", $"command line transfer.start {first} → {second}"],
            await AuditAsync(second));
    }

    private static async Task<List<string>> AuditAsync(string path)
    {
        await using var connection = await SqliteLock.OpenAsync(path);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT actor || ' ' || action || ' ' || target FROM audit_entries ORDER BY id";
        await using var rows = await command.ExecuteReaderAsync();
        var entries = new List<string>();
        while (await rows.ReadAsync()) entries.Add(rows.GetString(0));
        return entries;
    }

    [Fact]
    public async Task Run_FollowingAStoreOfSensorDash_IsRefused()
    {
        var (hub, first) = (CreateHub("(1, 1767225600, 2534, 6521)"), _folder.File("first.db"));
        await TransferAsync("run", "--from", hub, "--to", first);

        var follow = await TransferAsync("run", "--follow", "--from", first, "--to", _folder.File("second.db"));
        var status = await TransferAsync("status", "--from", hub, "--to", first);
        var other = await TransferAsync("status", "--from", first, "--to", first);

        Assert.Equal((1, 0, 1), (follow.ExitCode, status.ExitCode, other.ExitCode));
        Assert.Contains("cannot be followed", follow.Errors, StringComparison.Ordinal);
        Assert.Matches("Verified .* ago[.]", status.Output);
        Assert.Contains("The last transfer is from", other.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_RowsThatNoStoreCanHold_EndsWithTwoAndStrictWithOne()
    {
        var (hub, target) = (CreateHub("(1, 1767225600, 2534, 6521), (1, 5, 2534, 6521)"), _folder.File("new.db"));

        var strict = await TransferAsync("run", "--strict", "--from", hub, "--to", target);
        var run = await TransferAsync("run", "--from", hub, "--to", target, "--rejects", _folder.File("bad.ndjson"));

        Assert.Equal((1, 2), (strict.ExitCode, run.ExitCode));
        Assert.Contains("row 2", strict.Errors, StringComparison.Ordinal);
        Assert.Contains("complete, except for rejected rows", run.Output, StringComparison.Ordinal);
        Assert.Single(await File.ReadAllLinesAsync(_folder.File("bad.ndjson")));
    }

    [Fact]
    public async Task GiveUp_TransferThatIsNotFinished_LetsAnotherBegin()
    {
        var (hub, target) = (CreateHub("(1, 1767225600, 2534, 6521)"), _folder.File("new.db"));
        await TransferAsync("run", "--from", hub, "--to", target);
        await ExecuteAsync(target, """UPDATE transfers SET record = replace(record, '"verified"', '"copying"')""");

        var giveUp = await TransferAsync("giveup", "--to", target);
        var again = await TransferAsync("giveup", "--to", target);
        var list = await TransferAsync("list", "--to", target);

        Assert.Equal((0, 1), (giveUp.ExitCode, again.ExitCode));
        Assert.Contains("Transfer 1", giveUp.Output, StringComparison.Ordinal);
        Assert.Contains("has no transfer that is not finished", again.Errors, StringComparison.Ordinal);
        Assert.Contains("abandoned", list.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_TargetEditedByHand_EndsWithOneAndNamesTheRow()
    {
        var (hub, target) = (CreateHub("(1, 1767225600, 2534, 6521)"), _folder.File("new.db"));
        await TransferAsync("run", "--from", hub, "--to", target);
        await ExecuteAsync(target, "UPDATE sensor_readings SET humidity_centipercent = 1");

        var verify = await TransferAsync("verify", "--from", hub, "--to", target);

        Assert.Equal(1, verify.ExitCode);
        Assert.Contains("different: sensor_readings 1 at 1767225600: humidity_centipercent is 6521 in the source and 1 in the target", verify.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_SourceOfARunningServer_IsRefused()
    {
        await using var server = await SensorDashProcess.StartAsync(_folder.File("live.db"));

        var run = await TransferAsync("run", "--from", _folder.File("live.db"), "--to", _folder.File("new.db"));
        var into = await TransferAsync("run", "--from", CreateHub("(1, 1767225600, 2534, 6521)"), "--to", _folder.File("live.db"));

        Assert.Equal((1, 1), (run.ExitCode, into.ExitCode));
        Assert.Contains("in use", run.Errors, StringComparison.Ordinal);
        Assert.Contains("in use", into.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("new.db")));
    }

    [Theory]
    [InlineData("--from", "run", "--frm", "a.db", "--to", "b.db")]
    [InlineData("--from", "run", "--to", "b.db")]
    [InlineData("verify", "verfy", "--to", "b.db")]
    [InlineData("--batch-size must be 1 to 100000", "run", "--from", "a.db", "--to", "b.db", "--batch-size", "0")]
    [InlineData("--from-time must be a time", "run", "--from", "a.db", "--to", "b.db", "--from-time", "yesterday")]
    [InlineData("does not exist", "run", "--from", "sensor.data", "--to", "b.db")]
    [InlineData("must not have a password", "run", "--from", "timescale:Host=db;Password=hush", "--to", "b.db")]
    public async Task Start_MistakeInACommand_EndsWithOneAndSaysIt(string text, params string[] arguments)
    {
        var run = await TransferAsync(arguments);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(text, run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", run.Errors + run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors + run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help", "verify")]
    [InlineData("run --help", "--rate-limit")]
    public async Task Help_OfTheCommand_ListsItsWordsAndOptions(string arguments, string word)
    {
        var run = await TransferAsync(arguments.Split(' '));

        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Contains(word, run.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Run_IntoPostgreSqlAndBack_NeverShowsThePassword()
    {
        await using var server = await TimescaleStoreFixture.CreateAsync(Data.Timescale.TimescaleEdition.Apache);
        var (hub, back) = (CreateHub("(1, 1767225600, 2534, 6521)"), _folder.File("back.db"));
        var connection = $"timescale:Host={server.Options.Host};Port={server.Options.Port};Database={server.Name};User={server.Options.User};PasswordEnv={server.Options.PasswordEnv}";

        var into = await TransferAsync("run", "--from", hub, "--to", connection, "--report", _folder.Path);
        var from = await TransferAsync("run", "--from", connection, "--to", back, "--report", _folder.Path);

        Assert.Equal((0, "", 0, ""), (into.ExitCode, into.Errors, from.ExitCode, from.Errors));
        var password = Environment.GetEnvironmentVariable(server.Options.PasswordEnv)!;
        var ledger = await server.TextAsync("SELECT record FROM transfers");
        string[] texts = [into.Output, from.Output, ledger, .. Directory.GetFiles(_folder.Path, "*.transfer-*").Select(File.ReadAllText)];
        Assert.All(texts, text => Assert.DoesNotContain(password, text, StringComparison.Ordinal));
        Assert.True(texts.Length >= 5);
    }

    private static Task<ProgramRun> TransferAsync(params string[] arguments) => ProgramRun.ToItsEndAsync(["transfer", .. arguments]);

    private string CreateHub(string rows)
    {
        var path = _folder.File("hub.db");
        ExecuteAsync(path, $"""
            CREATE TABLE sensor_readings (id INTEGER PRIMARY KEY, node_address INTEGER, timestamp INTEGER, temperature_centidegrees INTEGER, humidity_centipercent INTEGER, received_at INTEGER);
            INSERT INTO sensor_readings (node_address, timestamp, temperature_centidegrees, humidity_centipercent) VALUES {rows}
            """).GetAwaiter().GetResult();
        return path;
    }

    private static async Task ExecuteAsync(string path, string sql)
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
