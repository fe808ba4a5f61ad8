using SensorDash.Data.Events;
using SensorDash.Data.Storage;
using SensorDash.Tests.Support;
using static SensorDash.Data.Tests.Events.SomeEvents;

namespace SensorDash.Data.Tests.Events;

public abstract partial class EventStoreContract
{
    [SkippableFact]
    public async Task Append_TwoWritersOfTheSameEventsWithRetries_StoreEachOnceInIndexAndLane()
    {
        var events = Many(3_000, 5);
        var readings = Enumerable.Range(0, 20).Select(i => Fixture.Store.AddAsync(Some.Run(i + 1, 50)));

        await Task.WhenAll(Task.Run(() => SendAsync(Store, events, seed: 1)), Task.Run(() => SendAsync(Open(), events, seed: 2)), Task.WhenAll(readings));

        var all = await AllAsync();
        Assert.Equal(events.Select(e => e.Id).Order(), all.Select(e => e.Id).Order());
        Assert.Equal(all.Count, all.Select(e => e.CanonicalTime).Distinct().Count());
        await StoredEvents.AssertAgreeAsync(Fixture, events.Length);
        Assert.Equal(1000, await Fixture.ScalarAsync("SELECT count(*) FROM sensor_readings"));
    }

    [SkippableFact]
    public async Task Append_NewEvents_WakesFollowersAndDuplicatesDoNot()
    {
        var commits = new EventCommitSignal();
        Store = Open(commits);
        var first = commits.NextCommit;
        await AddAsync(Raw(), Parsed());
        Assert.True(first.IsCompleted);

        var next = commits.NextCommit;
        await AddAsync(Parsed(), Raw());
        Assert.False(next.IsCompleted);
    }

    // In an order of its own; many batches are given up at some moment and sent again, as a sender does that got no answer.
    private static async Task SendAsync(IEventStore store, LaneEvent[] events, int seed)
    {
        var random = new Random(seed);
        var mine = events.ToArray();
        random.Shuffle(mine);
        for (var start = 0; start < mine.Length;)
        {
            var batch = mine.AsMemory(start, Math.Min(random.Next(1, 90), mine.Length - start));
            using var timeout = new CancellationTokenSource();
            if (random.Next(3) == 0) timeout.CancelAfter(random.Next(0, 8));
            try
            {
                await store.AppendAsync(batch, new RowOutcome[batch.Length], timeout.Token);
                if (random.Next(5) > 0) start += batch.Length;
            }
            catch (Exception e) when (e is OperationCanceledException or StoreUnavailableException)
            {
                // Given up, or on a busy machine kept waiting too long by the other writer: the same batch again.
            }
        }
    }
}
