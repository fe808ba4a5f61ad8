using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Ingest;

/// <summary>Takes what is queued whenever it is free and commits it: one transaction, however many senders (group commit).</summary>
public sealed partial class IngestWorker(
    WriteBuffer buffer, IReadingStore store, IOptions<IngestOptions> options, TimeProvider clock, ILogger<IngestWorker> logger)
    : BackgroundService
{
    // Four full submissions: larger transactions gain nothing (bench/results) and only make the next sender wait.
    private const int MaxTransactionRows = 20_000;

    private static readonly TimeSpan _firstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _longestRetry = TimeSpan.FromSeconds(2);

    private readonly bool _gathers = options.Value.Durability == DurabilityProfile.SdSaver;
    private readonly List<Submission> _batch = [];
    private readonly CancellationTokenSource _abandon = new();
    private Reading[] _rows = new Reading[Submission.MaxRows];
    private bool[] _isNew = new bool[Submission.MaxRows];

    /// <summary>How the writer is doing.</summary>
    public IngestStatus Status { get; private set; } = IngestStatus.Initial;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // The rest of the host starts meanwhile.
        while (await buffer.Reader.WaitToReadAsync(CancellationToken.None))
        {
            var count = await GatherAsync();
            try
            {
                await FlushAsync(count, _abandon.Token);
                foreach (var submission in _batch) submission.Complete();
            }
            catch (Exception e)
            {
                // Nothing is acknowledged, so nothing acknowledged is lost; only rows sent with ack=buffered are.
                Log.BatchAbandoned(logger, count, e);
                foreach (var submission in _batch) submission.Fail(new StoreUnavailableException("The readings could not be stored.", e));
            }
            finally
            {
                _batch.Clear();
                buffer.Release(count);
            }
        }
    }

    /// <summary>Drains: takes no more, writes what is queued, and gives up only when the host's patience ends.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        buffer.Complete();
        await using (cancellationToken.Register(_abandon.Cancel))
        {
            if (ExecuteTask is { } running) await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await base.StopAsync(cancellationToken);
    }

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
            var left = options.Value.FlushInterval - clock.GetElapsedTime(deadline);
            if (hurry || count >= options.Value.BatchSize || left <= TimeSpan.Zero) return count;
            try
            {
                if (!await buffer.Reader.WaitToReadAsync(CancellationToken.None).AsTask().WaitAsync(left, clock)) return count;
            }
            catch (TimeoutException)
            {
                return count; // The interval passed: a small batch is a normal result.
            }
        }
    }

    private async Task FlushAsync(int count, CancellationToken cancellationToken)
    {
        if (_rows.Length < count) (_rows, _isNew) = (new Reading[count], new bool[count]);
        var at = 0;
        foreach (var submission in _batch)
        {
            submission.Rows.CopyTo(_rows.AsMemory(at));
            at += submission.Rows.Length;
        }

        var refused = new Dictionary<int, string>();
        await AppendAsync(0, count, refused, cancellationToken);

        at = 0;
        foreach (var submission in _batch)
        {
            submission.AddResult(_isNew.AsSpan(at, submission.Rows.Length));
            for (var i = 0; refused.Count > 0 && i < submission.Rows.Length; i++)
                if (refused.TryGetValue(at + i, out var error)) submission.Refuse(i, error);
            at += submission.Rows.Length;
        }
    }

    // A row that the store refuses is found by halving, so that it cannot keep the good rows around it out for ever.
    private async Task AppendAsync(int start, int count, Dictionary<int, string> refused, CancellationToken cancellationToken)
    {
        try
        {
            var added = await AppendWithRetryAsync(start, count, cancellationToken);
            Status = new IngestStatus(null, null, Status.RowsCommitted + added);
        }
        catch (StoreRejectedException e) when (count == 1)
        {
            Log.ReadingRefused(logger, _rows[start].NodeAddress, _rows[start].Timestamp, e);
            _isNew[start] = false;
            refused[start] = "the store refuses this reading";
        }
        catch (StoreRejectedException)
        {
            await AppendAsync(start, count / 2, refused, cancellationToken);
            await AppendAsync(start + (count / 2), count - (count / 2), refused, cancellationToken);
        }
    }

    private async Task<int> AppendWithRetryAsync(int start, int count, CancellationToken cancellationToken)
    {
        for (var pause = _firstRetry; ; pause = pause * 2 < _longestRetry ? pause * 2 : _longestRetry)
        {
            try
            {
                return await store.AppendAsync(_rows.AsMemory(start, count), _isNew.AsMemory(start, count), cancellationToken);
            }
            catch (StoreUnavailableException e)
            {
                if (Status.FailingSince is null) Log.StoreUnavailable(logger, count, e);
                Status = Status with { FailingSince = Status.FailingSince ?? clock.GetUtcNow(), LastError = e.Message };
                await Task.Delay(pause, clock, cancellationToken);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The store is unavailable; {Rows} rows are kept and tried again.")]
        public static partial void StoreUnavailable(ILogger logger, int rows, Exception error);

        [LoggerMessage(2, LogLevel.Error, "The store refuses the reading of node {Node} at {Timestamp}.")]
        public static partial void ReadingRefused(ILogger logger, int node, long timestamp, Exception error);

        [LoggerMessage(3, LogLevel.Error, "A batch of {Rows} rows was given up. Their senders were told so, except those that asked for ack=buffered.")]
        public static partial void BatchAbandoned(ILogger logger, int rows, Exception error);
    }
}
