using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SensorDash.Data.Scrub;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Tests.Transfer;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Scrub;

/// <summary>The scrub in the background.</summary>
public sealed class ScrubWorkerTests : IAsyncLifetime
{
    private static readonly TimeSpan _interval = TimeSpan.FromHours(1);

    private readonly TemporaryFolder _folder = new();
    private readonly RecordedLog<ScrubWorker> _log = new();
    private ScrubSubject _subject = null!;

    public async Task InitializeAsync()
    {
        _subject = await ScrubSubject.CreateAsync(TransferEngine.Sqlite);
        await _subject.AddAsync(Run(12, 100));
    }

    public async Task DisposeAsync()
    {
        await _subject.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Pass_InTheBackground_IsRememberedAndTheNextComesAfterTheInterval()
    {
        using var worker = Create(rowsPerSecond: 1_000);
        await worker.StartAsync(default);
        await UntilAsync(() => worker.Record.Last is not null);
        var first = worker.Record.Last!;
        await worker.StopAsync(default);
        using var second = Create(rowsPerSecond: 1_000);
        await second.StartAsync(default);
        await UntilAsync(() => second.Record.Last is not null);
        var begins = first.StartedAt + (long)_interval.TotalMicroseconds;

        Assert.Equal((100, 0, 100), (first.Rows, first.FindingCount, worker.Rows));
        Assert.Equal((first.StartedAt, begins), (second.Record.Last!.StartedAt, second.NextAt));
        Assert.Null(second.Record.Running);
        await UntilAsync(() => second.Record.Last!.StartedAt >= begins);
        await second.StopAsync(default);
        Assert.Empty(await _subject.Fixture.Batches.ListFollowersAsync(default));
    }

    [Fact]
    public async Task Pass_SomethingHasRotted_IsLoggedAndCounted()
    {
        await _subject.RotReadingAsync("UPDATE {0} SET flags = 7", 12, Noon);
        using var worker = Create(rowsPerSecond: 1_000);
        await worker.StartAsync(default);
        await UntilAsync(() => worker.Record.Last is not null);
        await worker.StopAsync(default);

        Assert.Equal(1, worker.Findings);
        Assert.Equal(2, _log.Lines.Count(line => line.Level == LogLevel.Error)); // The finding, and the end of the pass.
    }

    [Fact]
    public async Task Pass_StoppedInTheMiddle_IsContinuedByTheNextProcess()
    {
        ScrubState stopped;
        using (var worker = Create(rowsPerSecond: 10))
        {
            await worker.StartAsync(default);
            await UntilAsync(() => worker.Record.Running is { Rows: > 30 }, seconds: 0.5); // Ten rows a second.
            await worker.StopAsync(default);
            stopped = worker.Record.Running!;
        }
        using var next = Create(rowsPerSecond: 10);
        await next.StartAsync(default);
        await UntilAsync(() => next.Record.Last is not null);
        await next.StopAsync(default);

        Assert.InRange(stopped.Rows, 31, 99);
        Assert.Equal((stopped.StartedAt, 100, 100 - stopped.Rows), (next.Record.Last!.StartedAt, next.Record.Last.Rows, next.Rows));
        Assert.Empty(next.Record.Last.Findings);
    }

    [Fact]
    public async Task Pass_WhileACommandReads_Waits()
    {
        using var worker = Create(rowsPerSecond: 1_000);
        await using (await Claim.TryAsync(default))
        {
            await worker.StartAsync(default);
            await UntilAsync(() => worker.Record.Running is not null);
            for (var i = 0; i < 10; i++)
            {
                await _subject.Fixture.Clock.TimerPendingAsync();
                _subject.Fixture.Clock.Advance(TimeSpan.FromSeconds(30));
            }
            Assert.Equal(0, worker.Rows);
        }
        await UntilAsync(() => worker.Record.Last is not null);
        await worker.StopAsync(default);
    }

    private SqliteScrubClaim Claim => new(_folder.File("claimed.db"));

    private ScrubWorker Create(int rowsPerSecond) => new(
        _subject.Sources, new(_subject.Fixture.Contexts, _subject.Fixture.WriterLock), Claim, _subject.Fixture.Batches, Options.Create(new ScrubOptions { Interval = _interval, RowsPerSecond = rowsPerSecond }), new SqliteErrors(), _subject.Fixture.Clock, _log);

    private Task UntilAsync(Func<bool> isSo, double seconds = 30) => WaitFor.TrueAsync("the scrub", () =>
    {
        if (isSo()) return true;
        _subject.Fixture.Clock.AdvanceIfTimerPending(TimeSpan.FromSeconds(seconds));
        return false;
    });
}
