using SensorDash.Data.Storage;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Readings;

public abstract partial class ReadingStoreContract
{
    [SkippableFact]
    public async Task Append_NewNodesBeyondTheLimit_RejectsTheirRowsAndStoresAllOthers()
    {
        Fixture.NodeLimit.MaxNodes = 3;
        await Store.AddAsync(Reading(1), Reading(2));
        var outcomes = new RowOutcome[8];

        var added = await Store.AppendAsync(
            new[] { Reading(9), Reading(8), Reading(1), Reading(8, Noon + 1), Reading(9, Noon + 1), Reading(8), Reading(2, Noon + 1), Reading(7) },
            outcomes, CancellationToken.None);

        Assert.Equal(3, added);
        Assert.Equal([RowOutcome.Inserted, RowOutcome.NodeLimit, RowOutcome.Duplicate, RowOutcome.NodeLimit, RowOutcome.Inserted, RowOutcome.NodeLimit,
            RowOutcome.Inserted, RowOutcome.NodeLimit], outcomes);
        Assert.Equal([(1, 1, 1), (2, 2, 0), (9, 2, 0)],
            (await Fixture.NodeStore.ListAsync(CancellationToken.None)).Select(n => (n.Address, (int)n.TotalReadings, (int)n.DuplicatesSeen)));
        Assert.Equal(5, (await Store.AllAsync()).Count);
    }

    [SkippableFact]
    public async Task Append_AtTheLimit_HoldsAcrossBatchesUntilThereIsRoomAgain()
    {
        Fixture.NodeLimit.MaxNodes = 2;
        await Store.AddAsync(Reading(1), Reading(2));

        Assert.Equal(0, await Store.AddAsync(Reading(3), Reading(4)));
        Assert.Equal(0, await Store.AddAsync(Reading(3)));
        Assert.Equal(1, await Store.AddAsync(Reading(3), Reading(1, Noon + 1)));
        Assert.Equal([1, 2], (await Fixture.NodeStore.ListAsync(CancellationToken.None)).Select(n => n.Address));

        await Fixture.NodeStore.DeleteAsync(2, CancellationToken.None);

        Assert.Equal(1, await Store.AddAsync(Reading(3), Reading(2)));
        Assert.Equal([1, 3], (await Fixture.NodeStore.ListAsync(CancellationToken.None)).Select(n => n.Address));

        Fixture.NodeLimit.MaxNodes = 1; // Lowered by an administrator: nodes that exist go on.

        Assert.Equal(2, await Store.AddAsync(Reading(1, Noon + 2), Reading(3, Noon + 2), Reading(4)));
    }
}
