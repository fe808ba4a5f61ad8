using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Readings;

/// <summary>What the feed of changes of every store must tell, and that removals leave counters and feed right.</summary>
public abstract partial class ReadingChangeFeedContract : IAsyncLifetime
{
    private const long Day = 86_400;

    // 2026-07-01T00:00:00Z: the edge of a day, and of a chunk.
    private const long Midnight = Noon - (Day / 2);

    protected StoreFixture Fixture { get; private set; } = null!;

    private IReadingStore Store => Fixture.Store;

    private IReadingChangeFeed Changes => Fixture.Changes;

    protected abstract Task<StoreFixture> CreateFixtureAsync();

    public async Task InitializeAsync() => Fixture = await CreateFixtureAsync();

    public async Task DisposeAsync() => await Fixture.DisposeAsync();

    [SkippableFact]
    public async Task ReadChanges_NothingCommitted_StaysWhereItIs()
    {
        var changes = await Changes.ReadChangesAsync(0, default);

        Assert.Equal((0, 0), (changes.UpTo, changes.Added.Count));
        Assert.Equal((0, 0, null), await Changes.ReadLagAsync(0, default));
        Assert.Null(await Changes.FindCommittedAtAsync(1, default));
    }

    [SkippableFact]
    public async Task ReadChanges_SeveralBatches_AreReadOnceInOrder()
    {
        await Store.AddAsync(Reading(1, deviceId: 5), Reading(2));
        await Store.AddAsync(Reading(1)); // Only a duplicate: no batch.
        await Store.AddAsync(Reading(3, Noon - (400 * Day)));

        var changes = await Changes.ReadChangesAsync(0, default);

        Assert.Equal((2, Noon * 1_000_000), (changes.UpTo, changes.CommittedAt));
        Assert.Equal([Reading(1, deviceId: 5), Reading(2), Reading(3, Noon - (400 * Day))], changes.Added.OrderBy(r => r.NodeAddress));
        Assert.Equal([Reading(3, Noon - (400 * Day))], (await Changes.ReadChangesAsync(1, default)).Added);
        Assert.Equal((2, 1, Noon * 1_000_000), await Changes.ReadLagAsync(1, default));
        Assert.Equal(Noon * 1_000_000, await Changes.FindCommittedAtAsync(2, default));
    }

    [SkippableFact]
    public async Task ReadChanges_NodeRemoved_IsAStepOfItsOwn()
    {
        await Store.AddAsync(Reading(1), Reading(2));
        await Fixture.NodeStore.DeleteAsync(1, default);
        await Store.AddAsync(Reading(1, Noon + 1));

        var steps = await StepsAsync();

        Assert.Equal([(1L, 1, null, null), (2L, 0, new NodeRemoval(1, null), null), (3L, 1, (NodeRemoval?)null, (long?)null)],
            steps.Select(s => (s.UpTo, s.Added.Count, s.RemovedNodes.SingleOrDefault(), s.RemovedBefore)));
        await AssertExactAsync();
    }

    [SkippableFact]
    public async Task ReadChanges_ManyNodesRemovedTogether_AreFewStepsBetweenTheRowsAroundThem()
    {
        await Store.AddAsync([.. Enumerable.Range(1, 1_100).Select(node => Reading(node)), .. from second in Enumerable.Range(0, 10_500) select Reading(2_000, Noon + second)]);
        await Fixture.NodeStore.DeleteAllAsync(new(FirstAddress: 2), default);
        await Store.AddAsync(Reading(5), Reading(2_000, Noon + 3));

        var steps = await StepsAsync();

        Assert.InRange(steps.Count, 4, 6);
        Assert.Equal(Enumerable.Range(2, 1_099).Append(2_000), steps.SelectMany(s => s.RemovedNodes).Select(n => n.Node).Distinct());
        Assert.All(steps[1..^1], s => Assert.True(s.Added.Count == 0 && s.RemovedNodes.Count is > 0 and <= 1_000));
        Assert.Equal([Reading(5), Reading(2_000, Noon + 3)], steps[^1].Added.OrderBy(r => r.NodeAddress));
        await AssertExactAsync();
    }

    [SkippableFact]
    public async Task RemoveBefore_MidnightWithReadingsOnBothSides_RemovesTheOlderAndTellsIt()
    {
        await Store.AddAsync(Reading(1, Midnight - 1), Reading(1, Midnight), Reading(1, Midnight - (3 * Day)), Reading(2, Midnight + 5),
            Reading(3, Midnight - 7), Reading(3, Midnight - 9));

        var (all, removed) = (0L, 0L);
        while ((removed = await Store.RemoveBeforeAsync(Midnight, default)) > 0) all += removed;

        Assert.Equal(4, all);
        Assert.Equal([Reading(2, Midnight + 5), Reading(1, Midnight)], await Store.AllAsync());
        var nodes = await Fixture.NodeStore.ListAsync(default);
        Assert.Equal([(1, 1L, Midnight), (2, 1L, Midnight + 5), (3, 0L, Midnight - 7)], nodes.Select(n => (n.Address, n.TotalReadings, n.FirstSeenAt)));
        Assert.Equal(Midnight, (await StepsAsync()).Last(s => s.RemovedBefore is not null).RemovedBefore);
        await AssertExactAsync();
    }

    [SkippableFact]
    public async Task RemoveBefore_NothingThatOld_ChangesNothing()
    {
        await Store.AddAsync(Reading(1, Midnight));

        Assert.Equal(0, await Store.RemoveBeforeAsync(Midnight, default));
        Assert.Single(await Store.AllAsync());
        Assert.Equal((1, 1), ((int)(await Changes.ReadLagAsync(0, default)).LastBatch, (await Changes.ReadChangesAsync(0, default)).Added.Count));
    }

