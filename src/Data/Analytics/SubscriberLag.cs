using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Analytics;

/// <summary>How far a follower is behind the store, as last looked at.</summary>
internal sealed class SubscriberLag(IReadingChangeFeed store, TimeProvider clock)
{
    // The store adds up every batch behind the follower: too much to do at each step of a long way, or for each question.
    private static readonly TimeSpan _seldom = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private (long Rows, long? OldestCommittedAt) _last;
    private long? _readAt;

    /// <summary>Rows that the follower had not, and the age of the oldest as of now.</summary>
    public (long Rows, double Seconds) Last
    {
        get
        {
            lock (_lock) return (_last.Rows, AgeOf(_last.OldestCommittedAt));
        }
    }

    /// <summary>Looks now.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task<(long LastBatch, long Rows)> ReadAsync(long applied, CancellationToken cancellationToken)
    {
        var lag = await store.ReadLagAsync(applied, cancellationToken);
        lock (_lock) (_last, _readAt) = ((lag.Rows, lag.OldestCommittedAt), clock.GetTimestamp());
        return (lag.LastBatch, lag.Rows);
    }

    /// <summary>Looks, unless that was done within the last second.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task ReadThrottledAsync(long applied, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_readAt is { } at && clock.GetElapsedTime(at) < _seldom) return;
        }
        await ReadAsync(applied, cancellationToken);
    }

    // A commit that is told of by a clock ahead of ours has no age.
    private double AgeOf(long? committedAt)
        => committedAt is { } microseconds ? Math.Max(0, (clock.GetUtcNow() - DateTimeOffset.UnixEpoch.AddMicroseconds(microseconds)).TotalSeconds) : 0;
}
