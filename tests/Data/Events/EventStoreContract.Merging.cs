using SensorDash.Data.Events;
using SensorDash.Data.Storage;
using static SensorDash.Data.Tests.Events.SomeEvents;

namespace SensorDash.Data.Tests.Events;

/// <summary>Batches of events that every follower has passed are merged; their sums stay.</summary>
public abstract partial class EventStoreContract
{
    [SkippableFact]
    public async Task Merge_BatchesOfEvents_KeepsSumsHashAndWhatFollowersNeed()
    {
        foreach (var events in Many(300, 3).DistinctBy(e => e.Id).Chunk(10)) await AddAsync(events);
        var batches = await Fixture.ScalarAsync("SELECT count(*) FROM event_batches");
        await Fixture.EventBatches.FollowAsync("copy", batches - 5, default);
        var next = (await Store.ReadChangesAsync(batches - 5, default)).Events.Select(e => e.Id).ToArray();

        for (long? after = 0; after is not null;) after = await Fixture.EventBatches.MergeStepAsync(after.Value, default);

        Assert.Equal(7, await Fixture.ScalarAsync("SELECT count(*) FROM event_batches"));
        var all = await AllAsync();
        Assert.Equal(all.Count, await Fixture.ScalarAsync("SELECT CAST(sum(event_count) AS BIGINT) FROM event_batches"));
        var hash = new EventHash();
        Assert.Equal(all.Aggregate(0L, (sum, e) => unchecked(sum + hash.Of(e, e.CanonicalTime))), await HashOfBatchesAsync());
        Assert.Equal(next, (await Store.ReadChangesAsync(batches - 5, default)).Events.Select(e => e.Id));
        Assert.Equal(all.Select(e => e.Id).Order(), (await ReadAllChangesAsync()).Order());
        Assert.Equal([RowOutcome.Inserted], await AddAsync(Raw(Noon + 99)));
    }

    private async Task<List<EventId>> ReadAllChangesAsync()
    {
        var (ids, after) = (new List<EventId>(), 0L);
        while (await Store.ReadChangesAsync(after, default) is var changes && changes.UpTo > after)
        {
            ids.AddRange(changes.Events.Select(e => e.Id));
            after = changes.UpTo;
        }
        return ids;
    }

    private async Task<long> HashOfBatchesAsync()
    {
        var (sum, count) = (0L, await Fixture.ScalarAsync("SELECT count(*) FROM event_batches"));
        for (var i = 0; i < count; i++) sum = unchecked(sum + await Fixture.ScalarAsync($"SELECT rows_hash FROM event_batches ORDER BY id LIMIT 1 OFFSET {i}"));
        return sum;
    }
}
