using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Events;
using SensorDash.Data.Export;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Timescale;
using SensorDash.Data.Transfer;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Transfer;

/// <summary>An engine in a transfer.</summary>
public enum TransferEngine
{
    Sqlite,
    Timescale,
    DuckDb,
}

/// <summary>A store of one engine, as both sides of a transfer see it.</summary>
internal sealed class TransferStore(StoreFixture fixture, ITransferTarget side, IEventStore? events) : IAsyncDisposable
{
    public StoreFixture Fixture => fixture;

    public ITransferTarget Side => side;

    /// <summary>What a follower reads.</summary>
    public StoreParts Parts => ((StoreSource)side).Parts;

    public IEventStore Events => events!;

    public static async Task<TransferStore> CreateAsync(TransferEngine engine)
    {
        switch (engine)
        {
            case TransferEngine.Sqlite:
                var sqlite = await SqliteStoreFixture.CreateAsync();
                return new(sqlite, SqliteTransfer.OpenTarget(sqlite.Database, sqlite.Contexts, sqlite.Clock), new SqliteEventStore(sqlite.Database, new(), sqlite.Clock));
            case TransferEngine.Timescale:
                var timescale = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
                return new(timescale, TimescaleTransfer.OpenTarget(timescale.Database, timescale.Contexts, timescale.Clock),
                    new TimescaleEventStore(timescale.Database, new(), timescale.Clock));
            default:
                var duckDb = await DuckDbStoreFixture.CreateAsync();
                return new(duckDb, DuckDbTransfer.OpenTarget(duckDb.File, duckDb.DuckDb, duckDb.Clock), null);
        }
    }

    /// <summary>Copies everything and compares.</summary>
    public async Task<TransferReport> CopyToAsync(TransferStore target, TransferOptions? options = null) => await Transfers.RunAsync(side, target.Side, fixture.Clock, options);

    /// <summary>Runs statements over a separate connection.</summary>
    public Task ExecuteAsync(string sql)
    {
        switch (fixture)
        {
            case SqliteStoreFixture sqlite: return sqlite.ExecuteAsync(sql);
            case TimescaleStoreFixture timescale: return timescale.ExecuteAsync(sql);
            default:
                ((DuckDbStoreFixture)fixture).Execute(sql);
                return Task.CompletedTask;
        }
    }

    /// <summary>The readings as a file with every column.</summary>
    public async Task<byte[]> ExportReadingsAsync(CsvOptions? options = null)
    {
        using var file = new MemoryStream();
        options ??= new CsvOptions { Columns = ["node_address", "device_id", "timestamp", "temperature_raw", "humidity_raw", "flags", "received_at"] };
        await new CsvExport(fixture.Store, fixture.Analytics, fixture.Nodes).WriteAsync(options, file, CancellationToken.None);
        return file.ToArray();
    }

    /// <summary>The events as a file, in the order of canonical time.</summary>
    public async Task<byte[]> ExportEventsAsync()
    {
        using var file = new MemoryStream();
        await new EventExport(Events).WriteAsync(
            new EventQuery(EventFilter.All, Timebase.Canonical, EventDirection.Forward), EventFormat.Csv, null, file, CancellationToken.None);
        return file.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        (events as IDisposable)?.Dispose();
        await fixture.DisposeAsync();
    }
}

internal static class Transfers
{
    public static async Task<TransferReport> RunAsync(ITransferSource source, ITransferTarget target, TimeProvider clock, TransferOptions? options = null, RejectLog? rejects = null)
    {
        var log = rejects ?? new RejectLog(null, isStrict: false);
        var runner = new TransferRunner(source, target, options ?? new() { BatchSize = 7 }, clock);
        var record = await runner.RunAsync(log, CancellationToken.None);
        return await new TransferVerifier(source, target, clock, copied: runner.Copied).RunAsync(record, log, "test", CancellationToken.None);
    }

    public static async Task<TransferReport> VerifyAsync(ITransferSource source, ITransferTarget target, TransferRecord record, TimeProvider clock)
        => await new TransferVerifier(source, target, clock).RunAsync(record, new RejectLog(null, isStrict: false), "test", CancellationToken.None);
}
