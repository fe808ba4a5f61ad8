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

    /// <summary>Ends the page after this much content, so that ten thousand events of a megabyte do not fill the memory.</summary>
    internal int MaxContentBytes { get; init; } = 16 << 20;

    /// <summary>Only events with a canonical time up to this one, inclusive; for pages by source time.</summary>
    internal long? CommittedUpTo { get; init; }

    /// <summary>Only events with a source time from this one, inclusive; for pages by canonical time.</summary>
    internal long? SourceFrom { get; init; }

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

/// <summary>The newest and the oldest position of a store, read in the snapshot of the events with them.</summary>
/// <param name="Epoch">Eight hexadecimal digits: positions of another epoch are of another history.</param>
/// <param name="Oldest">First canonical time of the oldest batch, or the time from which retention has kept all lanes that have it; 0 in an empty store.</param>
/// <param name="Position">The head: last canonical time of the last committed batch; 0 in an empty store.</param>
public readonly record struct EventHead(string Epoch, long Oldest, long Position)
{
    /// <summary>Where the events of each lane begin.</summary>
    public EventEdges Edges { get => field ?? EventEdges.None; init; } = EventEdges.None;

    /// <param name="first">First canonical time of the oldest batch; 0 in an empty store.</param>
    internal static EventHead Of(string epoch, long first, long position, EventEdges edges) => new(epoch, position == 0 ? 0 : Math.Max(first, edges.Oldest), position) { Edges = edges };
}

/// <summary>The next events in commit order.</summary>
/// <param name="Filter">Selects the events.</param>
/// <param name="After">Canonical time, exclusive.</param>
public sealed record EventStepQuery(EventFilter Filter, long After)
{
    /// <summary>Maximum events; more only if they have the canonical time of the last one.</summary>
    public int Limit { get; init; } = 1_000;

    /// <summary>Ends the step after this much content.</summary>
    public int MaxContentBytes { get; init; } = 256 << 10;

    /// <summary>Only events with a source time from this one, inclusive; null: all.</summary>
    public long? SourceFrom { get; init; }

    /// <summary>Events, matching or not, after which a step ends at the end of a batch: a filter with few matches must not take as long as its store is large.</summary>
    internal const long ScannedEvents = 50_000;
}

/// <summary>A part of the events in commit order.</summary>
/// <param name="Head">The head in the same snapshot.</param>
/// <param name="Position">Canonical time up to which the store was searched, at most the head; a search after it misses nothing and repeats nothing.</param>
/// <param name="Events">The matching events, in the order of canonical time.</param>
public sealed record EventStep(EventHead Head, long Position, IReadOnlyList<LaneEvent> Events);

/// <summary>A page that ends at the head.</summary>
public sealed record EventPageToHead(EventHead Head, EventPage Page);

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

    /// <summary>The epoch and the newest and oldest position.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<EventHead> ReadHeadAsync(CancellationToken cancellationToken);

    /// <summary>Batches and events committed after a position: the lag of a subscriber.</summary>
    /// <param name="after">Canonical time of the last event that it has.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>The commit time of the oldest one, Unix microseconds, is null when there are none.</returns>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<(long Batches, long Events, long? OldestCommittedAt)> ReadLagAsync(long after, CancellationToken cancellationToken);

    /// <summary>Reads the next events in commit order, up to the head of the same snapshot: none is passed over, whoever writes.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<EventStep> ReadStepAsync(EventStepQuery query, CancellationToken cancellationToken);

    /// <summary>Reads a page as <see cref="ReadAsync"/>, without events after the head of the same snapshot. By canonical time it ends with the last event of a time.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<EventPageToHead> ReadToHeadAsync(EventQuery query, CancellationToken cancellationToken);
}
