using System.Runtime.CompilerServices;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Streaming;

/// <summary>A live stream to read.</summary>
/// <param name="Filter">Selects the events. Every lane of the filter must have the fields of the filter.</param>
public sealed record LiveQuery(EventFilter Filter)
{
    /// <summary>Where the client stands; null: it wants only what is committed from now on.</summary>
    public StreamToken? After { get; init; }

    /// <summary>Only events with a source time from this one, Unix microseconds; null: all.</summary>
    public long? SourceFrom { get; init; }

    internal bool Matches(LaneEvent laneEvent) => !(laneEvent.SourceTime < SourceFrom) && Filter.Matches(laneEvent);
}

/// <summary>Events as they are committed, in commit order, each exactly once.</summary>
public sealed class LiveEvents(EventFeed feed, TimeProvider clock)
{
    /// <summary>Maximum events of a chunk, except events of one position.</summary>
    public const int MaxEvents = 1_000;

    /// <summary>Content after which a chunk ends: with the objects around it, what one client can hold in memory.</summary>
    public const int MaxContentBytes = 256 << 10;

    /// <summary>A stream without events sends its position this often.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Reads until cancelled. The caller takes one item after the other; what it does not take stays in shared memory, or in the store.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable; a new stream may go on at the last position.</exception>
    public async IAsyncEnumerable<StreamItem> ReadAsync(LiveQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var watch = feed.Register(query.Filter);
        var head = await feed.ReadHeadAsync(cancellationToken);
        var epoch = head.Epoch;
        yield return new StreamStarted(epoch);
        var position = query.After?.Position ?? head.Position;
        if (query.After is { } token && (token.Epoch != epoch || token.Position > head.Position || IsBeforeEdge(query, token.Position, head)))
        {
            yield return new StreamReset(epoch, head.Oldest, head.Position);
            position = head.Position;
        }
        var (sent, isLive, sentAt, goal) = (position, false, clock.GetTimestamp(), head.Position);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            watch.Position = position;
            var change = feed.Recent.NextChange;
            var events = new List<RecentEvent>();
            var search = TakeRecent(query, events, ref position, epoch, watch.Number);
            if (search == RecentSearch.Dropped && isLive)
            {
                watch.NoteFellBehind();
                yield return new StreamFellBehind(Math.Max(0, feed.Recent.KnownHead - sent), sent, clock.NowMicroseconds());
                isLive = false;
            }
            var isAtHead = search == RecentSearch.None && position >= goal;
            if (!isAtHead && search != RecentSearch.Found)
            {
                var step = await feed.ReadStepAsync(
                    new(query.Filter, position) { Limit = MaxEvents, MaxContentBytes = MaxContentBytes, SourceFrom = query.SourceFrom }, cancellationToken);
                if (step.Head.Epoch != epoch || step.Head.Position < position || IsBeforeEdge(query, position, step.Head))
                {
                    epoch = step.Head.Epoch;
                    position = sent = goal = step.Head.Position;
                    yield return new StreamReset(epoch, step.Head.Oldest, position);
                    continue;
                }
                position = step.Position;
                events.AddRange(step.Events.Select(e => new RecentEvent(e)));
                isAtHead = step.Position == step.Head.Position;
            }
            var catchesUp = isAtHead && !isLive;
            if (events.Count > 0 || (catchesUp && position > sent) || clock.GetElapsedTime(sentAt) >= Heartbeat)
            {
                yield return new StreamChunk(events, position) { Prev = sent, Position = position };
                (sent, sentAt) = (position, clock.GetTimestamp());
                watch.Position = sent;
            }
            if (catchesUp) yield return new StreamCaughtUp(sent, clock.NowMicroseconds());
            isLive |= catchesUp;
            if (events.Count > 0 || !isAtHead || catchesUp) continue;
            try
            {
                var left = Heartbeat - clock.GetElapsedTime(sentAt);
                if (left > TimeSpan.Zero) await change.WaitAsync(left, clock, cancellationToken);
            }
            catch (TimeoutException)
            {
                // The position is due.
            }
        }
    }

    // Whether retention may have deleted events after a position: what is left must not look like all of them.
    private static bool IsBeforeEdge(LiveQuery query, long position, EventHead head) => position + 1 < head.Edges.OfAll(query.Filter.Lanes);

    // Found: there are events, or there would be if the filter matched.
    private RecentSearch TakeRecent(LiveQuery query, List<RecentEvent> events, ref long position, string epoch, long subscriber)
    {
        var (bytes, start) = (0L, position);
        while (true)
        {
            var search = feed.Recent.Find(position, epoch, subscriber, out var segment);
            if (search != RecentSearch.Found) return position > start ? RecentSearch.Found : search;
            if (!Take(segment!, query, events, ref position, ref bytes)) return RecentSearch.Found;
        }
    }

    // False when the chunk is full.
    private static bool Take(RecentSegment segment, LiveQuery query, List<RecentEvent> events, ref long position, ref long bytes)
    {
        foreach (var next in segment.Events.AsSpan(FirstAfter(segment.Events, position)))
        {
            if (!query.Matches(next.Event)) continue;
            var time = next.Event.CanonicalTime;
            if ((events.Count >= MaxEvents || bytes >= MaxContentBytes) && events[^1].Event.CanonicalTime != time)
            {
                position = time - 1;
                return false;
            }
            events.Add(next);
            bytes += next.Event.Content.Length;
        }
        position = segment.Last;
        return true;
    }

    private static int FirstAfter(RecentEvent[] events, long position)
    {
        var (low, high) = (0, events.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (events[middle].Event.CanonicalTime > position) high = middle;
            else low = middle + 1;
        }
        return low;
    }
}
