using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Tests.Support;

/// <summary>A store of readings in its own DuckDB file, with a SQLite file for node metadata.</summary>
public sealed class DuckDbStoreFixture : StoreFixture
{
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteStoreFixture _database;
    private readonly DuckDbReadingStore _store;

    private DuckDbStoreFixture(SqliteStoreFixture database)
    {
        _database = database;
        File = new DuckDbReadingFile(Options.Create(new ReadingsOptions { DuckDb = { Path = _folder.File("readings.duckdb"), BackupFolder = BackupFolder } }), TimeProvider.System, new RecordedLog<DuckDbReadingFile>());
        _store = new DuckDbReadingStore(File, database.Contexts, database.WriterLock, new CommitSignal(), Options.Create(NodeLimit), Clock);
    }

    /// <summary>The only other folder that SQL of the store can write to.</summary>
    public string BackupFolder => _folder.File("backups");

    /// <summary>The database beside it.</summary>
    public SqliteStoreFixture Beside => _database;

    public DuckDbReadingFile File { get; }

    public DuckDbReadingStore DuckDb => _store;

    public override IReadingStore Store => _store;

    public override INodeStore NodeStore => _store;

    public override IStoreHealth Health => _store;

    public override IReadingChangeFeed Changes => new DuckDbReadingChangeFeed(File);

    public override IBatchLog Batches => new DuckDbBatchLog(_store, File);

    public override IBatchLog EventBatches => _database.EventBatches;

    public override IDbContextFactory<SensorDashContext> Contexts => _database.Contexts;

    public override IWriterLock WriterLock => _database.WriterLock;

    public static async Task<DuckDbStoreFixture> CreateAsync() => new(await SqliteStoreFixture.CreateAsync());

    // DuckDB has no triggers, and adds no constraints to a table: so the month is created in advance with one.
    public override async Task RejectValueAsync(short temperatureCentidegrees)
    {
        await Health.CheckAsync(CancellationToken.None);
        var month = DateTimeOffset.FromUnixTimeSeconds(Some.Noon);
        Execute(FormattableString.Invariant($"""
            CREATE TABLE readings_{(month.Year * 100) + month.Month} (node_address INTEGER NOT NULL, "timestamp" BIGINT NOT NULL,
                temperature_centidegrees SMALLINT CHECK (temperature_centidegrees <> {temperatureCentidegrees}), humidity_centipercent SMALLINT,
                flags UINTEGER NOT NULL, received_at BIGINT NOT NULL, batch_id BIGINT NOT NULL)
            """));
    }

    // Another process cannot open the file; a transaction that alters the table of batches blocks all writers.
    public override Task<IAsyncDisposable> LockAsync() => Task.FromResult<IAsyncDisposable>(new HeldTransaction(File.Path));

    public override Task<long> ScalarAsync(string sql)
    {
        using var client = new DuckDbClient(File.Path);
        return Task.FromResult(client.Scalar<long>(sql));
    }

    public void Execute(string sql)
    {
        using var client = new DuckDbClient(File.Path);
        client.Execute(sql);
    }

    public override async ValueTask DisposeAsync()
    {
        _store.Dispose();
        File.Dispose();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    private sealed class HeldTransaction : IAsyncDisposable
    {
        private readonly DuckDbClient _client;

        public HeldTransaction(string path)
        {
            _client = new DuckDbClient(path);
            _client.Execute("BEGIN TRANSACTION; ALTER TABLE ingest_batches ADD COLUMN held INTEGER; ALTER TABLE nodes ADD COLUMN held INTEGER");
        }

        public ValueTask DisposeAsync()
        {
            _client.Execute("ROLLBACK");
            _client.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
