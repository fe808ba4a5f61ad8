using Microsoft.Extensions.Logging.Abstractions;
using SensorDash.Data.Retention;
using SensorDash.Data.Storage;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Retention;

/// <summary>Which batches become one, and when.</summary>
public sealed class BatchMergeTests
{
    [Fact]
    public void Plan_ManyBatches_MakesGroupsOfABoundedSize()
    {
        var batches = Enumerable.Range(1, BatchMerge.StepBatches).Select(i => new LoggedBatch(i, i, i % 2 == 0 ? -30 : 70, 1000 - i, 1000 + i, i % 2 == 0, i)).ToList();

        var (merged, next) = BatchMerge.Plan(0, batches);

        Assert.Equal(5, merged.Count);
        Assert.Equal(merged[^2].Batch.Id, next);
        Assert.Equal(batches.Sum(b => b.Rows), merged.Sum(m => m.Batch.Rows));
        Assert.Equal(batches.Sum(b => b.Hash), merged.Sum(m => m.Batch.Hash));
        Assert.Equal((1, 2000, false), (merged[0].FirstId, merged[0].Batch.Id, merged[0].Batch.IsRemoval));
        Assert.Equal((1000 - 1999, 1000 + 1999), (merged[0].Batch.First, merged[0].Batch.Last));
    }

    [Fact]
    public void Plan_LargeBatches_StayAlone()
    {
        var batches = new LoggedBatch[] { new(1, 1, 60_000, 1, 2, false, 1), new(2, 2, 60_000, 3, 4, false, 1), new(9, 3, 200_000, 5, 6, false, 1) };

        var (merged, next) = BatchMerge.Plan(0, batches);

        Assert.Empty(merged);
        Assert.Null(next);
    }

    [Fact]
    public async Task Worker_StoppedAfterTheStoreIsGone_SaysNothing()
    {
        var (fixture, log) = (await SqliteStoreFixture.CreateAsync(), new RecordedLog<BatchMergeWorker>());
        using var worker = new BatchMergeWorker(fixture.Batches, fixture.EventBatches, fixture.Clock, log);
        await worker.StartAsync(default);
        await fixture.DisposeAsync();

        await worker.StopAsync(default);

        Assert.Empty(log.Lines);
    }

    [Fact]
    public async Task Worker_TenMinutesAfterTheStart_MergesReadingsAndEvents()
    {
        await using var fixture = await SqliteStoreFixture.CreateAsync();
        for (var i = 0; i < 20; i++) await fixture.Store.AddAsync(Reading(1, Noon + i));
        using var worker = new BatchMergeWorker(fixture.Batches, fixture.EventBatches, fixture.Clock, NullLogger<BatchMergeWorker>.Instance);
        await worker.StartAsync(default);

        await WaitFor.TrueAsync("the batches are merged", async () =>
        {
            fixture.Clock.Advance(TimeSpan.FromMinutes(10));
            return await fixture.ScalarAsync("SELECT count(*) FROM ingest_batches") == 2;
        });
        await worker.StopAsync(default);
    }
}
