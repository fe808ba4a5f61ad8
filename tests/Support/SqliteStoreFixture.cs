using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Migrations.Sqlite;

namespace SensorDash.Tests.Support;

/// <summary>A store on its own SQLite file.</summary>
public sealed class SqliteStoreFixture : StoreFixture, IDbContextFactory<SensorDashContext>
{
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteReadingStore _store;

    private SqliteStoreFixture()
    {
        Database = new SqliteDatabase(Options.Create(new SqliteOptions { Path = _folder.File("test.db") }));
        _store = new SqliteReadingStore(Database, Commits, Recent, Microsoft.Extensions.Options.Options.Create(NodeLimit), Clock);
    }

    public SqliteDatabase Database { get; }

    public CommitSignal Commits { get; } = new();

    public RecentBatches Recent { get; } = new();

    public override IReadingStore Store => _store;

    public override INodeStore NodeStore => new SqliteNodeStore(Database, Commits, Clock);

    public override IStoreHealth Health => new SqliteStoreHealth(Database);

    public override IReadingChangeFeed Changes => new SqliteReadingChangeFeed(Database, Recent);

    public override IBatchLog Batches => new SqliteBatchLog(Database, BatchTable.Readings, Clock);

    public override IBatchLog EventBatches => new SqliteBatchLog(Database, BatchTable.Events, Clock);

    public override IDbContextFactory<SensorDashContext> Contexts => this;

    public override IWriterLock WriterLock => Database.Writer;

    public static Task<SqliteStoreFixture> CreateAsync()
    {
        var fixture = new SqliteStoreFixture();
        MigratedSqliteFile.CopyTo(fixture.Database.Path);
        return Task.FromResult(fixture);
    }

    public SensorDashContext CreateDbContext() => CreateSqliteContext();

    public SqliteContext CreateSqliteContext() => new(new DbContextOptionsBuilder<SqliteContext>()
        .UseSqlite(Database.ConnectionString, sqlite => sqlite.MigrationsAssembly(typeof(SqliteContext).Assembly)).Options);

    public override Task RejectValueAsync(short temperatureCentidegrees) => ExecuteAsync($"""
        CREATE TRIGGER refuse_{Math.Abs((int)temperatureCentidegrees)} BEFORE INSERT ON sensor_readings
        WHEN NEW.temperature_centidegrees = {temperatureCentidegrees} BEGIN SELECT RAISE(ABORT, 'poison'); END
        """);

    public override async Task<IAsyncDisposable> LockAsync() => await SqliteLock.TakeAsync(Database.Path);

    public override async Task<long> ScalarAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>A separate connection of the test, outside all pools.</summary>
    public Task<SqliteConnection> OpenAsync() => SqliteLock.OpenAsync(Database.Path);

    public override ValueTask DisposeAsync()
    {
        Database.Dispose();
        using (var pooled = new SqliteConnection(Database.ConnectionString)) SqliteConnection.ClearPool(pooled);
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>A write lock on a SQLite file, held by a connection outside the product.</summary>
public sealed class SqliteLock : IAsyncDisposable
{
    private readonly SqliteConnection _connection;

    private SqliteLock(SqliteConnection connection) => _connection = connection;

    public static async Task<SqliteConnection> OpenAsync(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = (int)WaitFor.Limit.TotalSeconds }.ToString());
        await connection.OpenAsync();
        return connection;
    }

    public static async Task<SqliteLock> TakeAsync(string path)
    {
        var connection = await OpenAsync(path);
        await using var command = connection.CreateCommand();
        command.CommandText = "BEGIN EXCLUSIVE";
        await command.ExecuteNonQueryAsync();
        return new SqliteLock(connection);
    }

    public async ValueTask DisposeAsync()
    {
        await using (var command = _connection.CreateCommand())
        {
            command.CommandText = "ROLLBACK";
            await command.ExecuteNonQueryAsync();
        }
        await _connection.DisposeAsync();
    }
}
