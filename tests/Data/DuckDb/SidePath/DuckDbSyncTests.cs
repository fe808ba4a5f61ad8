using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NodaTime;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb;
using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.DuckDb.SidePath;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.DuckDb.SidePath;

/// <summary>A file that is filled again is a new one, whoever still reads the old one.</summary>
public sealed class DuckDbSyncTests : IAsyncLifetime
{
    // More than DuckDB brings at a time, so that an export that has begun is not done.
    private const int Hours = 6000;

    private readonly TemporaryFolder _folder = new();
    private SqliteStoreFixture _fixture = null!;
    private SidePathRun _run = null!;

    private string File => _folder.File("side.duckdb");

    private StoreAnalytics Store => _fixture.Analytics;

    private ReadingAnalytics Analytics => AnalyticsOf(_run);

    public async Task InitializeAsync()
    {
        _fixture = await SqliteStoreFixture.CreateAsync();
        await _fixture.Store.AddAsync([.. Run(1, Hours, interval: 3600), .. Run(2, Hours, interval: 3600)]);
        _run = Create(_fixture.Changes, NullLogger<DuckDbSync>.Instance, File);
        await _run.StartAsync();
        await _run.ReadyAsync();
    }

    public async Task DisposeAsync()
    {
        await _run.DisposeAsync();
        await _fixture.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(ReadingOrder.NewestFirst)]
    [InlineData(ReadingOrder.OldestFirst)]
    public async Task Rebuild_WhileAnExportIsRead_MakesANewFileAndTheExportEndsWhole(ReadingOrder order)
    {
        Execute("CREATE TABLE mark (i INTEGER)");
        var found = new List<NodeBucket>();
        await foreach (var bucket in Analytics.BucketsAsync(default, order, DateTimeZone.Utc, CalendarUnit.Hour, default))
        {
            found.Add(bucket);
            if (found.Count != 3) continue;
            _run.Source.Rebuild();
            await _run.ReadyAsync();
            Assert.False(IsMarked());
            Assert.True(System.IO.File.Exists(File));
        }

        var expected = new List<NodeBucket>();
        await foreach (var bucket in Store.BucketsAsync(default, order, DateTimeZone.Utc, CalendarUnit.Hour, default)) expected.Add(bucket);
        Assert.Equal(2 * Hours, found.Count);
        Assert.Equal(expected.Select(Key), found.Select(Key));
    }

    [Fact]
    public async Task QueryFailed_DamageWhileAnExportIsRead_MakesANewFile()
    {
        Execute("CREATE TABLE mark (i INTEGER)");
        await using var export = Analytics.BucketsAsync(default, ReadingOrder.NewestFirst, DateTimeZone.Utc, CalendarUnit.Hour, default).GetAsyncEnumerator();
        await export.MoveNextAsync();

        _run.Source.QueryFailed(new("", new DuckDbException(DuckDbErrorKind.IO, "A block is damaged.")));
        await _run.ReadyAsync();

        Assert.False(IsMarked());
        Assert.Equal(2 * Hours, (await Analytics.HoursOfWeekAsync([1, 2], TimeRange.All, DateTimeZone.Utc, Population.Nodes, default)).Sum(h => h.Count));
    }

    [Theory]
    [InlineData("DROP TABLE months")]
    [InlineData("DROP TABLE readings_202607")]
    public async Task Start_FileThatHasLostATable_IsFilledAgain(string damage)
    {
        await _run.DisposeAsync();
        Execute($"DROP VIEW sensor_readings; {damage}");

        _run = Create(_fixture.Changes, NullLogger<DuckDbSync>.Instance, File);
        await _run.StartAsync();
        await _run.ReadyAsync();

        Assert.Equal(2 * Hours, (await Analytics.HoursOfWeekAsync([1, 2], TimeRange.All, DateTimeZone.Utc, Population.Nodes, default)).Sum(h => h.Count));
        using var client = new DuckDbClient(File);
        Assert.Equal(2 * Hours, client.Scalar<long>("SELECT count(*) FROM sensor_readings"));
    }

    [Fact]
    public async Task Questions_FileWithoutItsListOfMonths_AreAnsweredByTheStore()
    {
        var everything = TimeRange.All;
        Execute("DROP TABLE months");

        Assert.Equal(await QueryAsync(Store), await QueryAsync(Analytics));

        async Task<string> QueryAsync(IReadingAnalytics analytics) => JsonSerializer.Serialize(new object[]
        {
            (await analytics.CalendarAsync(1, everything, DateTimeZone.Utc, CalendarUnit.Day, 3, default)).Select(b => b with { DeviceId = null }),
            await analytics.BucketsAsync(default, ReadingOrder.NewestFirst, DateTimeZone.Utc, CalendarUnit.Day, default).CountAsync(),
            await analytics.StatisticsAsync(1, everything, [50], default),
            await analytics.FleetAsync([1, 2], 0, Noon, 10, Population.Nodes, default),
            await analytics.EachNodeAsync([1, 2], 0, Noon, 10, default),
            await analytics.HoursOfWeekAsync([1, 2], everything, DateTimeZone.Utc, Population.Nodes, default),
            await analytics.FleetQualityAsync([1, 2], everything, default),
        });
    }

