using FsCheck.Fluent;
using SensorDash.Data.Nodes;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Readings;

public abstract partial class ReadingStoreContract
{
    [SkippableFact]
    public async Task DeleteNode_WithReadingsAndMetadata_RemovesAllOfItAndNothingElse()
    {
        await Store.AddAsync(Reading(1), Reading(2), Reading(1, Noon + 1));
        foreach (var address in new[] { 1, 2 })
        {
            var patch = new NodeMetadataPatch();
            patch.SetName("Cellar");
            await Fixture.Nodes.EditMetadataAsync(address, patch, CancellationToken.None);
        }

        Assert.True(await Fixture.NodeStore.DeleteAsync(1, CancellationToken.None));

        Assert.Null(await Fixture.NodeStore.FindAsync(1, CancellationToken.None));
        Assert.Null(await Fixture.Nodes.FindMetadataAsync(1, CancellationToken.None));
        Assert.Equal([Reading(2)], await Store.AllAsync());
        Assert.Equal("Cellar", (await Fixture.Nodes.FindMetadataAsync(2, CancellationToken.None))!.Name);
    }

    [SkippableFact]
    public async Task DeleteNode_Unknown_IsFalse() => Assert.False(await Fixture.NodeStore.DeleteAsync(77, CancellationToken.None));

    [SkippableFact]
    public async Task DeleteNode_ThenTheSameReadings_StartsAnew()
    {
        await Store.AddAsync(Reading(deviceId: 7), Reading(time: Noon - 100));
        await Fixture.NodeStore.DeleteAsync(12, CancellationToken.None);

        Assert.Equal(1, await Store.AddAsync(Reading()));

        var node = await Fixture.NodeStore.FindAsync(12, CancellationToken.None);
        Assert.Equal((null, 1, Noon), (node!.DeviceId, node.TotalReadings, node.FirstSeenAt));
        Assert.Equal(1, await Store.CountAsync(default, CancellationToken.None));
    }

    [SkippableFact]
    public async Task RemoveBefore_OldReadings_RemovesThemAllInStepsAndCountersEqualARecount()
    {
        // Over three months, and more rows than one step takes; cut at midnight, where every engine can.
        const long Month = 31 * 86_400;
        const long Midnight = Noon - 43_200;
        await Store.AddAsync([.. from i in Enumerable.Range(0, 15_000) select Reading(1 + (i % 2), Noon - (3 * Month) + i)]);
        await Store.AddAsync(Reading(1), Reading(2, Noon - Month), Reading(3, Noon - (2 * Month)), Reading(1, Midnight));

        var (steps, all) = (0, 0L);
        while (await Store.RemoveBeforeAsync(Midnight, CancellationToken.None) is var removed and > 0) (steps, all) = (steps + 1, all + removed);

        Assert.True(steps > 1);
        Assert.Equal(15_002, all);
        Assert.Equal([Reading(1), Reading(1, Midnight)], await Store.AllAsync());
        Assert.Equal(2, await Fixture.ScalarAsync("SELECT CAST(sum(row_count) AS BIGINT) FROM ingest_batches"));
        var nodes = await Fixture.NodeStore.ListAsync(CancellationToken.None);
        Assert.Equal([(1, 2, Midnight, Noon), (2, 0, Noon - Month, Noon - Month), (3, 0, Noon - (2 * Month), Noon - (2 * Month))],
            nodes.Select(n => (n.Address, n.TotalReadings, n.FirstSeenAt, n.LastSeenAt)));
        Assert.Equal(2, await Store.CountAsync(default, CancellationToken.None));
        Assert.Equal([1], (await Store.ReadNewestAsync([1, 2, 3], 5, CancellationToken.None)).Keys);
    }

    [SkippableFact]
    public async Task RemoveBefore_NothingThatOld_ChangesNothing()
    {
        await Store.AddAsync(Reading(1), Reading(1, Noon - 1));

        Assert.Equal(0, await Store.RemoveBeforeAsync(Noon - 1, CancellationToken.None));

        Assert.Equal(2, (await Store.AllAsync()).Count);
        Assert.Equal(1, await Fixture.ScalarAsync("SELECT count(*) FROM ingest_batches"));
    }

    [SkippableFact]
    public async Task RemoveBefore_ThenAnOldReadingAgain_IsNew()
    {
        const long Yesterday = Noon - 86_400;
        await Store.AddAsync(Reading(1), Reading(1, Yesterday));
        await Store.RemoveBeforeAsync(Noon - 43_200, CancellationToken.None);

        Assert.Equal(1, await Store.AddAsync(Reading(1), Reading(1, Yesterday)));

        Assert.Equal((2, Yesterday), (await Fixture.NodeStore.FindAsync(1, CancellationToken.None)) is { } node ? (node.TotalReadings, node.FirstSeenAt) : default);
    }
}
