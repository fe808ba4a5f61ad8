using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SensorDash.Data.Ingest;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Ingest;

public sealed partial class IngestWorkerTests : IAsyncLifetime
{
    // Only keeps a broken test from hanging; no test passes by it.
    private static readonly TimeSpan _hang = WaitFor.Limit;

    private readonly IngestOptions _options = new() { BufferCapacity = 5_000 };
    private SqliteStoreFixture _fixture = null!;
    private FailingStore _store = null!;
    private WriteBuffer<Reading> _buffer = null!;
    private IngestWorker<Reading>? _worker;

    public async Task InitializeAsync()
    {
        _fixture = await SqliteStoreFixture.CreateAsync();
        _store = new FailingStore(_fixture.Store);
        _buffer = new WriteBuffer<Reading>(Options.Create(_options), _fixture.Clock);
    }

    public async Task DisposeAsync()
    {
        if (_worker is not null)
        {
            using var now = new CancellationTokenSource();
            await now.CancelAsync();
            await _worker.StopAsync(now.Token);
            _worker.Dispose();
        }
        await _fixture.DisposeAsync();
    }

    [Fact]
    public async Task Submission_WaitedFor_EndsOnlyWhenItsRowsAreCommitted()
    {
        _store.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await StartAsync();
        var submission = Submit(isWaitedFor: true, Reading(1), Reading(2));
        await _store.Entered.Task.WaitAsync(_hang);

        Assert.False(submission.Done.IsCompleted);
        Assert.Equal(0, await CommittedAsync());
        _store.Gate.SetResult();
        var result = await submission.Done.WaitAsync(_hang);

        Assert.Equal((2, 0, 0), (result.Inserted, result.Duplicates, result.Rejected.Count));
        Assert.Equal(2, await CommittedAsync()); // Through a connection of the test's own: it is in the file.
    }

    [Fact]
    public async Task Submission_WithDuplicates_CountsThem()
    {
        await StartAsync();
        await Submit(isWaitedFor: true, Reading(1)).Done.WaitAsync(_hang);

        var result = await Submit(isWaitedFor: true, Reading(1), Reading(2), Reading(2)).Done.WaitAsync(_hang);

        Assert.Equal((1, 2), (result.Inserted, result.Duplicates));
    }

    [Fact]
    public async Task Submissions_QueuedTogether_ShareOneBatchAndEachKnowsItsOwnResult()
    {
        Submission<Reading>[] queued = [
            Submit(true, Reading(1)), Submit(true, Reading(2), Reading(1)), Submit(true, Reading(3)), Submit(true, Reading(3, temperature: 1))];
        await StartAsync();

        var results = await Task.WhenAll(queued.Select(s => s.Done)).WaitAsync(_hang);

        Assert.Equal([(1, 0), (1, 1), (1, 0), (0, 1)], results.Select(r => (r.Inserted, r.Duplicates)));
        Assert.Equal([5], _store.AttemptedSizes);
        Assert.Equal(1, await _fixture.ScalarAsync("SELECT count(DISTINCT batch_id) FROM sensor_readings"));
    }

    [Fact]
    public async Task Submission_Buffered_WaitsForTheInterval()
    {
        await StartAsync();
        var submission = Submit(isWaitedFor: false, Reading(1));
        await _fixture.Clock.TimerPendingAsync().WaitAsync(_hang);

        _fixture.Clock.Advance(_options.FlushInterval - TimeSpan.FromMilliseconds(1));
        Assert.Empty(_store.AttemptedSizes);
        Assert.Equal(1, _buffer.RowsWaiting);
        _fixture.Clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(1, (await submission.Done.WaitAsync(_hang)).Inserted);
    }

    [Fact]
    public async Task Submission_Buffered_GoesWithABatchOfFullSize()
    {
        _options.BatchSize = 10;
        await StartAsync();
        var first = Submit(isWaitedFor: false, Run(1, 9));
        await _fixture.Clock.TimerPendingAsync().WaitAsync(_hang);
        Assert.Empty(_store.AttemptedSizes);

        var second = Submit(isWaitedFor: false, Reading(2));

        await Task.WhenAll(first.Done, second.Done).WaitAsync(_hang);
        Assert.Equal([10], _store.AttemptedSizes);
    }

