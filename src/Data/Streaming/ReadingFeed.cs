using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Streaming;

/// <summary>Reads the changes of readings for all live streams: streams that want the same step share one read.</summary>
public sealed class ReadingFeed(IReadingChangeFeed changes, CommitSignal commits, TimeProvider clock)
{
    // Without any notification the store is read this often.
    private static readonly TimeSpan _safetyLook = TimeSpan.FromSeconds(30);

    // Rows of the latest steps, 8 MB.
    private const int MaxRows = 160_000;

    private readonly Lock _lock = new();
    private readonly Queue<(long After, ReadingChanges Changes)> _recent = [];
    private readonly Dictionary<long, Task<ReadingChanges>> _running = [];
    private long _lookedAt = clock.GetTimestamp();
    private int _rows;

    /// <summary>Completes with the next commit. Get it before <see cref="ReadAsync"/>.</summary>
    internal Task NextCommit => commits.NextCommit;

    internal Task<ReadingHead> ReadHeadAsync(CancellationToken cancellationToken) => changes.ReadHeadAsync(cancellationToken);

    /// <summary>Whether a position can be gone on from.</summary>
    internal async Task<bool> ExistsAsync(long batch, CancellationToken cancellationToken)
        => batch == 0 || await changes.FindCommittedAtAsync(batch, cancellationToken) is not null;

    /// <summary>The changes after a batch.</summary>
    internal async Task<ReadingChanges> ReadAsync(long after, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task<ReadingChanges>? running;
            TaskCompletionSource<ReadingChanges>? own = null;
            lock (_lock)
            {
                foreach (var (from, known) in _recent)
                    if (from == after) return known;
                if (!_running.TryGetValue(after, out running))
                {
                    own = new(TaskCreationOptions.RunContinuationsAsynchronously);
                    _running.Add(after, own.Task);
                }
            }
            if (own is not null) return await RunAsync(after, own, cancellationToken);
            try
            {
                var found = await running!.WaitAsync(cancellationToken);
                if (found.UpTo > after) return found;
                // It may have begun before the commit that woke this stream.
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The stream that read has ended.
            }
        }
    }

    /// <summary>Whether this caller should read without a notification, for all streams.</summary>
    internal bool TryBeginLook()
    {
        var last = Volatile.Read(ref _lookedAt);
        return clock.GetElapsedTime(last) >= _safetyLook && Interlocked.CompareExchange(ref _lookedAt, clock.GetTimestamp(), last) == last;
    }

    /// <summary>Wakes all streams after a look found something.</summary>
    internal void WakeAll() => commits.Publish();

    private async Task<ReadingChanges> RunAsync(long after, TaskCompletionSource<ReadingChanges> own, CancellationToken cancellationToken)
    {
        try
        {
            var found = await changes.ReadChangesAsync(after, cancellationToken);
            lock (_lock)
            {
                _running.Remove(after);
                if (found.UpTo > after) Keep(after, found);
            }
            own.SetResult(found);
            return found;
        }
        catch (Exception e)
        {
            lock (_lock) _running.Remove(after);
            if (e is OperationCanceledException) own.SetCanceled(cancellationToken);
            else own.SetException(e);
            _ = own.Task.Exception; // Observed, if no other stream waits.
            throw;
        }
    }

    private void Keep(long after, ReadingChanges found)
    {
        _recent.Enqueue((after, found));
        _rows += found.Added.Count + 1;
        while (_rows > MaxRows) _rows -= _recent.Dequeue().Changes.Added.Count + 1;
    }
}
