using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Timescale;

/// <summary>Several processes on one database: nothing twice, nothing lost, and no follower skips a batch whatever the writers do.</summary>
public sealed class TimescaleWritersTests : IAsyncLifetime
{
    // Conditions for pg_stat_activity.
    private const string WaitingForItsTurn = "query LIKE '%pg_advisory_xact_lock%' AND wait_event_type = 'Lock'";
    private const string WaitingInItsCopy = "query LIKE 'COPY sensor_readings%' AND wait_event_type = 'Lock'";

    private TimescaleStoreFixture _fixture = null!;

    public async Task InitializeAsync() => _fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);

    public async Task DisposeAsync()
    {
        if (_fixture is not null) await _fixture.DisposeAsync();
    }

    [SkippableFact]
    public async Task Append_SameReadingsFromSeveralProcesses_AreStoredExactlyOnce()
    {
        var readings = Enumerable.Range(1, 5).SelectMany(node => Run(node, 200)).ToArray();
        var stores = Enumerable.Range(0, 4).Select(_ => _fixture.CreateOtherStore()).ToArray();

        // Each in another order, in small batches, so that they overlap in every way.
        var added = await Task.WhenAll(stores.Select(async (store, i) =>
        {
            var mine = readings.ToArray();
            new Random(i).Shuffle(mine);
            var count = 0;
            foreach (var batch in mine.Chunk(37)) count += await store.AddWithRetryAsync(batch);
            return count;
        }));

        Assert.Equal(readings.Length, added.Sum());
        Assert.Equal(readings.Length, await _fixture.Store.CountAsync(default, default));
        Assert.Equal(readings.Length, await _fixture.ScalarAsync("SELECT count(*) FROM sensor_readings"));
        Assert.Equal(readings.Length * 3, (await _fixture.NodeStore.ListAsync(default)).Sum(n => n.DuplicatesSeen));
        foreach (var store in stores) await store.DisposeAsync();
    }

    [SkippableFact]
    public async Task Follow_WhileWritersAreKilledAndRolledBack_SeesEveryBatchOnceInOrder()
    {
        using var finished = new CancellationTokenSource();
        var followed = new ConcurrentQueue<Reading>();
        var following = Task.Run(async () =>
        {
            for (var (cursor, last) = (0L, false); ;)
            {
                last = finished.IsCancellationRequested;
                try
                {
                    var changes = await _fixture.Changes.ReadChangesAsync(cursor, default);
                    Assert.True(changes.UpTo >= cursor);
                    if (changes.UpTo == cursor && last) return;
                    foreach (var reading in changes.Added) followed.Enqueue(reading);
                    cursor = changes.UpTo;
                }
                catch (StoreUnavailableException)
                {
                    // Killed too, on a connection that a writer had given back a moment before.
                }
            }
        });

        using var enough = new CancellationTokenSource();
        var writing = Enumerable.Range(1, 3).Select(node => WriteAsync(node, enough.Token)).ToArray();
        try
        {
            for (var round = 0; round < 10; round++) await KillWritersAsync();
        }
        finally
        {
            await enough.CancelAsync();
        }
        var batches = (await Task.WhenAll(writing)).Sum();
        await finished.CancelAsync();
        await following;
        _fixture.Database.DataSource.Clear(); // Its idle connections may be killed, and each of them fails once.

        var stored = await _fixture.Store.AllAsync();
        Assert.Equal(stored.Count, followed.Count);
        Assert.Equal(stored.ToHashSet(), followed.ToHashSet());
        Assert.Equal(batches * 5, stored.Count);
        Assert.Equal(0, await _fixture.ScalarAsync("SELECT count(*) FROM ingest_batches b WHERE row_count <> (SELECT count(*) FROM sensor_readings WHERE batch_id = b.id)"));
    }

    [SkippableFact]
    public async Task Follow_WriterIdleInItsTransaction_NothingOvertakesIt()
    {
        await _fixture.Store.AddAsync(Reading(1));
        await using (await _fixture.HoldAsync(TimescaleReadingWriter.AcquireWriterLock, $"INSERT INTO ingest_batches VALUES (2, now(), 1, {_fixture.Seconds(Noon)}, {_fixture.Seconds(Noon)}, NULL, NULL, 0)",
            $"INSERT INTO sensor_readings VALUES (9, {_fixture.Seconds(Noon)}, 1, 1, 0, {_fixture.Seconds(Noon)}, 2)"))
        {
            await Assert.ThrowsAsync<StoreUnavailableException>(() => _fixture.Store.AddAsync(Reading(2)));
            Assert.Equal(1, (await _fixture.Changes.ReadChangesAsync(0, default)).UpTo);
        }

        // The idle one has never committed, so its number is free.
        Assert.Equal(1, await _fixture.Store.AddAsync(Reading(2)));
        var changes = await _fixture.Changes.ReadChangesAsync(1, default);
        Assert.Equal(2, changes.UpTo);
        Assert.Equal([Reading(2)], changes.Added);
    }

    [SkippableFact]
    public async Task Append_ReadingsAddedMeanwhileByAForeignProgram_IsTriedAgainAndFindsThem()
    {
        await using var foreign = await _fixture.OpenAsync();
        await using var insert = new NpgsqlCommand($"BEGIN; INSERT INTO sensor_readings VALUES (12, {_fixture.Seconds(Noon)}, 1, 1, 0, {_fixture.Seconds(Noon)}, 0)", foreign);
        await insert.ExecuteNonQueryAsync();
        var append = _fixture.Store.AddAsync(Reading(), Reading(time: Noon + 1));
        // It has looked, and waits at the row that nobody has committed yet; or has waited for so long that it gave up.
        await WaitFor.TrueAsync("the append waits for the row", async () => append.IsCompleted
            || await _fixture.ScalarAsync($"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND {WaitingInItsCopy}") > 0);
        await using var commit = new NpgsqlCommand("COMMIT", foreign);
        await commit.ExecuteNonQueryAsync();

        await Assert.ThrowsAsync<StoreUnavailableException>(() => append);
        Assert.Equal(1, await _fixture.Store.AddAsync(Reading(), Reading(time: Noon + 1)));
    }

    [SkippableFact]
    public async Task Listener_CommitOfAnotherProcess_WakesTheFollowersOfThisOne()
    {
        var commits = new CommitSignal();
        using var listener = new TimescaleCommitListener(_fixture.Database, commits, new(), TimeProvider.System, NullLogger<TimescaleCommitListener>.Instance);
        var listening = commits.NextCommit;
        await listener.StartAsync(default);
        await listening.WaitAsync(WaitFor.Limit); // It tells once that it listens.

        var next = commits.NextCommit;
        await _fixture.Store.AddAsync(Reading());
        await next.WaitAsync(WaitFor.Limit);

        // Its connection killed, it listens again.
        next = commits.NextCommit;
        await _fixture.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()");
        await next.WaitAsync(WaitFor.Limit);
        await listener.StopAsync(default);
    }

    [SkippableFact]
    public async Task Read_Cancelled_StopsOnTheServerToo()
    {
        const string Sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active' AND datname = current_database()";
        var options = TimescaleStoreFixture.OptionsOf(PostgresServer.Require(), _fixture.Name);
        options.Pool.CommandTimeout = 3600; // Neither it nor the sleep's end can be what stops it.
        await using var database = new TimescaleDatabase(Options.Create(options));
        using var cancel = new CancellationTokenSource();
        var reading = database.ReadAsync(
            async (connection, token) =>
            {
                await using var command = new NpgsqlCommand("SELECT pg_sleep(3600)::text", connection);
                return await command.ExecuteScalarAsync(token);
            },
            cancel.Token);
        await WaitFor.TrueAsync("the server runs the query", async () => await _fixture.ScalarAsync(Sleeping) == 1);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await WaitFor.TrueAsync("the server has stopped the query", async () => await _fixture.ScalarAsync(Sleeping) == 0);
    }

    [SkippableFact]
    public async Task RemoveBefore_WhileOthersReadTheSameChunks_NeitherEndsInADeadlock()
    {
        const int Days = 40;
        await _fixture.Store.AddAsync([.. from day in Enumerable.Range(0, Days) from node in (int[])[1, 2] select Reading(node, Noon - (day * 86_400L))]);
        using var finished = new CancellationTokenSource();
        var begun = Enumerable.Range(0, 3).Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).ToArray();
        var reading = begun.Select(begins => Task.Run(async () =>
        {
            for (; !finished.IsCancellationRequested; begins.TrySetResult()) await UnlessKeptWaitingAsync(() => _fixture.Store.AllAsync());
        })).ToArray();
        await Task.WhenAny(Task.WhenAll(begun.Select(begins => begins.Task)), Task.WhenAny(reading)); // A reader only ends here if it failed.

        var removed = 0L;
        while (await UnlessKeptWaitingAsync(() => _fixture.Store.RemoveBeforeAsync(Noon, default)) is var rows and > 0) removed += rows;
        await finished.CancelAsync();
        await Task.WhenAll(reading);

        Assert.Equal((Days - 1) * 2, removed);
    }

    // On a busy machine one of them may wait for the other's lock for longer than the product allows. It tries again then; a deadlock it never may.
    private static async Task<T> UnlessKeptWaitingAsync<T>(Func<Task<T>> use)
    {
        while (true)
        {
            try
            {
                return await use();
            }
            catch (StoreUnavailableException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable })
            {
            }
        }
    }

    // At least so many that the follower has something to follow, and for as long as some are killed.
    private async Task<int> WriteAsync(int node, CancellationToken enough)
    {
        await using var store = _fixture.CreateOtherStore();
        var batch = 0;
        for (; batch < 60 || !enough.IsCancellationRequested; batch++) await store.AddWithRetryAsync(Run(node, 5, Noon + (batch * 1000)));
        return batch;
    }

    // Those that wait for their turn; those inside it; and then a foreign writer that rolls back.
    private async Task KillWritersAsync()
    {
        await using (await _fixture.HoldAsync(TimescaleReadingWriter.AcquireWriterLock)) await KillAsync(WaitingForItsTurn);
        await using (await _fixture.LockAsync()) await KillAsync(WaitingInItsCopy);
        await _fixture.ExecuteAsync(
            $"BEGIN; {TimescaleReadingWriter.AcquireWriterLock}; INSERT INTO ingest_batches SELECT max(id) + 1, now(), 1, 'epoch', 'epoch', NULL, NULL, 0 FROM ingest_batches; ROLLBACK");
    }

    private Task KillAsync(string which) => WaitFor.TrueAsync($"a writer is killed where {which}", async () => await _fixture.ScalarAsync($"""
        SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'SensorDash' AND state <> 'idle' AND {which}
        """) > 0);
}