    [Fact]
    public async Task Submission_WaitedForBehindBufferedOnes_TakesThemAlongAtOnce()
    {
        await StartAsync();
        var buffered = Submit(isWaitedFor: false, Reading(1));
        await _fixture.Clock.TimerPendingAsync().WaitAsync(_hang);

        await Submit(isWaitedFor: true, Reading(2)).Done.WaitAsync(_hang);

        await buffered.Done.WaitAsync(_hang);
        Assert.Equal([2], _store.AttemptedSizes);
    }

    [Fact]
    public async Task Submission_SdSaver_GathersEvenWhatIsWaitedFor()
    {
        _options.Durability = DurabilityProfile.SdSaver;
        await StartAsync();
        var submission = Submit(isWaitedFor: true, Reading(1));
        await _fixture.Clock.TimerPendingAsync().WaitAsync(_hang);
        Assert.Empty(_store.AttemptedSizes);

        _fixture.Clock.Advance(_options.SdSaverInterval);

        await submission.Done.WaitAsync(_hang);
    }

    [Fact]
    public async Task Submissions_SdSaver_AreCommittedOnceAnIntervalHoweverManyTheyAre()
    {
        (_options.Durability, _options.BatchSize) = (DurabilityProfile.SdSaver, 10);
        Submission<Reading>[] submissions = [Submit(isWaitedFor: false, Run(1, 30)), Submit(isWaitedFor: true, Run(2, 30))];
        await StartAsync(); // The worker finds both, so the pending timer is that of both.
        await _fixture.Clock.TimerPendingAsync().WaitAsync(_hang);
        _fixture.Clock.Advance(_options.SdSaverInterval - TimeSpan.FromMilliseconds(1));
        Assert.Empty(_store.AttemptedSizes);
        _fixture.Clock.Advance(TimeSpan.FromMilliseconds(1));

        await Task.WhenAll(submissions.Select(s => s.Done)).WaitAsync(_hang);
        Assert.Equal([60], _store.AttemptedSizes);
    }

    [Fact]
    public async Task Submission_SdSaverOfFullSize_IsNotKeptWaiting()
    {
        _options.Durability = DurabilityProfile.SdSaver;
        await StartAsync();
        await Submit(isWaitedFor: true, Run(1, Submission.MaxRows)).Done.WaitAsync(_hang);
    }

    [Fact]
    public async Task Buffer_Full_RefusesUntilThereIsRoomAgain()
    {
        _store.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = Submit(isWaitedFor: true, Run(1, 4_999));
        await StartAsync();
        await _store.Entered.Task.WaitAsync(_hang); // Taken by the writer, and still counted: it is in memory.

        Assert.True(_buffer.TryAdd(new Submission<Reading>(new[] { Reading(2) }, true)));
        Assert.False(_buffer.TryAdd(new Submission<Reading>(new[] { Reading(3) }, true)));
        Assert.Equal(5_000, _buffer.RowsWaiting);
        _store.Gate.SetResult();
        await first.Done.WaitAsync(_hang);
        await _buffer.AddAsync(new Submission<Reading>(new[] { Reading(3) }, true), _hang, CancellationToken.None);
    }

    [Fact]
    public async Task Buffer_Full_AddWaitsForRoomAndThenGoesIn()
    {
        _store.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Submit(isWaitedFor: true, Run(1, 5_000));
        await StartAsync();
        await _store.Entered.Task.WaitAsync(_hang);
        var late = new Submission<Reading>(new[] { Reading(2) }, true);

        var adding = _buffer.AddAsync(late, TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.False(adding.IsCompleted);
        _store.Gate.SetResult();

        await adding.WaitAsync(_hang);
        Assert.Equal(1, (await late.Done.WaitAsync(_hang)).Inserted);
    }

    [Fact]
    public async Task Buffer_FullForLongerThanThePatience_IsUnavailable()
    {
        Submit(isWaitedFor: true, Run(1, 5_000)); // No worker takes it.
        var adding = _buffer.AddAsync(new Submission<Reading>(new[] { Reading(2) }, true), TimeSpan.FromSeconds(30), CancellationToken.None);
        await _fixture.Clock.TimerPendingAsync().WaitAsync(_hang);

        _fixture.Clock.Advance(TimeSpan.FromSeconds(30));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => adding.WaitAsync(_hang));
        Assert.Equal(5_000, _buffer.RowsWaiting);
    }

