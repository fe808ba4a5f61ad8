using SensorDash.Data.Nodes;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Readings;

public abstract partial class ReadingStoreContract
{
    [SkippableFact]
    public async Task DeleteNodes_ByEachCondition_DeletesThoseAndNothingElse()
    {
        await Store.AddAsync([.. Enumerable.Range(1, 5).Select(node => Reading(node, Noon - (node * 100))), Reading(2), Reading(9)]);
        await NameAsync(1, 3, 9);

        Assert.Equal(new(6, 7), await CountAsync(NodeCriteria.All));
        await AssertDeletedAsync(new(LastSeenBefore: Noon - 400), 5);
        await AssertDeletedAsync(new(FirstAddress: 3, LastAddress: 4), 3, 4);
        await AssertDeletedAsync(new(MaxReadings: 1, LastAddress: 8), 1);
        await AssertDeletedAsync(new(MaxReadings: 0));

        Assert.Equal([2, 9], (await Fixture.NodeStore.ListAsync(CancellationToken.None)).Select(n => n.Address));
        Assert.Equal([9], (await Fixture.NodeStore.FindAsync([9, 1, 9], CancellationToken.None)).Select(n => n.Address));
        Assert.Equal([Reading(2), Reading(9), Reading(2, Noon - 200)], await Store.AllAsync());
        Assert.Equal(["9 Cellar"], (await Fixture.Nodes.ListLabelsAsync(CancellationToken.None)).Select(label => $"{label.Key} {label.Value.Name}"));
        Assert.Equal(3, await Fixture.ScalarAsync("SELECT CAST(sum(row_count) AS BIGINT) FROM ingest_batches"));

        async Task AssertDeletedAsync(NodeCriteria criteria, params int[] nodes)
        {
            var count = await CountAsync(criteria);
            var before = (await Fixture.NodeStore.ListAsync(CancellationToken.None)).ToArray();
            Assert.Equal(nodes, before.Where(criteria.Selects).Select(n => n.Address));
            Assert.Equal(nodes.Length, count.Nodes);
            Assert.Equal(count, await Fixture.NodeStore.DeleteAllAsync(criteria, CancellationToken.None));
            Assert.Equal(NodeCount.None, await CountAsync(criteria));
        }
    }

    [SkippableFact]
    public async Task DeleteNodes_ManyAndLarge_TakesShortStepsAndTheSameReadingsAreNewAgain()
    {
        Fixture.NodeLimit.MaxNodes = 1_202;
        await Store.AddAsync([.. Enumerable.Range(1, 1_200).Select(node => Reading(node))]);
        await Store.AddAsync([.. from second in Enumerable.Range(0, 25_000) select Reading(5_000, Noon + second), Reading(6_000)]);

        var (steps, all) = (0, NodeCount.None);
        for (NodeCount step; (step = await Fixture.NodeStore.DeleteStepAsync(new(LastAddress: 5_999), CancellationToken.None)) != NodeCount.None; steps++)
        {
            Assert.True(step.Nodes <= 500, $"{step}");
            all += step;
            var nodes = await Fixture.NodeStore.ListAsync(CancellationToken.None);
            Assert.Equal((await Store.AllAsync()).Count, nodes.Sum(n => n.TotalReadings));
        }

        Assert.Equal(new(1_201, 26_200), all);
        Assert.True(steps >= 3, $"{steps} steps");
        Assert.Equal([Reading(6_000)], await Store.AllAsync());
        Assert.Equal(1, await Fixture.ScalarAsync("SELECT CAST(sum(row_count) AS BIGINT) FROM ingest_batches"));
        Assert.Equal(2, await Store.AddAsync(Reading(5_000), Reading(1), Reading(6_000)));
    }

    private Task<NodeCount> CountAsync(NodeCriteria criteria) => Fixture.NodeStore.CountAsync(criteria, CancellationToken.None);

    private async Task NameAsync(params int[] addresses)
    {
        foreach (var address in addresses)
        {
            var patch = new NodeMetadataPatch();
            patch.SetName("Cellar");
            await Fixture.Nodes.EditMetadataAsync(address, patch, CancellationToken.None);
        }
    }
}
