using System.Diagnostics;

namespace SensorDash.Data.Events;

/// <summary>Consecutive events in commit order.</summary>
/// <param name="Prev">Position of the event before them.</param>
/// <param name="Last">Position up to which they are all.</param>
/// <param name="Events">In the order of canonical time.</param>
/// <param name="Coverage">Subscribers up to this number find every event that matches their filter in it.</param>
internal sealed record RecentSegment(long Prev, long Last, RecentEvent[] Events, long Coverage)
{
    // Fields and objects of an event beside its content, and its content as text and as an object.
    private const long BytesPerEvent = 1_000;

    /// <summary>Estimated memory, with the JSON of all events.</summary>
    public long Bytes { get; } = Events.Sum(e => BytesPerEvent + (3L * e.Event.Content.Length));
}

/// <summary>Result of a search for the events after a position.</summary>
internal enum RecentSearch
{
    /// <summary>There are none.</summary>
    None,

    Found,

    /// <summary>They no longer fit in memory.</summary>
    Dropped,

    /// <summary>They are there without those that the subscriber wants, or the store has another epoch.</summary>
    Incomplete,
}

/// <summary>The latest events in commit order, without gaps, as far as they fit: streams that keep up read nothing from the store.</summary>
/// <remarks>
/// Writers of this process add what they committed. Commits of other processes are only noted: <c>EventFeed</c> reads them from the store and adds them.
/// Bounded in bytes: a stream that is too slow finds its position dropped and reads from the store.
/// </remarks>
public sealed class RecentEvents
{
    /// <summary>Default of <see cref="MaxBytes"/>.</summary>
    public const long DefaultMaxBytes = 16 << 20;

    /// <summary>Coverage of events that nothing was left out of.</summary>
    internal const long Complete = long.MaxValue;

    // Streams wake at most this often: with hundreds of them, each wake of all costs as much as the events themselves.
    private static readonly TimeSpan _betweenWakes = TimeSpan.FromMilliseconds(5);

    private readonly Lock _lock = new();
    private readonly List<RecentSegment> _segments = [];
    private readonly List<RecentSegment> _ahead = []; // Committed here after a commit of another process that is not read yet.
    private TaskCompletionSource _change = NewSource(), _news = NewSource();
    private int _dropped; // Segments at the start of the list that are no longer valid.
    private long _bytes, _woken;
    private long? _start, _last, _head; // _start and _last bound the segments; null before the first commit or read.
    private long? _asked; // _last when the head was last wanted: commits during its read are not in it.
    private bool _isWanted, _isWakeSet, _mayHaveMore;

    /// <summary>Memory for events; a change applies to later commits.</summary>
    public long MaxBytes { get; set; } = DefaultMaxBytes;

    /// <summary>Epoch of the store; null before it is read.</summary>
    internal string? Epoch { get; private set; }

    /// <summary>Whether there are streams; else writers need not keep events.</summary>
    internal bool IsWanted => Volatile.Read(ref _isWanted);

    /// <summary>Completes when there are more events, or less. Get it before <see cref="Find"/>.</summary>
    internal Task NextChange
    {
        get
        {
            lock (_lock) return _change.Task;
        }
    }

    /// <summary>Completes when <see cref="FindGap"/> may have another result. Get it before.</summary>
    internal Task NextNews
    {
        get
        {
            lock (_lock) return _news.Task;
        }
    }

    /// <summary>Estimated memory of the events.</summary>
    internal long Bytes
    {
        get
        {
            lock (_lock) return _bytes;
        }
    }

    /// <summary>Adds a commit of this process. Writers call it after the commit.</summary>
    /// <param name="prev">Last canonical time of the batch before.</param>
    /// <param name="batch">The batch as the writer got it; its new events have a canonical time.</param>
    internal void Add(long prev, IReadOnlyList<LaneEvent> batch)
    {
        if (batch.Count == 0) return;
        var segment = new RecentSegment(prev, batch[^1].CanonicalTime, [.. batch.Select(e => new RecentEvent(e))], Complete);
        lock (_lock)
        {
            if (!_isWanted) return;
            _head = Math.Max(_head ?? 0, segment.Last);
            if (_last is null) (_start, _last) = (prev, prev);
            if (prev == _last) Append(segment);
            else if (prev > _last) Keep(segment);
            else return; // A read of the store was faster.
        }
        RequestWake();
    }

    /// <summary>Adds what the store has after <see cref="FindGap"/>.</summary>
    /// <param name="step">Events of all filters of subscribers up to <paramref name="coverage"/>.</param>
    internal void AddRead(long prev, EventStep step, long coverage)
    {
        lock (_lock)
        {
            if (!_isWanted) return;
            if (Epoch != step.Head.Epoch || step.Head.Position < prev) Restart(step.Head); // Not compared with _last: writers may have added commits during the read.
            else
            {
                _head = Math.Max(_head ?? 0, step.Head.Position);
                if (_last is null) (_start, _last) = (prev, prev);
                if (prev == _last && step.Position > prev) Append(new(prev, step.Position, [.. step.Events.Select(e => new RecentEvent(e))], coverage));
            }
        }
        RequestWake();
    }

