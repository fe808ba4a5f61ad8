using Microsoft.Extensions.Logging.Abstractions;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;
using SensorDash.Data.Tests.Events;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;
using static SensorDash.Data.Tests.Events.SomeEvents;

namespace SensorDash.Data.Tests.Timescale;

/// <summary>Several processes on one database: every event once, and no follower misses one, whatever happens to the writers.</summary>
public sealed class TimescaleEventWritersTests : IAsyncLifetime
{
    private TimescaleStoreFixture _fixture = null!;

    public async Task InitializeAsync() => _fixture = await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);

    public async Task DisposeAsync()
    {
        if (_fixture is not null) await _fixture.DisposeAsync();
    }

    [SkippableFact]
    public async Task Append_SameEventsByTwoProcessesWhoseConnectionsAreCut_AreStoredExactlyOnceAndFollowedInOrder()
    {
        var events = Many(4_000, 5);
        using var finished = new CancellationTokenSource();
        var following = FollowAsync(finished.Token);
        using var appended = new SemaphoreSlim(0);
        using var enough = new CancellationTokenSource();
        var writing = Task.WhenAll(WriteAsync(events, 1, appended, enough.Token), WriteAsync(events, 2, appended, enough.Token));

        try
        {
            await await Task.WhenAny(CutAsync(appended), writing); // The writers only end here if they failed.
        }
        finally
        {
            await enough.CancelAsync();
        }
        await writing;
        await finished.CancelAsync();

        var followed = await following;
        var stored = await _fixture.ScalarAsync("SELECT count(*) FROM event_index");
        Assert.Equal(stored, followed.Count);
        Assert.Equal(stored, followed.Select(e => e.Id).Distinct().Count());
        Assert.Equal(followed.Select(e => e.CanonicalTime).Order(), followed.Select(e => e.CanonicalTime));
        Assert.Equal(stored, followed.Select(e => e.CanonicalTime).Distinct().Count());
        Assert.Equal(events.Where(e => e is not CommandEvent { RequestId: not null }).Select(e => e.Id).ToHashSet(),
            followed.Where(e => e is not CommandEvent { RequestId: not null }).Select(e => e.Id).ToHashSet());
        Assert.Equal(events.OfType<CommandEvent>().Where(c => c.RequestId is not null).Select(c => (c.ScopeId, c.RequestId)).ToHashSet().Count,
            followed.OfType<CommandEvent>().Count(c => c.RequestId is not null));
        await StoredEvents.AssertAgreeAsync(_fixture, stored);
    }

    [SkippableFact]
    public async Task Append_ProcessesWhoseClocksDiffer_CanonicalTimesIncreaseInTheOrderOfCommits()
    {
        var (late, early) = (new ManualTime(), new ManualTime());
        late.Advance(TimeSpan.FromHours(1));
        await using var ahead = new TimescaleEventStore(_fixture.Database, new(), late);
        await using var behind = new TimescaleEventStore(_fixture.Database, new(), early);
        var times = new List<long>();
        for (var i = 0; i < 6; i++)
        {
            if (i == 3) late.Advance(TimeSpan.FromHours(-3));
            LaneEvent[] batch = [Raw(sequence: i, frame: $"{i} a"), Parsed(Noon + i)];
            await (i % 2 == 0 ? ahead : behind).AppendAsync(batch, new RowOutcome[2], default);
            times.AddRange(batch.Select(e => e.CanonicalTime));
        }

        Assert.Equal(Enumerable.Range(0, 12).Select(i => Noon + 3_600_000_000 + i), times);
    }

    [SkippableFact]
    public async Task Append_WriterIdleInItsTurn_IsUnavailableUntilItIsGone()
    {
        await using var store = new TimescaleEventStore(_fixture.Database, new(), _fixture.Clock);
        var outcomes = new RowOutcome[1];
        await using (await _fixture.HoldAsync(TimescaleEventWriter.AcquireWriterLock))
        {
            await Assert.ThrowsAsync<StoreUnavailableException>(() => store.AppendAsync(new LaneEvent[] { Raw() }, outcomes, default));
            Assert.Equal(1, await _fixture.Store.AddAsync(Some.Reading())); // Readings have a turn of their own.
        }

        Assert.Equal(1, await store.AppendAsync(new LaneEvent[] { Raw() }, outcomes, default));
    }

    [SkippableFact]
    public async Task Append_ContentThatTheServerRefuses_IsRejectedAndNothingOfTheBatchStored()
    {
        await using var store = new TimescaleEventStore(_fixture.Database, new(), _fixture.Clock);
        var outcomes = new RowOutcome[2];

        await Assert.ThrowsAsync<StoreRejectedException>(() => store.AppendAsync(new LaneEvent[] { Raw(), Parsed(stream: "\0") }, outcomes, default));

        Assert.Equal(0, await _fixture.ScalarAsync("SELECT count(*) FROM event_index"));
        Assert.Equal(1, await store.AppendAsync(new LaneEvent[] { Raw() }, outcomes, default));
    }

    [SkippableFact]
    public async Task Listener_CommitOfEvents_WakesTheFollowersOfEventsOnly()
    {
        var (commits, events) = (new CommitSignal(), new EventCommitSignal());
        using var listener = new TimescaleCommitListener(_fixture.Database, commits, events, TimeProvider.System, NullLogger<TimescaleCommitListener>.Instance);
        var listening = events.NextCommit;
        await listener.StartAsync(default);
        await listening.WaitAsync(WaitFor.Limit); // It tells once that it listens.

        var (nextReading, nextEvent) = (commits.NextCommit, events.NextCommit);
        await using var store = new TimescaleEventStore(_fixture.Database, new(), _fixture.Clock);
        await store.AppendAsync(new LaneEvent[] { Raw() }, new RowOutcome[1], default);
        await nextEvent.WaitAsync(WaitFor.Limit);
        Assert.False(nextReading.IsCompleted);

        await _fixture.Store.AddAsync(Some.Reading());
        await nextReading.WaitAsync(WaitFor.Limit);
        await listener.StopAsync(default);
    }

    // All of them, and from the beginning again for as long as connections are cut.
    private async Task WriteAsync(LaneEvent[] events, int seed, SemaphoreSlim appended, CancellationToken enough)
    {
        await using var store = new TimescaleEventStore(_fixture.Database, new(), _fixture.Clock);
        var mine = events.ToArray();
        var random = new Random(seed);
        random.Shuffle(mine);
        for (var start = 0; start < mine.Length || !enough.IsCancellationRequested;)
        {
            if (start == mine.Length) start = 0;
            var batch = mine.AsMemory(start, Math.Min(random.Next(1, 90), mine.Length - start));
            try
            {
                await store.AppendAsync(batch, new RowOutcome[batch.Length], default);
                start += batch.Length;
                appended.Release();
            }
            catch (StoreUnavailableException)
            {
                // Cut, or kept waiting by one that was: the same batch again, as the worker does it.
            }
        }
    }

    private async Task<List<LaneEvent>> FollowAsync(CancellationToken finished)
    {
        await using var store = new TimescaleEventStore(_fixture.Database, new(), _fixture.Clock);
        var followed = new List<LaneEvent>();
        for (var cursor = 0L; ;)
        {
            var last = finished.IsCancellationRequested;
            try
            {
                var changes = await store.ReadChangesAsync(cursor, default);
                if (changes.UpTo == cursor && last) return followed;
                followed.AddRange(changes.Events);
                cursor = changes.UpTo;
            }
            catch (StoreUnavailableException)
            {
                // Its own connection was cut.
            }
        }
    }

    // Wherever they just are: waiting for the turn, in the index, in the middle of a copy, at the commit.
    private async Task CutAsync(SemaphoreSlim appended)
    {
        var random = new Random(3);
        for (var cut = 0L; cut < 40;)
        {
            // One batch for each cut, or a busy machine would be cut before any batch is through.
            Assert.True(await appended.WaitAsync(WaitFor.Limit), "No writer gets through.");
            await Task.Delay(random.Next(5, 60), CancellationToken.None);
            cut += await _fixture.ScalarAsync("""
                SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'SensorDash' AND state <> 'idle') t
                """);
        }
    }
}
