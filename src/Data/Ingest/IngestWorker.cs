using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Ingest;

/// <summary>Takes all queued rows and commits them in one transaction for any number of senders (group commit).</summary>
public sealed class IngestWorker<TRow>(
    WriteBuffer<TRow> buffer, IRowStore<TRow> store, IOptions<IngestOptions> options, TimeProvider clock, ILogger<IngestWorker<TRow>> logger)
    : BackgroundService, IHostedLifecycleService
    where TRow : IRow
{
    // Four full submissions: larger transactions are not faster (bench/results) and only delay the next sender.
    private const int MaxTransactionRows = 20_000;

    private static readonly TimeSpan _firstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _longestRetry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _betweenWarnings = TimeSpan.FromMinutes(10);

    // After so many attempts an unforeseen error is taken for the fault of a row.
    private const int AttemptsAtUnforeseen = 3;

    // Not events: a command's sender waits for its answer.
    private readonly bool _gathers = typeof(TRow) == typeof(Reading) && options.Value.GathersReadings;
    private readonly List<Submission<TRow>> _batch = [];
    private readonly CancellationTokenSource _abandon = new();
    private readonly TaskCompletionSource _stopsSoon = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IngestMeter _meter = new(clock);
    private TRow[] _rows = new TRow[Submission.MaxRows];
    private long? _warnedAt;
    private RowOutcome[] _outcomes = new RowOutcome[Submission.MaxRows];

    /// <summary>Runs for the rows of each transaction, with what became of them. It must not wait.</summary>
    public event CommittedRows<TRow>? Committed;

    /// <summary>Runs for each submission, with the time from its arrival in the buffer to its commit. It must not wait.</summary>
    public event Action<TimeSpan>? Waited;

    /// <summary>State of the writer.</summary>
    public IngestStatus Status { get; private set; } = IngestStatus.Initial;

    /// <summary>Throughput and latency of the writer.</summary>
    public IngestRates ReadRates() => _meter.Read();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // Let the rest of the host start.
        while (await buffer.Reader.WaitToReadAsync(CancellationToken.None))
        {
            var count = await GatherAsync();
            Exception? failure = null;
            try
            {
                await FlushAsync(count, _abandon.Token);
                Committed?.Invoke(_rows.AsSpan(0, count), _outcomes.AsSpan(0, count));
                foreach (var submission in _batch)
                {
                    _meter.Record(submission.Rows.Length, submission.QueuedAt);
                    Waited?.Invoke(clock.GetElapsedTime(submission.QueuedAt));
                }
            }
            catch (Exception e)
            {
                // Only rows sent with ack=buffered are lost: no others are acknowledged.
                IngestLog.BatchAbandoned(logger, count, e);
                failure = e;
            }
            Array.Clear(_rows, 0, count); // Release the events for garbage collection.
            buffer.Release(_batch.Sum(submission => submission.Weight));
            // Notify the senders last: they send more immediately, and the capacity of these rows must be free by then.
            foreach (var submission in _batch)
            {
                if (failure is null) submission.Complete();
                else submission.Fail(new StoreUnavailableException("The rows could not be stored.", failure));
            }
            _batch.Clear();
        }
    }

    /// <summary>From now on nothing waits for more rows.</summary>
    /// <remarks>The web server stops before this worker, and a slow sender may keep it for the whole shutdown timeout: then nothing would be left to drain in.</remarks>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        _stopsSoon.TrySetResult();
        return Task.CompletedTask;
    }

    /// <summary>Drains: accepts no more rows, writes the queued ones, and stops early only at the host's shutdown timeout.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        buffer.Complete();
        _stopping.TrySetResult();
        await using (cancellationToken.Register(_abandon.Cancel))
        {
            if (ExecuteTask is { } running) await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await base.StopAsync(cancellationToken);
    }

    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Dispose()
    {
        _abandon.Dispose();
        base.Dispose();
    }

    private async Task<int> GatherAsync()
    {
        var count = 0;
        var deadline = clock.GetTimestamp();
        while (true)
        {
            var hurry = false;
            while (count < MaxTransactionRows && buffer.Reader.TryRead(out var submission))
            {
                _batch.Add(submission);
                count += submission.Rows.Length;
            }
            foreach (var submission in _batch) hurry |= submission.IsWaitedFor && !_gathers;
            var left = (_gathers ? options.Value.SdSaverInterval : options.Value.FlushInterval) - clock.GetElapsedTime(deadline);
            // A full submission: the next one of the same request comes when this one is committed.
            var enough = _gathers ? Submission.MaxRows : options.Value.BatchSize;
            if (hurry || _stopsSoon.Task.IsCompleted || count >= enough || left <= TimeSpan.Zero) return count;
            try
            {
                var more = buffer.Reader.WaitToReadAsync(CancellationToken.None).AsTask();
                await Task.WhenAny(more, _stopsSoon.Task).WaitAsync(left, clock);
                if (more.IsCompleted && !await more) return count;
            }
            catch (TimeoutException)
            {
                // The interval elapsed: a small batch is a normal result, with what arrived at the last moment.
            }
        }
    }

    private async Task FlushAsync(int count, CancellationToken cancellationToken)
    {
        if (_rows.Length < count) (_rows, _outcomes) = (new TRow[count], new RowOutcome[count]);
        var at = 0;
        foreach (var submission in _batch)
        {
            submission.Rows.CopyTo(_rows.AsMemory(at));
            at += submission.Rows.Length;
        }

        await AppendRangeAsync(0, count, isPart: false, cancellationToken);

        at = 0;
        foreach (var submission in _batch)
        {
            submission.AddResult(_outcomes.AsSpan(at, submission.Rows.Length), options.Value.MaxNodes);
            at += submission.Rows.Length;
        }
        WarnOfNodeLimit(_outcomes.AsSpan(0, count).Count(RowOutcome.NodeLimit));
    }

    // A flood of new nodes must not become a flood of the log.
    private void WarnOfNodeLimit(int rows)
    {
        if (rows == 0 || (_warnedAt is { } at && clock.GetElapsedTime(at) < _betweenWarnings)) return;
        _warnedAt = clock.GetTimestamp();
        IngestLog.NodeLimitReached(logger, rows, options.Value.MaxNodes);
    }

    // Bisection finds a row that the store cannot take, so that it does not block the valid rows around it forever.
    private async Task AppendRangeAsync(int start, int count, bool isPart, CancellationToken cancellationToken)
    {
        try
        {
            var added = await AppendWithRetryAsync(start, count, isPart, cancellationToken);
            Status = new IngestStatus(null, null, Status.RowsCommitted + added);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            if (count == 1)
            {
                IngestLog.RowRejected(logger, _rows[start].Describe(), e);
                _outcomes[start] = RowOutcome.Rejected;
                return;
            }
            await AppendRangeAsync(start, count / 2, isPart: true, cancellationToken);
            await AppendRangeAsync(start + (count / 2), count - (count / 2), isPart: true, cancellationToken);
        }
    }

    // Returns after the commit. Throws when fewer rows may succeed: the store rejects a row, it cannot take so many, or an unforeseen error occurs again and again.
    private async Task<int> AppendWithRetryAsync(int start, int count, bool isPart, CancellationToken cancellationToken)
    {
        var unforeseen = 0;
        for (var pause = _firstRetry; ; pause = pause * 2 < _longestRetry ? pause * 2 : _longestRetry)
        {
            try
            {
                return await store.AppendAsync(_rows.AsMemory(start, count), _outcomes.AsMemory(start, count), cancellationToken);
            }
            catch (StoreBatchTooLargeException) when (count > 1)
            {
                throw; // Half of it may fit.
            }
            catch (Exception e) when (e is StoreUnavailableException or StoreFaultException && !cancellationToken.IsCancellationRequested)
            {
                if (e is StoreFaultException && Status.LastError != e.Message) IngestLog.StoreFault(logger, count, e);
                else if (Status.FailingSince is null) IngestLog.StoreUnavailable(logger, count, e);
                SetFailing(e);
                await Task.Delay(pause, clock, cancellationToken);
            }
            catch (Exception e) when (e is not StoreRejectedException && !cancellationToken.IsCancellationRequested)
            {
                if (Status.LastError != e.Message) IngestLog.Unforeseen(logger, count, e);
                SetFailing(e);
                if (isPart || ++unforeseen == AttemptsAtUnforeseen || _stopping.Task.IsCompleted) throw;
                await Task.WhenAny(_stopping.Task, Task.Delay(pause, clock, cancellationToken));
            }
        }
    }

    private void SetFailing(Exception error) => Status = Status with { FailingSince = Status.FailingSince ?? clock.GetUtcNow(), LastError = error.Message };
}