    [Fact]
    public async Task Buffer_RoomThatIsNeverEnough_DoesNotProlongThePatience()
    {
        Submit(isWaitedFor: true, Run(1, 5_000));
        var adding = _buffer.AddAsync(new Submission<Reading>(Run(2, 5_000), true), TimeSpan.FromSeconds(30), CancellationToken.None);
        await _fixture.Clock.TimerPendingAsync().WaitAsync(_hang);
        _fixture.Clock.Advance(TimeSpan.FromSeconds(20));
        var again = _fixture.Clock.NextTimerAsync();
        _buffer.Release(1);
        await again.WaitAsync(_hang);

        _fixture.Clock.Advance(TimeSpan.FromSeconds(10));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => adding.WaitAsync(_hang));
    }

    [Fact]
    public void Buffer_FilledByManySendersAtOnce_NeverHoldsMoreThanItsCapacity()
    {
        var taken = 0;
        Parallel.For(0, 200, i =>
        {
            if (_buffer.TryAdd(new Submission<Reading>(Run(1 + i, 70), true))) Interlocked.Add(ref taken, 70);
            Assert.True(_buffer.RowsWaiting <= 5_000);
        });

        Assert.Equal((4_970, 4_970), (taken, _buffer.RowsWaiting));
    }

    [Fact]
    public void Buffer_Empty_TakesASubmissionOfAnyLength()
    {
        Assert.True(_buffer.TryAdd(new Submission<Reading>(Run(1, 6_000), true)));
        Assert.False(_buffer.TryAdd(new Submission<Reading>(Run(1, 1), true)));
    }

    [Fact]
    public void Buffer_Completed_SaysThatTheProgramStops()
    {
        _buffer.Complete();
        _buffer.Complete(); // The host may stop a service twice.

        Assert.Throws<StoreUnavailableException>(() => _buffer.TryAdd(new Submission<Reading>(Run(1, 1), true)));
        Assert.Equal(0, _buffer.RowsWaiting);
    }

    [Fact]
    public async Task Stop_WithQueuedRows_WritesThemAllAtOnce()
    {
        await StartAsync();
        var buffered = Submit(isWaitedFor: false, Run(1, 20));
        await _fixture.Clock.TimerPendingAsync().WaitAsync(_hang); // Would wait for the interval otherwise.

        await _worker!.StopAsync(CancellationToken.None).WaitAsync(_hang);

        Assert.Equal(20, (await buffered.Done.WaitAsync(_hang)).Inserted);
        Assert.Equal(20, await CommittedAsync());
    }

    [Fact]
    public async Task Stopping_BeforeTheWebServerHasStopped_WritesQueuedAndLaterRowsWithoutWaiting()
    {
        await StartAsync();
        var earlier = Submit(isWaitedFor: false, Run(1, 20));
        await _fixture.Clock.TimerPendingAsync().WaitAsync(_hang); // Would wait for the interval otherwise.

        await _worker!.StoppingAsync(CancellationToken.None);

        Assert.Equal(20, (await earlier.Done.WaitAsync(_hang)).Inserted);
        Assert.Equal(5, (await Submit(isWaitedFor: false, Run(2, 5)).Done.WaitAsync(_hang)).Inserted);
    }

    [Fact]
    public async Task Stop_WhileTheStoreIsAwayForEver_FailsEverySenderWhenPatienceEnds()
    {
        _store.FailNext(int.MaxValue);
        await StartAsync();
        var first = Submit(true, Reading(1));
        await _fixture.Clock.TimerPendingAsync().WaitAsync(_hang);
        var second = Submit(true, Reading(2));
        using var timeout = new CancellationTokenSource();
        var stopping = _worker!.StopAsync(timeout.Token);
        Assert.False(stopping.IsCompleted);

        await timeout.CancelAsync();
        await stopping.WaitAsync(_hang);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => first.Done.WaitAsync(_hang));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => second.Done.WaitAsync(_hang));
        Assert.Equal((0, 0L), (_buffer.RowsWaiting, await CommittedAsync()));
    }

    private Submission<Reading> Submit(bool isWaitedFor, params Reading[] rows)
    {
        var submission = new Submission<Reading>(rows, isWaitedFor);
        Assert.True(_buffer.TryAdd(submission));
        return submission;
    }

    private Task<long> CommittedAsync() => _fixture.ScalarAsync("SELECT count(*) FROM sensor_readings");

    private Task StartAsync()
    {
        _worker = new IngestWorker<Reading>(_buffer, _store, Options.Create(_options), _fixture.Clock, NullLogger<IngestWorker<Reading>>.Instance);
        return _worker.StartAsync(CancellationToken.None);
    }
}
