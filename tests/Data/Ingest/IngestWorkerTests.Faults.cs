using SensorDash.Data.Ingest;
using SensorDash.Data.Readings;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Ingest;

public sealed partial class IngestWorkerTests
{
    [Fact]
    public async Task Store_AwayForAWhile_KeepsTheBatchAndStoresItOnce()
    {
        _store.FailNext(4);
        await StartAsync();
        var began = _fixture.Clock.Now;
        var submission = Submit(isWaitedFor: true, Reading(1), Reading(2));
        foreach (var pause in new[] { 100, 200, 400, 800 })
        {
            await _fixture.Clock.TimerPendingAsync().WaitAsync(_hang);
            Assert.Equal((began, "The store is away."), (_worker!.Status.FailingSince, _worker.Status.LastError));
            Assert.False(submission.Done.IsCompleted);
            _fixture.Clock.Advance(TimeSpan.FromMilliseconds(pause));
        }

        var result = await submission.Done.WaitAsync(_hang);

        Assert.Equal((2, 0), (result.Inserted, result.Duplicates));
        Assert.Equal([2, 2, 2, 2, 2], _store.AttemptedSizes);
        Assert.Equal(2, await CommittedAsync());
        Assert.Equal((null, null, 2), (_worker!.Status.FailingSince, _worker.Status.LastError, _worker.Status.RowsCommitted));
    }

