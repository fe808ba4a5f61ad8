using SensorDash.Data.Storage;

namespace SensorDash.Data.Events;

/// <summary>One page to read.</summary>
/// <param name="Filter">Which events.</param>
/// <param name="Timebase">By which clock <paramref name="From"/>, <paramref name="To"/> and the order are meant.</param>
/// <param name="Direction">In which direction.</param>
/// <param name="From">Oldest time, included; null is open. Unix microseconds.</param>
/// <param name="To">Time behind the newest, not included; null is open.</param>
/// <param name="After">Go on behind this place in the direction of reading, or begin.</param>
/// <param name="Limit">Most events of the page, 1 to <see cref="MaxLimit"/>.</param>
public sealed record EventQuery(
    EventFilter Filter, Timebase Timebase, EventDirection Direction, long? From = null, long? To = null, EventPosition? After = null, int Limit = 1000)
{
    public const int MaxLimit = 10_000;

    /// <summary>Ends the page when it is full and does not look whether more follows, which could be far.</summary>
    internal bool EndsAtLimit { get; init; }

    /// <summary>The range of times in which a lane can still have events of this page, the end not included.</summary>
    internal (long From, long To) RangeOf(Lane lane)
    {
        var (from, to) = (From ?? long.MinValue, To ?? long.MaxValue);
        if (After is not { } after) return (from, to);
        // Of the place's own instant, only the lanes that come behind its lane in the direction of reading are still to come.
        return Direction == EventDirection.Forward
            ? (Math.Max(from, lane >= after.Lane ? after.Time : after.Time + 1), to)
            : (from, Math.Min(to, lane <= after.Lane ? after.Time + 1 : after.Time));
    }
}

/// <summary>Events in the order that was asked for.</summary>
/// <param name="Next">Where the next page goes on; null at the end. A page can also end early, when its content grows large.</param>
public sealed record EventPage(IReadOnlyList<LaneEvent> Events, EventPosition? Next);

/// <summary>Committed events behind a batch, in commit order.</summary>
/// <param name="UpTo">Every batch up to and including this one is covered; equal to the batch asked from when there is nothing new.</param>
/// <param name="CommittedAt">When that batch was committed, Unix microseconds; 0 when there is nothing new.</param>
public sealed record EventChanges(long UpTo, long CommittedAt, IReadOnlyList<LaneEvent> Events);

/// <summary>Durable store of events; nothing in it ever changes. Each new event of a batch gets its canonical time, in the order of the batch. Safe for
/// concurrent use. Reading never writes.</summary>
public interface IEventStore : IRowStore<LaneEvent>
{
    /// <summary>Reads one page, lanes merged.</summary>
    /// <param name="query">Which events, in which order, from where. A field filter must be one that every lane of the filter has.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<EventPage> ReadAsync(EventQuery query, CancellationToken cancellationToken);

    /// <summary>One event, or null when there is none of that id.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="sourceTime">Its source time in Unix microseconds, which makes it a look-up; without it the index is walked, newest first.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<LaneEvent?> FindAsync(EventId id, long? sourceTime, CancellationToken cancellationToken);

    /// <summary>Reads what was committed behind a batch; a batch is never cut in two.</summary>
    /// <param name="after">The last batch that the caller has, or 0.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<EventChanges> ReadChangesAsync(long after, CancellationToken cancellationToken);
}
