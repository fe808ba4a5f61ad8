using Microsoft.Extensions.Options;
using SensorDash.Data.Backup;
using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Data.Tests.Events;
using SensorDash.Data.Tests.Transfer;
using SensorDash.Data.Timescale;
using SensorDash.Data.Transfer;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Backup;

/// <summary>The stores of one engine with rows that are known: reading and event number n are always the same.</summary>
internal sealed class BackupSubject : IAsyncDisposable
{
    private const int BatchSize = 100;

    private readonly IEventStore _events;

    private BackupSubject(StoreFixture fixture, IEventStore events, params IBackupStore[] stores) => (Fixture, _events, Stores) = (fixture, events, stores);

    public StoreFixture Fixture { get; }

    public IBackupStore[] Stores { get; }

    /// <summary>Of the SQLite store.</summary>
    public RecordedLog<SqliteBackup>? Log { get; private init; }

    public static async Task<BackupSubject> CreateAsync(TransferEngine engine)
    {
        switch (engine)
        {
            case TransferEngine.Sqlite:
                var log = new RecordedLog<SqliteBackup>();
                var sqlite = await SqliteStoreFixture.CreateAsync();
                return new(sqlite, new SqliteEventStore(sqlite.Database, new(), sqlite.Clock), Of(sqlite, log)) { Log = log };
            case TransferEngine.DuckDb:
                var duckDb = await DuckDbStoreFixture.CreateAsync();
                var options = Options.Create(new ReadingsOptions { DuckDb = { Path = duckDb.File.Path } });
                return new(duckDb, new SqliteEventStore(duckDb.Beside.Database, new(), duckDb.Clock), Of(duckDb.Beside), new DuckDbBackup(duckDb.File, options, duckDb.Clock));
            default:
                var timescale = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
                var backup = Options.Create(new BackupOptions { PostgresTools = PostgresServer.ToolsFolder });
                return new(timescale, new TimescaleEventStore(timescale.Database, new(), timescale.Clock),
                    new TimescaleBackup(timescale.Database, Options.Create(timescale.Options), backup, timescale.Contexts, timescale.Clock));
        }
    }

    private static SqliteBackup Of(SqliteStoreFixture sqlite, RecordedLog<SqliteBackup>? log = null) => new(sqlite.Database, sqlite.Contexts, sqlite.Clock, log ?? new());

    /// <summary>The folder into which its engine writes, or the one that the test has chosen.</summary>
    public string FolderOr(string folder) => Fixture is DuckDbStoreFixture duckDb ? duckDb.BackupFolder : folder;

    /// <summary>Stores the readings and events from one number to another.</summary>
    public async Task AddAsync(int from, int to)
    {
        for (; from < to; from += BatchSize)
        {
            var numbers = Enumerable.Range(from, Math.Min(BatchSize, to - from)).ToArray();
            await Fixture.Store.AddWithRetryAsync([.. numbers.Select(ReadingOf)]);
            LaneEvent[] events = [.. numbers.Select(EventOf)];
            await WaitFor.RetryWhileUnavailableAsync("the store adds the events", () => _events.AppendAsync(events, new RowOutcome[events.Length], CancellationToken.None));
        }
    }

    /// <summary>Goes on storing until it is stopped, at least one batch.</summary>
    public Task IngestAsync(int from, CancellationToken stop) => Task.Run(
        async () =>
        {
            do
            {
                await AddAsync(from, from + BatchSize);
                from += BatchSize;
            }
            while (!stop.IsCancellationRequested);
        },
        CancellationToken.None);

    /// <summary>What the first rows add up to. Events without their canonical time, which the store gives them.</summary>
    public static StoreSums SumsOfFirst(int readings, int events)
        => new(readings, Enumerable.Range(0, readings).Aggregate(0L, (sum, n) => unchecked(sum + ReadingHash.Of(ReadingOf(n)))), events, SumOfEvents(Enumerable.Range(0, events).Select(EventOf)));

    /// <summary>Of the batch log, with the events as <see cref="SumsOfFirst"/> has them.</summary>
    public async Task<StoreSums> ReadSumsAsync()
    {
        var rows = await ReadRowSumsAsync();
        var logged = await StoreSums.ReadAsync(Parts, withEvents: false, CancellationToken.None);
        Assert.Equal((rows.Readings, rows.ReadingsHash), (logged.Readings, logged.ReadingsHash));
        return rows;
    }

    /// <summary>Of the rows themselves.</summary>
    public async Task<StoreSums> ReadRowSumsAsync()
    {
        var readings = await Fixture.Store.AllAsync();
        var events = new List<LaneEvent>();
        await foreach (var page in _events.ReadPagesAsync(new(EventFilter.All, Timebase.Canonical, EventDirection.Forward), CancellationToken.None)) events.AddRange(page);
        return new(readings.Count, readings.Aggregate(0L, (sum, r) => unchecked(sum + ReadingHash.Of(r))), events.Count, SumOfEvents(events));
    }

    public async Task<long> CountNodeReadingsAsync() => (await Fixture.NodeStore.ListAsync(CancellationToken.None)).Sum(n => n.TotalReadings);

    /// <summary>The epochs of its stores.</summary>
    public async Task<IReadOnlyList<string>> ReadEpochsAsync()
    {
        var epochs = new List<string> { await new DatabaseRoles(Fixture.Contexts, Fixture.WriterLock, null).ReadEpochAsync(CancellationToken.None) };
        if (Fixture is DuckDbStoreFixture duckDb) epochs.Add(await new DuckDbRoles(duckDb.File).ReadEpochAsync(CancellationToken.None));
        return epochs;
    }

    private StoreParts Parts => ((StoreSource)(Fixture switch
    {
        SqliteStoreFixture sqlite => SqliteTransfer.OpenTarget(sqlite.Database, sqlite.Contexts, sqlite.Clock),
        DuckDbStoreFixture duckDb => DuckDbTransfer.OpenTarget(duckDb.File, duckDb.DuckDb, duckDb.Clock),
        var timescale => TimescaleTransfer.OpenTarget(((TimescaleStoreFixture)timescale).Database, timescale.Contexts, timescale.Clock),
    })).Parts;

    private static long SumOfEvents(IEnumerable<LaneEvent> events)
    {
        var hash = new EventHash();
        return events.Aggregate(0L, (sum, e) => unchecked(sum + hash.Of(e, 0)));
    }

    private static Reading ReadingOf(int number) => Some.Reading(
        12 + (number % 7), Some.Noon + (number * 5L), number % 11 == 0 ? null : (short)(number % 3_000), (short)(number % 9_000), (uint)number, Some.Noon + number);

    private static LaneEvent EventOf(int number) => number % 2 == 0
        ? SomeEvents.Parsed(SomeEvents.Noon + number, payload: FormattableString.Invariant($$"""{"n":{{number}}}""")) : SomeEvents.Raw(SomeEvents.Noon + number, sequence: number);

    public async ValueTask DisposeAsync()
    {
        (_events as IDisposable)?.Dispose();
        await Fixture.DisposeAsync();
    }
}