    /// <summary>Sets the epoch and, if no commit came first, where the events start.</summary>
    internal void AddHead(EventHead head)
    {
        lock (_lock)
        {
            if (!_isWanted) return;
            if (Epoch is not null && (Epoch != head.Epoch || head.Position < _asked)) Restart(head);
            Epoch = head.Epoch;
            _head = Math.Max(_head ?? 0, head.Position);
            if (_last is null) (_start, _last) = (head.Position, head.Position);
        }
        RequestWake();
    }

    /// <summary>Notes a commit of another process.</summary>
    /// <param name="position">Its last canonical time; null: the head must be read.</param>
    internal void NoteCommit(long? position)
    {
        lock (_lock)
        {
            if (!_isWanted) return;
            if (position is { } at) _head = Math.Max(_head ?? 0, at);
            else _mayHaveMore = true;
            Interlocked.Exchange(ref _news, NewSource()).TrySetResult();
        }
    }

    /// <summary>What has to be read from the store. If that read fails, note a commit again.</summary>
    /// <returns>The position after which events are missing; −1: only the head is wanted; null: nothing.</returns>
    internal long? FindGap()
    {
        lock (_lock)
        {
            if (!_isWanted) return null;
            if (Epoch is null || _last is null || _mayHaveMore)
            {
                (_asked, _mayHaveMore) = (_last, false); // Before the read: a commit during it is noted for the next one.
                return -1;
            }
            return _last < _head ? _last : null;
        }
    }

    /// <summary>The events after a position.</summary>
    /// <param name="after">The position that a stream has reached.</param>
    /// <param name="epoch">Epoch of that position.</param>
    /// <param name="subscriber">Number of the subscriber.</param>
    /// <param name="found">Events, of which some may be before the position; null without <see cref="RecentSearch.Found"/>.</param>
    internal RecentSearch Find(long after, string epoch, long subscriber, out RecentSegment? found)
    {
        found = null;
        lock (_lock)
        {
            if (Epoch is null || _last is null) return RecentSearch.None;
            if (Epoch != epoch) return RecentSearch.Incomplete;
            if (after >= _last) return RecentSearch.None;
            if (after < _start) return RecentSearch.Dropped;
            var segment = _segments[FirstAfter(after)];
            if (segment.Coverage < subscriber) return RecentSearch.Incomplete;
            found = segment;
            return RecentSearch.Found;
        }
    }

    /// <summary>Position up to which events are known to exist.</summary>
    internal long KnownHead
    {
        get
        {
            lock (_lock) return _head ?? 0;
        }
    }

    /// <summary>Starts or stops keeping events.</summary>
    internal void Want(bool isWanted)
    {
        lock (_lock)
        {
            _isWanted = isWanted;
            if (!isWanted)
            {
                Clear();
                (Epoch, _mayHaveMore) = (null, false);
            }
            Interlocked.Exchange(ref _news, NewSource()).TrySetResult();
        }
    }

    private void Append(RecentSegment segment)
    {
        AppendOne(segment);
        while (_ahead.Count > 0 && _ahead[0].Prev <= _last)
        {
            var next = _ahead[0];
            _ahead.RemoveAt(0);
            _bytes -= next.Bytes;
            if (next.Prev == _last) AppendOne(next);
        }
        if (_ahead.Count > 0) Interlocked.Exchange(ref _news, NewSource()).TrySetResult();
    }

    private void AppendOne(RecentSegment segment)
    {
        _segments.Add(segment);
        _bytes += segment.Bytes;
        _last = segment.Last;
        while (_bytes > MaxBytes && _dropped < _segments.Count)
        {
            _bytes -= _segments[_dropped].Bytes;
            _start = _segments[_dropped].Last;
            _segments[_dropped++] = null!;
        }
        if (_dropped <= _segments.Count / 2) return;
        _segments.RemoveRange(0, _dropped);
        _dropped = 0;
    }

    private void Keep(RecentSegment segment)
    {
        _ahead.Add(segment);
        _bytes += segment.Bytes;
        while (_bytes > MaxBytes && _ahead.Count > 0)
        {
            _bytes -= _ahead[^1].Bytes;
            _ahead.RemoveAt(_ahead.Count - 1); // It is read from the store with the others.
        }
        Interlocked.Exchange(ref _news, NewSource()).TrySetResult();
    }

    private int FirstAfter(long position)
    {
        var (low, high) = (_dropped, _segments.Count - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_segments[middle].Last > position) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    private void Restart(EventHead head)
    {
        Clear();
        (Epoch, _head, _start, _last) = (head.Epoch, head.Position, head.Position, head.Position);
    }

    private void Clear()
    {
        _segments.Clear();
        _ahead.Clear();
        (_dropped, _bytes, _start, _last, _head) = (0, 0, null, null, null);
    }

    private void RequestWake()
    {
        lock (_lock)
        {
            if (_isWakeSet) return;
            var left = _betweenWakes - Stopwatch.GetElapsedTime(_woken);
            if (left > TimeSpan.Zero)
            {
                _isWakeSet = true;
                _ = WakeLaterAsync(left);
                return;
            }
        }
        Wake();
    }

    // The system's clock: it saves processor time, and nothing depends on it.
    private async Task WakeLaterAsync(TimeSpan delay)
    {
        await Task.Delay(delay);
        Wake();
    }

    private void Wake()
    {
        TaskCompletionSource change;
        lock (_lock)
        {
            _isWakeSet = false;
            _woken = Stopwatch.GetTimestamp();
            (change, _change) = (_change, NewSource());
        }
        change.TrySetResult();
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
