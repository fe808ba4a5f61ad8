using SensorDash.Data.Readings;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Readings;

public sealed class RecentBatchesTests
{
    private readonly RecentBatches _recent = new();

    [Fact]
    public void Read_BatchesInSequence_GivesWholeBatchesUntilThereAreEnoughRows()
    {
        for (var id = 4; id <= 7; id++) _recent.Add(id, id * 10, Run(id, 3));

        var changes = _recent.Read(4, rowsWanted: 4)!;

        Assert.Equal((6, 60), (changes.UpTo, changes.CommittedAt));
        Assert.Equal([.. Run(5, 3), .. Run(6, 3)], changes.Added);
        Assert.Equal([.. Run(4, 3)], _recent.Read(3, rowsWanted: 1)!.Added);
    }

    [Fact]
    public void Read_NothingKeptOrNothingLater_LeavesItToTheStore()
    {
        Assert.False(_recent.IsWanted);
        Assert.Null(_recent.Read(0, 1));
        Assert.True(_recent.IsWanted);
        _recent.Add(4, 40, Run(1, 1));

        Assert.Null(_recent.Read(2, 1)); // Batch 3 is not kept.
        Assert.Null(_recent.Read(4, 1));
        Assert.Null(_recent.Read(9, 1)); // Of another store.
    }

    [Fact]
    public void Add_AfterABatchOfAnother_BeginsAnew()
    {
        _recent.Add(4, 40, Run(1, 1));
        _recent.Add(6, 60, Run(1, 1)); // Batch 5 is a removal, or of another process.

        Assert.Null(_recent.Read(3, 1));
        Assert.Null(_recent.Read(4, 1));
        Assert.Equal(6, _recent.Read(5, 1)!.UpTo);
    }

    [Fact]
    public void Add_MoreThanFits_DropsTheOldest()
    {
        for (var id = 1; id <= 5; id++) _recent.Add(id, 0, new Reading[RecentBatches.MaxRows / 3]);

        Assert.Null(_recent.Read(1, 1));
        Assert.Equal(3, _recent.Read(2, 1)!.UpTo);
        _recent.Add(6, 0, new Reading[RecentBatches.MaxRows + 1]);
        Assert.Null(_recent.Read(5, 1));
        _recent.Add(7, 0, Run(1, 1));
        Assert.Equal(7, _recent.Read(6, 1)!.UpTo);
    }
}
