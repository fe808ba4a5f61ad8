using SensorDash.Data.Storage;

namespace SensorDash.Data.Events;

/// <summary>One page to read.</summary>
/// <param name="Filter">Selects the events.</param>
/// <param name="Timebase">The clock of <paramref name="From"/>, <paramref name="To"/> and the order.</param>
/// <param name="Direction">The read direction.</param>
/// <param name="From">Start time, inclusive; null means open. Unix microseconds.</param>
/// <param name="To">End time, exclusive; null means open.</param>
/// <param name="After">Continue after this position in the read direction; null means from the beginning.</param>
/// <param name="Limit">Maximum events of the page, 1 to <see cref="MaxLimit"/>.</param>
public sealed record EventQuery(
    EventFilter Filter, Timebase Timebase, EventDirection Direction, long? From = null, long? To = null, EventPosition? After = null, int Limit = 1000)
{
    public const int MaxLimit = 10_000;

    /// <summary>Ends the page when it is full without searching for a next event, which could take long.</summary>
    internal bool EndsAtLimit { get; init; }

    /// <summary>The range of times in which a lane can still have events of this page, end exclusive.</summary>
    internal (long From, long To) RangeOf(Lane lane)
    {
        var (from, to) = (From ?? long.MinValue, To ?? long.MaxValue);
        if (After is not { } after) return (from, to);
        // At the time of the position, only lanes after its lane in the read direction remain.
        return Direction == EventDirection.Forward
            ? (Math.Max(from, lane >= after.Lane ? after.Time : after.Time + 1), to)
            : (from, Math.Min(to, lane <= after.Lane ? after.Time + 1 : after.Time));
    }
}

/// <summary>Events in the requested order.</summary>
/// <param name="Next">Position for the next page; null at the end. A page can end early when its content is large.</param>
public sealed record EventPage(IReadOnlyList<LaneEvent> Events, EventPosition? Next);

/// <summary>Committed events after a batch, in commit order.</summary>
/// <param name="UpTo">The last covered batch; equal to the requested batch when there is nothing new.</param>
/// <param name="CommittedAt">Commit time of that batch, Unix microseconds; 0 when there is nothing new.</param>
public sealed record EventChanges(long UpTo, long CommittedAt, IReadOnlyList<LaneEvent> Events);

/// <summary>Durable store of events; stored events never change. Each new event of a batch gets its canonical time, in the order of the batch. Safe for
/// concurrent use. Reading never writes.</summary>
public interface IEventStore : IRowStore<LaneEvent>
{
    /// <summary>Reads one page, lanes merged.</summary>
    /// <param name="query">The events, their order and the start position. Every lane of the filter must have the fields of the filter.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<EventPage> ReadAsync(EventQuery query, CancellationToken cancellationToken);

    /// <summary>One event, or null when no event has that id.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="sourceTime">Its source time in Unix microseconds, for a direct lookup; without it the index is scanned, newest first.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<LaneEvent?> FindAsync(EventId id, long? sourceTime, CancellationToken cancellationToken);

    /// <summary>Reads the commits after a batch; a batch is never split.</summary>
    /// <param name="after">The last batch that the caller applied, or 0.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<EventChanges> ReadChangesAsync(long after, CancellationToken cancellationToken);
}