internal static partial class IngestLog
{
    [LoggerMessage(1, LogLevel.Warning, "The store is unavailable; retrying {Rows} rows.")]
    public static partial void StoreUnavailable(ILogger logger, int rows, Exception error);

    [LoggerMessage(2, LogLevel.Error, "The store rejected {Row}.")]
    public static partial void RowRejected(ILogger logger, string row, Exception error);

    [LoggerMessage(3, LogLevel.Error, "A batch of {Rows} rows was discarded. Senders got an error, except those that used ack=buffered.")]
    public static partial void BatchAbandoned(ILogger logger, int rows, Exception error);

    [LoggerMessage(4, LogLevel.Error, "The store fails; retrying {Rows} rows until an administrator has fixed it.")]
    public static partial void StoreFault(ILogger logger, int rows, Exception error);

    [LoggerMessage(6, LogLevel.Warning, "{Rows} readings of new nodes are rejected: the hub has its maximum of {MaxNodes} nodes. Delete nodes or raise Ingest:MaxNodes. This warning appears at most every ten minutes.")]
    public static partial void NodeLimitReached(ILogger logger, int rows, int maxNodes);

    [LoggerMessage(5, LogLevel.Error, "Writing {Rows} rows failed for an unforeseen reason. After some attempts they are written in ever smaller parts, to find the row that causes it.")]
    public static partial void Unforeseen(ILogger logger, int rows, Exception error);
}

/// <summary>Rows of one transaction.</summary>
/// <param name="rows">Valid during the call.</param>
/// <param name="outcomes">What became of each.</param>
public delegate void CommittedRows<TRow>(ReadOnlySpan<TRow> rows, ReadOnlySpan<RowOutcome> outcomes);
