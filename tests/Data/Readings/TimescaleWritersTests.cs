using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Readings;

/// <summary>Several processes on one database: nothing twice, nothing lost, and no follower skips a batch whatever the writers do.</summary>
public sealed class TimescaleWritersTests : IAsyncLifetime
{
    private const string Copying = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY sensor_readings%' AND wait_event_type = 'Lock'";

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
            foreach (var batch in mine.Chunk(37)) count += await store.AddAsync(batch);
            return count;
        }));

        Assert.Equal(readings.Length, added.Sum());
        Assert.Equal(readings.Length, await _fixture.Store.CountAsync(default, default));
        Assert.Equal(readings.Length, await _fixture.ScalarAsync("SELECT count(*) FROM sensor_readings"));
        Assert.Equal(readings.Length * 3, (await _fixture.Store.ListNodesAsync(default)).Sum(n => n.DuplicatesSeen));
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
                var changes = await _fixture.Changes.ReadChangesAsync(cursor, default);
                Assert.True(changes.UpTo >= cursor);
                if (changes.UpTo == cursor && last) return;
                foreach (var reading in changes.Added) followed.Enqueue(reading);
                cursor = changes.UpTo;
            }
        });

        var killing = KillWritersAsync();
        await Task.WhenAll(Enumerable.Range(1, 3).Select(WriteAsync).Append(killing));
        var (waiting, copying) = await killing;
        Assert.True(waiting > 0 && copying > 0, $"Killed {waiting} that waited for their turn and {copying} inside it.");
        await finished.CancelAsync();
        await following;

        var stored = await _fixture.Store.AllAsync();
        Assert.Equal(stored.Count, followed.Count);
        Assert.Equal(stored.ToHashSet(), followed.ToHashSet());
        Assert.Equal(3 * 60 * 5, stored.Count);
        Assert.Equal(0, await _fixture.ScalarAsync("SELECT count(*) FROM ingest_batches b WHERE row_count <> (SELECT count(*) FROM sensor_readings WHERE batch_id = b.id)"));
    }

    [SkippableFact]
    public async Task Follow_WriterIdleInItsTransaction_NothingOvertakesIt()
    {
        await _fixture.Store.AddAsync(Reading(1));
        await using (var idle = await _fixture.OpenAsync())
        {
            await using var half = new NpgsqlCommand(
                $"BEGIN; {TimescaleReadingWriter.TakeTurn}; INSERT INTO ingest_batches VALUES (2, 1, 1, {Noon}, {Noon}, NULL, NULL);"
                + $"INSERT INTO sensor_readings VALUES (9, {Noon}, 1, 1, 0, {Noon}, 2)", idle);
            await half.ExecuteNonQueryAsync();

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
        await using var insert = new NpgsqlCommand($"BEGIN; INSERT INTO sensor_readings VALUES (12, {Noon}, 1, 1, 0, {Noon}, 0)", foreign);
        await insert.ExecuteNonQueryAsync();
        var append = _fixture.Store.AddAsync(Reading(), Reading(time: Noon + 1));
        await Task.Delay(300); // It has looked, and waits at the row that nobody has committed yet.
        await using var commit = new NpgsqlCommand("COMMIT", foreign);
        await commit.ExecuteNonQueryAsync();

        await Assert.ThrowsAsync<StoreUnavailableException>(() => append);
        Assert.Equal(1, await _fixture.Store.AddAsync(Reading(), Reading(time: Noon + 1)));
    }

    [SkippableFact]
    public async Task Listener_CommitOfAnotherProcess_WakesTheFollowersOfThisOne()
    {
        var commits = new CommitFeed();
        using var listener = new TimescaleCommitListener(_fixture.Database, commits, new(), TimeProvider.System, NullLogger<TimescaleCommitListener>.Instance);
        var listening = commits.NextCommit;
        await listener.StartAsync(default);
        await listening.WaitAsync(TimeSpan.FromSeconds(10)); // It tells once that it listens.

        var next = commits.NextCommit;
        await _fixture.Store.AddAsync(Reading());
        await next.WaitAsync(TimeSpan.FromSeconds(10));

        // Its connection killed, it listens again.
        next = commits.NextCommit;
        await _fixture.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()");
        await next.WaitAsync(TimeSpan.FromSeconds(20));
        await listener.StopAsync(default);
    }

    [SkippableFact]
    public async Task Read_Cancelled_StopsOnTheServerToo()
    {
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _fixture.Database.ReadAsync(
            async (connection, token) =>
            {
                await using var command = new NpgsqlCommand("SELECT pg_sleep(60)::text", connection);
                return await command.ExecuteScalarAsync(token);
            },
            cancel.Token));

        Assert.Equal(0, await _fixture.ScalarAsync("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active' AND datname = current_database()"));
    }

    [SkippableFact]
    public async Task RemoveBefore_WhileOthersReadTheSameChunks_NeitherEndsInADeadlock()
    {
        const int Days = 40;
        await _fixture.Store.AddAsync([.. from day in Enumerable.Range(0, Days) from node in (int[])[1, 2] select Reading(node, Noon - (day * 86_400L))]);
        using var finished = new CancellationTokenSource();
        var reading = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!finished.IsCancellationRequested) await _fixture.Store.AllAsync();
        })).ToArray();

        var removed = 0L;
        while (await _fixture.Store.RemoveBeforeAsync(Noon, default) is var rows and > 0) removed += rows;
        await finished.CancelAsync();
        await Task.WhenAll(reading);

        Assert.Equal((Days - 1) * 2, removed);
    }

    private async Task WriteAsync(int node)
    {
        await using var store = _fixture.CreateOtherStore();
        for (var batch = 0; batch < 60; batch++)
        {
            var readings = Run(node, 5, Noon + (batch * 1000));
            while (true)
            {
                try
                {
                    await store.AddAsync(readings);
                    break;
                }
                catch (StoreUnavailableException)
                {
                    // Killed, or kept waiting by one that was: the same batch again, as the worker does it.
                }
            }
        }
    }

    // Those that wait for their turn; those inside it, held up at their COPY; and between them a foreign writer that rolls back.
    private async Task<(long Waiting, long Copying)> KillWritersAsync()
    {
        var (waiting, copying) = (0L, 0L);
        for (var round = 0; round < 30; round++)
        {
            await Task.Delay(20);
            if (round % 3 == 0) waiting += await _fixture.ScalarAsync(Killed("query LIKE '%pg_advisory_xact_lock%'"));
            else if (round % 3 == 1)
            {
                await using var held = await _fixture.LockAsync();
                for (var tried = 0; tried < 50 && await _fixture.ScalarAsync(Copying) == 0; tried++) await Task.Delay(10);
                copying += await _fixture.ScalarAsync(Killed("query LIKE 'COPY sensor_readings%' AND wait_event_type = 'Lock'"));
            }
            else
            {
                await _fixture.ExecuteAsync(
                    $"BEGIN; {TimescaleReadingWriter.TakeTurn}; INSERT INTO ingest_batches SELECT max(id) + 1, 0, 1, 0, 0, NULL, NULL FROM ingest_batches; ROLLBACK");
            }
        }
        return (waiting, copying);
    }

    private static string Killed(string which) => $"""
        SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'SensorDash' AND state <> 'idle' AND {which}
        """;
}
