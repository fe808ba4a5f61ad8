using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Analytics;

/// <summary>The lag of a subscriber behind the store, as last measured.</summary>
internal sealed class SubscriberLag(IReadingChangeFeed store, TimeProvider clock)
{
    // The store sums all batches that the subscriber is behind: too expensive for each step or each query. Behind millions of batches at most a twentieth of the time.
    private static readonly TimeSpan _seldom = TimeSpan.FromSeconds(1);
    private const int ShareOfTime = 20;

    private readonly Lock _lock = new();
    private (long Rows, long? OldestCommittedAt) _last;
    private long? _readAt;
    private TimeSpan _wait = _seldom;

    /// <summary>Rows that the subscriber has, although the batches that it fills itself from are not applied yet.</summary>
    public long Filled { get; set; }

    /// <summary>Rows that the subscriber had not applied, and the current age of the oldest one.</summary>
    public (long Rows, double Seconds) Last
    {
        get
        {
            lock (_lock) return (Math.Max(0, _last.Rows - Filled), AgeOf(_last.OldestCommittedAt));
        }
    }

    /// <summary>Measures the lag now.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task<(long LastBatch, long Rows)> ReadAsync(long applied, CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        var lag = await store.ReadLagAsync(applied, cancellationToken);
        var cost = ShareOfTime * clock.GetElapsedTime(start);
        lock (_lock) (_last, _readAt, _wait) = ((lag.Rows, lag.OldestCommittedAt), clock.GetTimestamp(), cost > _seldom ? cost : _seldom);
        return (lag.LastBatch, lag.Rows);
    }

    /// <summary>Measures the lag unless the last measurement is recent: a second, longer where it takes long.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task ReadThrottledAsync(long applied, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_readAt is { } at && clock.GetElapsedTime(at) < _wait) return;
        }
        await ReadAsync(applied, cancellationToken);
    }

    // A commit from a clock that is ahead of this one has age 0.
    private double AgeOf(long? committedAt)
        => committedAt is { } microseconds ? Math.Max(0, (clock.GetUtcNow() - DateTimeOffset.UnixEpoch.AddMicroseconds(microseconds)).TotalSeconds) : 0;
}