    [Fact]
    public async Task Follow_ManySteps_AddsUpTheLagSeldomAndIsNotBehindAtTheEnd()
    {
        await using (var before = Create(_fixture.Changes, NullLogger<DuckDbSync>.Instance))
        {
            await before.StartAsync();
            await before.ReadyAsync();
        }
        for (var node = 3; node < 10; node++)
        {
            await _fixture.Store.AddAsync(Reading(node));
            await _fixture.NodeStore.DeleteAsync(node, default); // A removal is a step of its own.
        }
        var changes = new WatchedChanges(_fixture.Changes);

        await using var run = Create(changes, NullLogger<DuckDbSync>.Instance);
        await run.StartAsync();
        await run.ReadyAsync();

        Assert.True(changes.Steps > 14, $"{changes.Steps}");
        Assert.Equal(1, changes.LongWaysAdded);
        Assert.Equal((0, 0), run.Source.Lag);
        Assert.Equal(0, (await run.Source.ReadStatusAsync(default)).LagRows);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Fill_BrokenOffWhileTheStoreChanges_GoesOnAndEndsExact(bool isOtherStore)
    {
        const int Rows = 70_000; // More than a page.
        await _fixture.Store.AddAsync(Run(3, Rows));
        var changes = new WatchedChanges(_fixture.Changes) { StoredPages = 1 };
        await using (var broken = Create(changes, NullLogger<DuckDbSync>.Instance))
        {
            await broken.StartAsync();
            await WaitFor.TrueAsync("the second page fails", () => broken.Source.State == AnalyticsState.Failed);
        }
        await _fixture.NodeStore.DeleteAsync(1, default);
        await _fixture.Store.AddAsync(Reading(1, Noon + 1), Reading(3, Noon + 1), Reading(4));
        if (isOtherStore) await _fixture.ExecuteAsync("UPDATE ingest_batches SET committed_at = committed_at + 1 WHERE id <= 2");

        await using var run = Create(_fixture.Changes, NullLogger<DuckDbSync>.Instance);
        await run.StartAsync();
        await run.ReadyAsync();

        var analytics = AnalyticsOf(run);
        foreach (var node in (int[])[1, 2, 3, 4]) Assert.Equal(await DaysAsync(Store, node), await DaysAsync(analytics, node));
        Assert.Equal((0, 0), run.Source.Lag);

        static async Task<IEnumerable<object>> DaysAsync(IReadingAnalytics analytics, int node)
            => (await analytics.CalendarAsync(node, TimeRange.All, DateTimeZone.Utc, CalendarUnit.Day, 1000, default)).Select(Key);
    }

    [Fact]
    public async Task Follow_StoreIsAnotherOne_SetsItsFileAsideAndNoReaderFindsAnEmptyOne()
    {
        using var reader = (await _run.Source.TryConnectAsync(1, default))!;
        Assert.Equal(2 * Hours, Count());
        await _fixture.ExecuteAsync("UPDATE ingest_batches SET committed_at = committed_at + 1");

        await WaitFor.TrueAsync("the reader ends", () =>
        {
            _fixture.Clock.Advance(TimeSpan.FromSeconds(30)); // Nothing commits: it looks by itself.
            try
            {
                Assert.Equal(2 * Hours, Count());
                return false;
            }
            catch (StoreUnavailableException)
            {
                return true;
            }
        });

        await _run.ReadyAsync();
        using var former = new DuckDbClient(Assert.Single(Directory.GetFiles(_folder.Path, "side.duckdb.aside-*"), path => !path.EndsWith(".wal", StringComparison.Ordinal)));
        Assert.Equal(2 * Hours, former.Scalar<long>("SELECT count(*) FROM sensor_readings")); // The only copy, where the database has lost rows.

        long Count() => reader.Use((connection, stop) => connection.Scalar<long>("SELECT count(*) FROM sensor_readings", stop));
    }

    [Fact]
    public async Task Follow_UnexpectedError_IsLoggedAndTriedAgain()
    {
        var error = new InvalidOperationException("A mistake.");
        var (changes, log) = (new WatchedChanges(_fixture.Changes) { Error = error }, new RecordedLog<DuckDbSync>());

        await using var run = Create(changes, log);
        await run.StartAsync();
        await WaitFor.TrueAsync("the error is logged", () => log.Lines.Count > 0);
        Assert.Equal(AnalyticsState.Failed, run.Source.State); // Set before it is logged.
        Assert.Equal([(LogLevel.Error, error)], log.Lines);
        await _fixture.Clock.TimerPendingAsync(due => due == TimeSpan.FromSeconds(15));
        changes.Error = null;
        _fixture.Clock.Advance(TimeSpan.FromSeconds(15));

        await run.ReadyAsync();
    }

    [Fact]
    public async Task Rebuild_AskedForWhileTheLagIsRead_IsDoneBeforeDuckDbAnswers()
    {
        var asked = new TaskCompletionSource();
        var states = new List<AnalyticsState>();
        DuckDbSidePathSource? source = null;
        var changes = new WatchedChanges(_fixture.Changes)
        {
            UpToDate = () =>
            {
                if (asked.TrySetResult()) source!.Rebuild();
            },
            NextStep = () =>
            {
                if (asked.Task.IsCompleted) states.Add(source!.State);
            },
        };

        await using var run = Create(changes, NullLogger<DuckDbSync>.Instance);
        source = run.Source;
        await run.StartAsync();
        await asked.Task.WaitAsync(WaitFor.Limit);
        await run.ReadyAsync();

        Assert.Equal(AnalyticsState.CatchingUp, states[0]);
    }

    [Fact]
    public async Task Follow_AlsoAfterARebuild_IsOneFollowerAtTheBatchThatTheFileHas()
    {
        var follower = Assert.Single(await _fixture.Batches.ListFollowersAsync(default));
        Assert.Equal(1, follower.Cursor);

        await _fixture.Store.AddAsync(Reading(3));
        _run.Source.Rebuild();
        await _run.ReadyAsync();

        var again = Assert.Single(await _fixture.Batches.ListFollowersAsync(default));
        Assert.Equal((follower.Name, 2), (again.Name, again.Cursor));
    }

    private static object Key(NodeBucket bucket)
        => (bucket.NodeAddress, bucket.Bucket, bucket.Count, bucket.Temperature.Average, bucket.Humidity.Average);

    private ReadingAnalytics AnalyticsOf(SidePathRun run) => new(
        run.Source, Store, _fixture.NodeStore, new AnalyticsQueryCount(), new(Options.Create(new AnalyticsOptions())), _fixture.Clock, NullLogger<ReadingAnalytics>.Instance);

    private SidePathRun Create(IReadingChangeFeed changes, ILogger<DuckDbSync> log, string? path = null)
    {
        var options = Options.Create(new AnalyticsOptions { Path = path ?? _folder.File("another.duckdb") });
        var source = new DuckDbSidePathSource(changes, options, _fixture.Clock, NullLogger<DuckDbSidePathSource>.Instance);
        return new(source, new DuckDbSync(changes, _fixture.Batches, new CommitSignal(), source, options, _fixture.Clock, log));
    }

    private void Execute(string sql)
    {
        using var client = new DuckDbClient(File);
        client.Execute(sql);
    }

    private bool IsMarked()
    {
        using var client = new DuckDbClient(File);
        return client.Scalar<long>("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'mark'") > 0;
    }

    private sealed class SidePathRun(DuckDbSidePathSource source, DuckDbSync sync) : IAsyncDisposable
    {
        public DuckDbSidePathSource Source => source;

        public Task StartAsync() => sync.StartAsync(default);

        public Task ReadyAsync() => WaitFor.TrueAsync("DuckDB answers", () => source.State == AnalyticsState.Ready);

        public async ValueTask DisposeAsync()
        {
            await sync.StopAsync(default);
            sync.Dispose();
        }
    }

    // Counts what is asked of the store, and fails when told to.
    private sealed class WatchedChanges(IReadingChangeFeed changes) : IReadingChangeFeed
    {
        public int Steps { get; private set; }

        public int LongWaysAdded { get; private set; }

        public Exception? Error { get; set; }

        public Action? NextStep { get; init; }

        /// <summary>Pages of stored rows before one fails; null: none fails.</summary>
        public int? StoredPages { get; init; }

        private int _pages;

        /// <summary>When it is told that nothing is left to follow, and does not know it yet.</summary>
        public Action? UpToDate { get; init; }

        public Task<ReadingChanges> ReadChangesAsync(long after, CancellationToken cancellationToken)
        {
            Steps++;
            NextStep?.Invoke();
            return Error is { } error ? Task.FromException<ReadingChanges>(error) : changes.ReadChangesAsync(after, cancellationToken);
        }

        public Task<int> ReadStoredAsync(ReadingPosition? after, long upTo, Memory<Reading> page, CancellationToken cancellationToken)
            => _pages++ == StoredPages ? Task.FromException<int>(new InvalidOperationException("A mistake.")) : changes.ReadStoredAsync(after, upTo, page, cancellationToken);

        public Task<ReadingHead> ReadHeadAsync(CancellationToken cancellationToken) => changes.ReadHeadAsync(cancellationToken);

        public Task<long?> FindCommittedAtAsync(long batch, CancellationToken cancellationToken) => changes.FindCommittedAtAsync(batch, cancellationToken);

        public void ForgetRecent() => changes.ForgetRecent();

        public async Task<(long LastBatch, long Rows, long? OldestCommittedAt)> ReadLagAsync(long after, CancellationToken cancellationToken)
        {
            var lag = await changes.ReadLagAsync(after, cancellationToken);
            if (after < lag.LastBatch) LongWaysAdded++;
            else UpToDate?.Invoke();
            return lag;
        }
    }
}