    [Fact]
    public async Task Store_Away_PausesGrowToTwoSeconds()
    {
        _store.FailNext(8);
        await StartAsync();
        var submission = Submit(isWaitedFor: true, Reading(1));
        foreach (var pause in new[] { 100, 200, 400, 800, 1600, 2000, 2000, 2000 })
        {
            await _fixture.Clock.TimerPendingAsync().WaitAsync(_hang);
            var tried = _store.AttemptedSizes.Count;
            _fixture.Clock.Advance(TimeSpan.FromMilliseconds(pause - 1));
            Assert.Equal(tried, _store.AttemptedSizes.Count);
            _fixture.Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        await submission.Done.WaitAsync(_hang);
    }

    [Fact]
    public async Task Store_TooSmallForTheBatch_StoresItInParts()
    {
        _store.MaxRows = 3;
        var submission = Submit(isWaitedFor: true, Run(1, 10));
        await StartAsync();

        var result = await submission.Done.WaitAsync(_hang);

        Assert.Equal((10, 0, 0), (result.Inserted, result.Duplicates, result.Rejected.Count));
        Assert.Equal([10, 5, 2, 3, 5, 2, 3], _store.AttemptedSizes);
        Assert.Equal(10, await CommittedAsync());
    }

    [Fact]
    public async Task Store_RefusesOneRow_OnlyItIsRefusedAndItsSenderTold()
    {
        await _fixture.RejectValueAsync(temperatureCentidegrees: 666);
        var clean = Submit(true, Run(1, 7));
        var poisoned = Submit(true, Reading(2, Noon), Reading(2, Noon + 1), Reading(2, Noon + 2, 666), Reading(2, Noon + 3), Reading(2, Noon + 1));
        var after = Submit(true, Reading(3));
        await StartAsync();

        var results = await Task.WhenAll(clean.Done, poisoned.Done, after.Done).WaitAsync(_hang);

        Assert.Equal([(7, 0), (3, 1), (1, 0)], results.Select(r => (r.Inserted, r.Duplicates)));
        Assert.Equal([2], results[1].Rejected.Select(r => r.Index));
        Assert.DoesNotContain("poison", results[1].Rejected[0].Error, StringComparison.Ordinal);
        Assert.Equal(11, await CommittedAsync());
        Assert.Equal(0, _buffer.RowsWaiting); // Whoever is told finds room for more.
    }

    [Fact]
    public async Task Store_RefusesEveryRow_AllAreRefusedAndTheNextIsStored()
    {
        await _fixture.RejectValueAsync(temperatureCentidegrees: 666);
        await StartAsync();
        var poisoned = await Submit(true, Reading(1, temperature: 666), Reading(2, temperature: 666), Reading(3, temperature: 666)).Done.WaitAsync(_hang);

        Assert.Equal((0, 0, 3), (poisoned.Inserted, poisoned.Duplicates, poisoned.Rejected.Count));
        Assert.Equal(1, (await Submit(true, Reading(1)).Done.WaitAsync(_hang)).Inserted);
    }

    [Fact]
    public async Task Store_AwayWhileAPoisonRowIsSought_EndsTheSame()
    {
        await _fixture.RejectValueAsync(temperatureCentidegrees: 666);
        _store.FailNext(2);
        await StartAsync();
        var submission = Submit(true, Reading(1), Reading(2, temperature: 666), Reading(3));
        foreach (var pause in new[] { 100, 200 })
        {
            await _fixture.Clock.TimerPendingAsync().WaitAsync(_hang);
            _fixture.Clock.Advance(TimeSpan.FromMilliseconds(pause));
        }

        var result = await submission.Done.WaitAsync(_hang);

        Assert.Equal((2, 0, 1), (result.Inserted, result.Duplicates, result.Rejected.Single().Index));
    }

    [Fact]
    public async Task File_LockedByAnotherProcess_IsStoredOnceWhenTheLockIsGone()
    {
        await StartAsync();
        Submission<Reading> submission;
        await using (await _fixture.LockAsync())
        {
            submission = Submit(true, Reading(1));
            await _fixture.Clock.TimerPendingAsync().WaitAsync(_hang);
            Assert.NotNull(_worker!.Status.FailingSince);
        }
        _fixture.Clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(1, (await submission.Done.WaitAsync(_hang)).Inserted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)] // Its sender has its 202 and will not send it again.
    public async Task Store_FailsForAReasonNobodyForesaw_KeepsTheBatchUntilItWorks(bool isWaitedFor)
    {
        await _fixture.ExecuteAsync("ALTER TABLE nodes RENAME TO nodes_gone");
        await StartAsync();
        var submission = Submit(isWaitedFor, Reading(1));
        if (!isWaitedFor)
        {
            await _fixture.Clock.TimerPendingAsync().WaitAsync(_hang);
            _fixture.Clock.Advance(_options.FlushInterval);
        }
        await WaitFor.TrueAsync("the store fails", () => _worker!.Status.FailingSince is not null);
        await _fixture.Clock.TimerPendingAsync().WaitAsync(_hang);
        Assert.Contains("nodes", _worker!.Status.LastError, StringComparison.Ordinal);
        Assert.False(submission.Done.IsCompleted);

        await _fixture.ExecuteAsync("ALTER TABLE nodes_gone RENAME TO nodes");
        _fixture.Clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(1, (await submission.Done.WaitAsync(_hang)).Inserted);
        Assert.Null(_worker.Status.FailingSince);
    }

    [Fact]
    public async Task Row_ThatBreaksTheWriter_IsRejectedAfterThreeAttemptsAndTheOthersAreStored()
    {
        _store.Breaks = reading => reading.NodeAddress == 2;
        var submission = Submit(true, Reading(1), Reading(2), Reading(3), Reading(4));
        await StartAsync();
        foreach (var pause in new[] { 100, 200 })
        {
            await _fixture.Clock.TimerPendingAsync().WaitAsync(_hang);
            _fixture.Clock.Advance(TimeSpan.FromMilliseconds(pause));
        }

        var result = await submission.Done.WaitAsync(_hang);

        Assert.Equal((3, 0, 1), (result.Inserted, result.Duplicates, result.Rejected.Single().Index));
        Assert.Equal([4, 4, 4, 2, 1, 1, 2], _store.AttemptedSizes);
        Assert.Null(_worker!.Status.FailingSince);
        Assert.Equal(1, (await Submit(true, Reading(5)).Done.WaitAsync(_hang)).Inserted);
    }

    [Fact]
    public async Task Stop_WithARowThatBreaksTheWriter_StoresTheOthersWithoutAPause()
    {
        _store.Breaks = reading => reading.NodeAddress == 2;
        var submission = Submit(true, Reading(1), Reading(2));
        await StartAsync();
        await _fixture.Clock.TimerPendingAsync().WaitAsync(_hang);

        await _worker!.StopAsync(CancellationToken.None).WaitAsync(_hang);

        var result = await submission.Done.WaitAsync(_hang);
        Assert.Equal((1, 1), (result.Inserted, result.Rejected.Count));
    }
}
