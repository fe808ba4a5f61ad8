using SensorDash.Data.Events;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Streaming;

/// <summary>Where a replay starts and ends on its timeline.</summary>
internal sealed class ReplayBounds
{
    private readonly ReplayQuery _query;
    private readonly EventFeed _feed;
    private readonly bool _isForward;
    private readonly long _end; // Exclusive forward, inclusive backward.

    private ReplayBounds(ReplayQuery query, EventFeed feed, long start, long end, long? committedUpTo)
        => (_query, _feed, _isForward, Start, _end, CommittedUpTo) = (query, feed, query.Rate > 0, start, end, committedUpTo);

    /// <summary>First time of the first window, inclusive forward, exclusive backward.</summary>
    public long Start { get; }

    /// <summary>By source time only what was committed up to this position is replayed; null by canonical time, whose order is that of commits.</summary>
    public long? CommittedUpTo { get; }

    /// <summary>Whether it goes on live.</summary>
    public bool TurnsLive => _isForward && _query.Stop is null;

    public static async Task<ReplayBounds> ReadAsync(ReplayQuery query, EventHead head, EventFeed feed, TimeProvider clock, CancellationToken cancellationToken)
    {
        var isForward = query.Rate > 0;
        var committed = query.Timebase == Timebase.Source ? Math.Min(query.CommittedUpTo ?? head.Position, head.Position) : (long?)null;
        var oldest = await FindAsync(query, feed, EventDirection.Forward, null, committed, cancellationToken);
        var newest = await FindAsync(query, feed, EventDirection.Backward, null, committed, cancellationToken);
        if (isForward)
        {
            var start = query.After?.Time ?? query.Start;
            // Beyond the newest event and the present there is nothing to wait for.
            var last = query.Timebase == Timebase.Source ? Math.Max(newest ?? 0, clock.NowMicroseconds()) + 1 : head.Position + 1;
            var end = query.Stop is { } stop ? Math.Min(stop, last) : query.Timebase == Timebase.Source ? (newest + 1) ?? start : long.MaxValue;
            return new(query, feed, start, end, committed);
        }
        // The start is inclusive in both directions.
        var above = Math.Min(query.Stop ?? Next(query.Start), query.After is { } after ? Next(after.Time) : long.MaxValue);
        var first = Math.Max(query.Stop is null ? long.MinValue : query.Start, oldest ?? above);
        var lastStored = query.Timebase == Timebase.Source ? Math.Max(newest ?? 0, clock.NowMicroseconds()) : head.Position;
        return new(query, feed, Math.Min(above, Next(lastStored)), first, committed);
    }

    public bool IsAtEnd(long at) => _isForward ? at >= _end : at <= _end;

    /// <summary>The end of a window.</summary>
    public long Clip(long at, long length) => _isForward ? (at > _end - length ? _end : at + length) : (at < _end + length ? _end : at - length);

    /// <summary>Whether everything up to the head is sent, and the rest follows live.</summary>
    /// <param name="at">End of the last window, exclusive.</param>
    /// <param name="head">The head in the snapshot of the last page of that window.</param>
    public bool ReachesHead(long at, EventHead head) => TurnsLive && CommittedUpTo is null && at > head.Position;

    /// <summary>The position after which the live stream starts.</summary>
    /// <param name="head">The head in the snapshot of the last page.</param>
    public long LiveAfter(EventHead head) => CommittedUpTo ?? head.Position;

    /// <summary>The time of the next event of any filter at or after a time, backward before it; the end if there is none.</summary>
    public async Task<long> FindNextAsync(long at, CancellationToken cancellationToken)
    {
        var (head, found) = await FindWithHeadAsync(_query, _feed, _isForward ? EventDirection.Forward : EventDirection.Backward, at, CommittedUpTo, cancellationToken);
        if (_isForward) return Math.Min(found ?? Math.Max(at, TurnsLive && CommittedUpTo is null ? head.Position + 1 : _end), _end);
        return Math.Max(found is { } time ? Next(time) : _end, _end);
    }

    private static async Task<long?> FindAsync(ReplayQuery query, EventFeed feed, EventDirection direction, long? at, long? committedUpTo, CancellationToken cancellationToken)
        => (await FindWithHeadAsync(query, feed, direction, at, committedUpTo, cancellationToken)).Time;

    // By lane only, which is a look at the indexes: another filter could read everything.
    private static async Task<(EventHead Head, long? Time)> FindWithHeadAsync(
        ReplayQuery query, EventFeed feed, EventDirection direction, long? at, long? committedUpTo, CancellationToken cancellationToken)
    {
        var isForward = direction == EventDirection.Forward;
        var first = new EventQuery(new EventFilter { Lanes = query.Filter.Lanes }, query.Timebase, direction, isForward ? at : null, isForward ? null : at, null, 1)
        {
            EndsAtLimit = true,
            CommittedUpTo = committedUpTo,
        };
        var (head, page) = await feed.ReadToHeadAsync(first, cancellationToken);
        return (head, page.Events is [var found, ..] ? found.TimeBy(query.Timebase) : null);
    }

    private static long Next(long time) => time == long.MaxValue ? time : time + 1;
}
