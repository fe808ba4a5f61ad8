using System.Runtime.CompilerServices;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Streaming;

/// <summary>What to replay. Times are Unix microseconds in the timebase.</summary>
/// <param name="Filter">Selects the events. Every lane of the filter must have the fields of the filter.</param>
/// <param name="Timebase">The clock of the times and of the order.</param>
/// <param name="Start">Where it starts; with a stop, the start of the range, inclusive.</param>
/// <param name="Stop">End of the range, exclusive. Null: forward on to the head and then live, backward to the first event.</param>
/// <param name="Rate">Timeline seconds per second; negative: backward.</param>
public sealed record ReplayQuery(EventFilter Filter, Timebase Timebase, long Start, long? Stop, double Rate)
{
    /// <summary>Jump over windows without matching events instead of waiting.</summary>
    public bool SkipsGaps { get; init; }

    /// <summary>Go on exactly after this position of an earlier replay.</summary>
    public EventPosition? After { get; init; }

    /// <summary>The head when an earlier replay by source time started: events committed later follow it.</summary>
    public long? CommittedUpTo { get; init; }
}

/// <summary>A replay of stored events, paced by a steady clock. One caller reads it; others may change the rate.</summary>
public sealed class EventReplay(ReplayQuery query, EventFeed feed, LiveEvents live, TimeProvider clock)
{
    /// <summary>Maximum of the rate.</summary>
    public const double MaxRate = 1_000;

    private const long MicrosecondsPerSecond = 1_000_000;

    // Up to this rate a window is a second of the timeline; beyond it grows, so that there are at most twenty windows per second.
    private const double RateOfOneSecond = 20;

    private readonly bool _isForward = query.Rate > 0;
    private readonly ReplayPace _pace = new(clock);
    private double _rate = query.Rate;
    private volatile bool _isLive;

    /// <summary>The sign stays; a change holds from the next window.</summary>
    public double Rate
    {
        get => Volatile.Read(ref _rate);
        set => Volatile.Write(ref _rate, value);
    }

    /// <summary>Whether the replay has reached the head and is live now.</summary>
    public bool IsLive => _isLive;

    /// <summary>Reads to the end, or until cancelled.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async IAsyncEnumerable<StreamItem> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var head = await feed.ReadHeadAsync(cancellationToken);
        yield return new StreamStarted(head.Epoch);
        var bounds = await ReplayBounds.ReadAsync(query, head, feed, clock, cancellationToken);
        var at = bounds.Start;
        var after = query.After;
        _pace.Start();
        while (!bounds.IsAtEnd(at))
        {
            var rate = Math.Abs(Rate);
            var next = bounds.Clip(at, (long)(MicrosecondsPerSecond * Math.Max(1, rate / RateOfOneSecond)));
            var isEmpty = true;
            await foreach (var (chunk, headThen) in ReadWindowAsync(at, next, after, bounds, cancellationToken))
            {
                head = headThen;
                isEmpty &= chunk.Events.Count == 0;
                if (chunk.Events.Count > 0 || !query.SkipsGaps) yield return chunk;
            }
            after = null;
            var length = Math.Abs(next - at);
            at = next;
            if (bounds.ReachesHead(at, head)) break;
            if (!isEmpty || !query.SkipsGaps)
            {
                await _pace.WaitAsync(length / rate / MicrosecondsPerSecond, cancellationToken);
                continue;
            }
            at = await bounds.FindNextAsync(at, cancellationToken);
            if (_pace.IsSilent) yield return new StreamChunk([], at) { Cursor = CursorAt(at, bounds) };
            if (_pace.IsSilent) _pace.Start();
        }
        if (!bounds.TurnsLive)
        {
            yield return new StreamComplete();
            yield break;
        }
        _isLive = true;
        // The live stream says itself that it has caught up, by source time after it has sent what was committed in the meantime.
        var rest = new LiveQuery(query.Filter) { After = new(head.Epoch, bounds.LiveAfter(head)), SourceFrom = query.Timebase == Timebase.Source ? query.Start : null };
        await foreach (var item in live.ReadAsync(rest, cancellationToken))
            if (item is not StreamStarted) yield return item;
    }

    private async IAsyncEnumerable<(StreamChunk Chunk, EventHead Head)> ReadWindowAsync(
        long from, long to, EventPosition? after, ReplayBounds bounds, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var page = new EventQuery(query.Filter, query.Timebase, _isForward ? EventDirection.Forward : EventDirection.Backward, Math.Min(from, to), Math.Max(from, to), after, LiveEvents.MaxEvents)
        {
            MaxContentBytes = LiveEvents.MaxContentBytes,
            CommittedUpTo = bounds.CommittedUpTo,
        };
        while (true)
        {
            var (head, (events, next)) = await feed.ReadToHeadAsync(page, cancellationToken);
            // By canonical time the next commit follows the head: a window that ends after it is not complete.
            var end = _isForward && bounds.CommittedUpTo is null ? Math.Min(to, Math.Max(from, head.Position + 1)) : to;
            var cursor = next is { } last ? EventCursor.Format(last, query.Timebase, bounds.CommittedUpTo) : CursorAt(end, bounds);
            yield return (new StreamChunk([.. events.Select(e => new RecentEvent(e))], next?.Time ?? end) { Cursor = cursor }, head);
            if (next is null) yield break;
            page = page with { After = next };
        }
    }

    // Before all events of a time: forward they follow, backward they are sent.
    private string CursorAt(long time, ReplayBounds bounds) => EventCursor.Format(new(time, Lane.Metadata, null, 0, default), query.Timebase, bounds.CommittedUpTo);
}
