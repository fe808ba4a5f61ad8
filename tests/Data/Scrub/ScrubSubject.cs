using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.SidePath;
using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Scrub;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Data.Tests.Transfer;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Scrub;

/// <summary>The stores of one engine, which a test can change behind their back.</summary>
internal sealed class ScrubSubject(StoreFixture fixture, IEventStore events, IEventRemoval removal, ScrubSources sources) : IAsyncDisposable
{
    public StoreFixture Fixture => fixture;

    public IEventStore Events => events;

    public IEventRemoval Removal => removal;

    public ScrubSources Sources { get; set; } = sources;

    public static async Task<ScrubSubject> CreateAsync(TransferEngine engine)
    {
        switch (engine)
        {
            case TransferEngine.Sqlite:
                var sqlite = await SqliteStoreFixture.CreateAsync();
                var events = new SqliteEventStore(sqlite.Database, new(), sqlite.Clock);
                return new(sqlite, events, new SqliteEventRemoval(sqlite.Database), SqliteScrub.Of(sqlite.Database, events));
            case TransferEngine.DuckDb:
                var duckDb = await DuckDbStoreFixture.CreateAsync();
                var beside = new SqliteEventStore(duckDb.Beside.Database, new(), duckDb.Clock);
                return new(duckDb, beside, new SqliteEventRemoval(duckDb.Beside.Database), SqliteScrub.Of(duckDb.Beside.Database, beside) with { Readings = new DuckDbReadingScrub(duckDb.File) });
            default:
                var timescale = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
                var store = new TimescaleEventStore(timescale.Database, new(), timescale.Clock);
                return new(timescale, store, new TimescaleEventRemoval(timescale.Database), TimescaleScrub.Of(timescale.Database, store));
        }
    }

    public Task AddAsync(params Reading[] readings) => fixture.Store.AddWithRetryAsync(readings);

    public Task AddAsync(params LaneEvent[] added)
        => WaitFor.RetryWhileUnavailableAsync("the store adds the events", () => events.AppendAsync(added, new RowOutcome[added.Length], CancellationToken.None));

    /// <summary>Changes the database, whose tables of events are the same on every engine.</summary>
    public Task RotAsync(string sql) => fixture switch
    {
        SqliteStoreFixture sqlite => sqlite.ExecuteAsync(sql),
        DuckDbStoreFixture duckDb => duckDb.Beside.ExecuteAsync(sql),
        var timescale => ((TimescaleStoreFixture)timescale).ExecuteAsync(sql),
    };

    /// <summary>Changes or deletes the reading of a node and second.</summary>
    /// <param name="change">Such as <c>UPDATE {0} SET flags = 7</c>.</param>
    public Task RotReadingAsync(string change, int node, long time)
    {
        var month = DateTimeOffset.FromUnixTimeSeconds(time);
        var table = fixture is DuckDbStoreFixture ? FormattableString.Invariant($"readings_{(month.Year * 100) + month.Month}") : "sensor_readings";
        var sql = string.Format(System.Globalization.CultureInfo.InvariantCulture, change, table) + FormattableString.Invariant($" WHERE node_address = {node} AND \"timestamp\" = {fixture.Seconds(time)}");
        if (fixture is not DuckDbStoreFixture duckDb) return RotAsync(sql);
        duckDb.Execute(sql);
        return Task.CompletedTask;
    }

    /// <summary>Rows of a table of the database.</summary>
    public Task<long> CountAsync(string table) => (fixture is DuckDbStoreFixture duckDb ? duckDb.Beside : fixture).ScalarAsync($"SELECT count(*) FROM {table}");

    /// <summary>A whole pass, in steps of a few rows.</summary>
    public Task<ScrubState> ScrubAsync(int limit = 20) => GoOnAsync(ScrubPass.Begin(fixture.Clock), limit);

    /// <summary>The rest of a pass.</summary>
    public async Task<ScrubState> GoOnAsync(ScrubState state, int limit = 20)
    {
        var pass = new ScrubPass(Sources, state, fixture.Clock);
        while (await WaitFor.RetryWhileUnavailableAsync("the scrub goes on", () => pass.StepAsync(limit, CancellationToken.None)) is not null) { }
        return state;
    }

    /// <summary>Starts a side path beside the store, which is the second copy of the readings.</summary>
    public async Task<SidePathBeside> StartSidePathAsync()
    {
        var sidePath = new SidePathBeside(fixture);
        await sidePath.StartAsync();
        Sources = Sources with { Copy = new DuckDbSecondCopy(sidePath.Source) };
        return sidePath;
    }

    public async ValueTask DisposeAsync()
    {
        (events as IDisposable)?.Dispose();
        await fixture.DisposeAsync();
    }
}

/// <summary>A side path that follows a store, and can be changed behind its back.</summary>
internal sealed class SidePathBeside : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DuckDbSync _sync;
    private readonly StoreFixture _fixture;

    public SidePathBeside(StoreFixture fixture)
    {
        var options = Options.Create(new AnalyticsOptions { Path = Path });
        _fixture = fixture;
        Source = new(fixture.Changes, options, TimeProvider.System, NullLogger<DuckDbSidePathSource>.Instance);
        _sync = new(fixture.Changes, fixture.Batches, Commits, Source, options, TimeProvider.System, NullLogger<DuckDbSync>.Instance);
    }

    public DuckDbSidePathSource Source { get; }

    private string Path => _folder.File("side.duckdb");

    private CommitSignal Commits => _fixture is SqliteStoreFixture sqlite ? sqlite.Commits : ((TimescaleStoreFixture)_fixture).Commits;

    public async Task StartAsync()
    {
        await _sync.StartAsync(CancellationToken.None);
        await UpToDateAsync();
        // What is changed while a month is sorted would be lost.
        await WaitFor.TrueAsync("the months are sorted", () =>
        {
            using var client = new DuckDbClient(Path);
            return client.Scalar<long>("SELECT coalesce(sum(unsorted), 0)::BIGINT FROM months") == 0;
        });
    }

    public async Task UpToDateAsync()
    {
        var head = (await _fixture.Changes.ReadHeadAsync(CancellationToken.None)).LastBatch;
        await WaitFor.TrueAsync("the side path is ready", () => Source.State == AnalyticsState.Ready && Source.Applied >= head);
    }

    public void Execute(string sql)
    {
        using var client = new DuckDbClient(Path);
        client.Execute(sql);
    }

    public async ValueTask DisposeAsync()
    {
        await _sync.StopAsync(CancellationToken.None);
        _sync.Dispose();
        _folder.Dispose();
    }
}
