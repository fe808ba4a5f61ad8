using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Web.Tests.Operations;

/// <summary>Starts on stores that are not the primary: two servers on two stores would split the history.</summary>
public sealed class StoreRoleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("role = 'secondary', successor = 'duckdb:/data/r.duckdb'", "is the secondary of duckdb:/data/r.duckdb, which holds the data, and takes nothing else. Start with --Readings:Backend=DuckDb --Readings:DuckDb:Path=/data/r.duckdb")]
    [InlineData("role = 'secondary', successor = 'timescale:Host=db;Port=5433;Database=nova;User=nova;PasswordEnv=PW;Ssl=Require'", "Start with --Database:Provider=Timescale --Database:Timescale:Host=db --Database:Timescale:Port=5433 --Database:Timescale:Database=nova")]
    [InlineData("readings_role = 'secondary', readings_successor = 'duckdb:/data/r.duckdb'", "the readings of sqlite:")]
    [InlineData("role = 'retired', successor = 'sqlite:/nowhere/new.db'", "That store cannot be read, so it is not known which")]
    public async Task Start_OnAStoreThatIsNotThePrimary_NamesTheOneThatHasTheData(string role, string text)
    {
        await CreateAsync("old.db", role);

        var run = await StartAsync("old.db");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains(text, run.Errors, StringComparison.Ordinal);
        Assert.Single(run.Errors.Trim().Split('\n'));
    }

    [Fact]
    public async Task Start_OnARetiredStore_IsRefusedIfItsSuccessorWasPromotedAndUndoesTheCutOverIfNot()
    {
        await CreateAsync("new.db", "role = 'primary'");
        await CreateAsync("old.db", $"role = 'retired', successor = 'sqlite:{_folder.File("new.db")}'");
        var refused = await StartAsync("old.db");
        Assert.Contains($"is retired and takes nothing: the data is in sqlite:{_folder.File("new.db")} now. Start with --Database:Provider=Sqlite", refused.Errors, StringComparison.Ordinal);

        await CreateAsync("new.db", $"role = 'secondary', successor = 'sqlite:{_folder.File("old.db")}'");
        await using (var server = new SensorDashApp(("Database:Sqlite:Path", _folder.File("old.db"))))
        using (var client = server.CreateClient()) Assert.Contains("\"role\":\"primary\"", await client.GetStringAsync("/health/ready"), StringComparison.Ordinal);
        var second = await StartAsync("new.db");

        Assert.Contains("is the secondary of", second.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OnASecondaryDuckDbFile_IsRefused()
    {
        using var folder = new TemporaryFolder();
        await using (var server = new SensorDashApp(("Database:Sqlite:Path", folder.File("a.db")), ("Readings:Backend", "DuckDb"), ("Readings:DuckDb:Path", folder.File("r.duckdb"))))
        using (server.CreateClient()) { }
        using (var client = new DuckDbClient(folder.File("r.duckdb"))) client.Execute("UPDATE store_state SET role = 'secondary', successor = 'sqlite:/data/hub.db'");

        var run = await ProgramRun.ToItsEndAsync(("Database__Sqlite__Path", folder.File("a.db")), ("Readings__Backend", "DuckDb"), ("Readings__DuckDb__Path", folder.File("r.duckdb")));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("r.duckdb is the secondary of sqlite:/data/hub.db", run.Errors, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Start_OnASecondaryPostgreSqlDatabase_IsRefused()
    {
        await using var database = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
        await database.ExecuteAsync("UPDATE store_info SET role = 'secondary', successor = 'sqlite:/data/hub.db'");

        var run = await ProgramRun.ToItsEndAsync([.. database.ProgramEnvironment, ("Database__Sqlite__Path", _folder.File("none.db"))]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("is the secondary of sqlite:/data/hub.db", run.Errors, StringComparison.Ordinal);
    }

    private Task<ProgramRun> StartAsync(string file) => ProgramRun.ToItsEndAsync(("Database__Sqlite__Path", _folder.File(file)));

    private async Task CreateAsync(string file, string role)
    {
        MigratedSqliteFile.CopyTo(_folder.File(file));
        await using var connection = await SqliteLock.OpenAsync(_folder.File(file));
        await using var command = connection.CreateCommand();
        command.CommandText = $"UPDATE store_info SET {role}";
        await command.ExecuteNonQueryAsync();
    }
}