    [SkippableFact]
    public async Task RemoveBefore_LockedByAnother_IsUnavailableAndRemovesNothing()
    {
        await Store.AddAsync(Reading(1, Midnight - 1));
        await using (await Fixture.LockAsync())
            await Assert.ThrowsAsync<Data.Storage.StoreUnavailableException>(() => Store.RemoveBeforeAsync(Midnight, default));

        Assert.Single(await Store.AllAsync());
        Assert.Equal(1, await Store.RemoveBeforeAsync(Midnight, default));
    }

    [SkippableFact]
    public async Task RemoveBefore_ThenReadingsOfThatTime_AreNewAgain()
    {
        await Store.AddAsync(Reading(1, Midnight - 1, temperature: 1));
        await Store.RemoveBeforeAsync(Midnight, default);

        Assert.Equal(1, await Store.AddAsync(Reading(1, Midnight - 1, temperature: 2)));

        await AssertExactAsync();
    }

    [SkippableFact]
    public async Task ReadChanges_ABatchLargerThanAStep_IsNeverCut()
    {
        await Store.AddAsync([.. from second in Enumerable.Range(0, 100_050) select Reading(1, Noon + second)]);
        await Store.AddAsync(Reading(2));

        var first = await Changes.ReadChangesAsync(0, default);

        Assert.Equal((1, 100_050), (first.UpTo, first.Added.Count));
        Assert.Equal([Reading(2)], (await Changes.ReadChangesAsync(1, default)).Added);
    }

    [SkippableFact]
    public async Task ReadStored_PageByPage_GivesTheRowsOfTheBatchesOnce()
    {
        await Store.AddAsync([.. from node in Enumerable.Range(1, 3) from hour in Enumerable.Range(0, 30) select Reading(node, Midnight + (hour * 3600 * node))]);
        await Store.AddAsync(Reading(4, Noon - (400 * Day)), Reading(5));
        await Fixture.NodeStore.DeleteAsync(5, default);
        await Store.AddAsync(Reading(1, Noon + 1), Reading(5));
        var expected = (await Store.AllAsync()).Where(r => r != Reading(1, Noon + 1) && r.NodeAddress != 5);

        foreach (var length in (int[])[1, 7, 91, 100])
        {
            var (stored, page, count) = (new List<Reading>(), new Reading[length], length);
            for (ReadingPosition? after = null; count == length; after = new(stored[^1].Timestamp, stored[^1].NodeAddress))
            {
                count = await Changes.ReadStoredAsync(after, 3, page, default);
                stored.AddRange(page[..count]);
                if (stored.Count == 0) break;
            }
            Assert.Equal(expected.OrderBy(r => r.NodeAddress).ThenBy(r => r.Timestamp), stored.OrderBy(r => r.NodeAddress).ThenBy(r => r.Timestamp));
        }
    }

    [SkippableFact]
    public async Task ReadChanges_SubscriberThatKeepsUp_GetsTheSameAsOneThatReadsLater()
    {
        var kept = new List<ReadingChanges>();
        for (var i = 0; i < 5; i++)
        {
            await Store.AddAsync(Reading(2, Noon + (10 - i)), Reading(1, Noon + i), Reading(2, Noon + 10));
            if (i == 3) await Fixture.NodeStore.DeleteAsync(2, default);
            while (await Changes.ReadChangesAsync(kept.LastOrDefault()?.UpTo ?? 0, default) is var next && next.UpTo > (kept.LastOrDefault()?.UpTo ?? 0)) kept.Add(next);
        }

        Assert.Equal(6, kept.Count);
        Assert.Equal(4, kept.Single(s => s.RemovedNodes.Any(n => n.Node == 2)).UpTo - 1);
        Assert.Equal([1, 2, 3, 4, 5, 6], kept.Select(s => s.UpTo));
        Assert.Equal(await Store.CountAsync(default, default), kept.Last().Added.Count + kept.SkipLast(1).Sum(s => s.Added.Count(r => r.NodeAddress == 1)));
        await AssertExactAsync();
    }

    private async Task<List<ReadingChanges>> StepsAsync()
    {
        var steps = new List<ReadingChanges>();
        while (await Changes.ReadChangesAsync(steps.LastOrDefault()?.UpTo ?? 0, default) is var next && next.UpTo > (steps.LastOrDefault()?.UpTo ?? 0)) steps.Add(next);
        return steps;
    }

    // Counters equal a recount, and following the feed from its beginning gives what the store holds.
    private async Task AssertExactAsync()
    {
        var all = await Store.AllAsync();
        Assert.Equal(all.Count, (await Fixture.NodeStore.ListAsync(default)).Sum(n => n.TotalReadings));
        Assert.Equal(all.Count, await Fixture.ScalarAsync("SELECT CAST(sum(row_count) AS BIGINT) FROM ingest_batches"));
        var followed = new HashSet<Reading>();
        foreach (var step in await StepsAsync())
        {
            followed.RemoveWhere(r => r.Timestamp < step.RemovedBefore || step.RemovedNodes.Any(n => n.Node == r.NodeAddress && r.Timestamp < (n.Before ?? long.MaxValue)));
            followed.UnionWith(step.Added);
        }
        Assert.Equal(all.OrderBy(r => r.NodeAddress).ThenBy(r => r.Timestamp), followed.OrderBy(r => r.NodeAddress).ThenBy(r => r.Timestamp));
    }
}
