using SensorDash.Data.Events;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Scrub;

/// <summary>A row of the event index.</summary>
/// <param name="Lane">The number of a lane, or any other number.</param>
public readonly record struct IndexEntry(long SourceTime, EventId Id, int Lane, long FirstSeen, int PartsCheck);

/// <summary>A row of the registered requests.</summary>
public readonly record struct RequestEntry(string Scope, string Request, EventId Id, long AcceptedAt);

/// <summary>A batch of events.</summary>
/// <param name="First">First canonical time; events of other batches are before or after.</param>
/// <param name="Last">Last canonical time.</param>
public readonly record struct EventBatchSum(long Id, long Rows, long First, long Last, long Hash);

/// <summary>What the batch log says about the oldest events, as of one moment. Batches from which retention may have deleted can be compared together only.</summary>
/// <param name="Head">Last canonical time of the newest batch; 0 in an empty store.</param>
/// <param name="Removed">Events that retention deleted so far.</param>
/// <param name="OldEnd">First canonical time of the oldest batch that retention has not reached, or the time after the newest; null if it never deleted any.</param>
/// <param name="OldRows">Number of events before that time.</param>
/// <param name="OldHash">The sum of their hashes modulo 2⁶⁴.</param>
public sealed record EventLog(long Head, long Removed, long? OldEnd, long OldRows, long OldHash);

/// <summary>Reads the events of one engine for a scrub, beyond what their store offers.</summary>
/// <remarks>All methods throw <see cref="StoreUnavailableException"/> when the store is temporarily unavailable.</remarks>
public interface IEventScrub
{
    /// <summary>Reads the batch log.</summary>
    Task<EventLog> ReadLogAsync(CancellationToken cancellationToken);

    /// <summary>Where the lanes begin, and how many events retention has deleted.</summary>
    Task<(EventEdges Edges, long Removed)> ReadEdgesAsync(CancellationToken cancellationToken);

    /// <summary>The batches that end at a time or later, in their order, at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<EventBatchSum>> ReadBatchesAsync(long from, int limit, CancellationToken cancellationToken);

    /// <summary>The next rows of the index in the order of source time and id.</summary>
    Task<IReadOnlyList<IndexEntry>> ReadIndexAsync(IndexPosition after, int limit, CancellationToken cancellationToken);

    /// <summary>Rows of the index by their keys; those that do not exist are left out.</summary>
    Task<IReadOnlyList<IndexEntry>> FindIndexAsync(IReadOnlyList<IndexPosition> keys, CancellationToken cancellationToken);

    /// <summary>Which events of a lane exist, of some canonical times and ids.</summary>
    Task<IReadOnlyCollection<(long CanonicalTime, EventId Id)>> FindEventsAsync(Lane lane, IReadOnlyList<(long CanonicalTime, EventId Id)> keys, CancellationToken cancellationToken);

    /// <summary>The next registered requests in the order of scope and request.</summary>
    /// <param name="after">The last one of the previous page; null to begin.</param>
    /// <param name="limit">Maximum rows.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    Task<IReadOnlyList<RequestEntry>> ReadRequestsAsync((string Scope, string Request)? after, int limit, CancellationToken cancellationToken);

    /// <summary>Registered requests by their keys; those that do not exist are left out.</summary>
    Task<IReadOnlyList<RequestEntry>> FindRequestsAsync(IReadOnlyList<(string Scope, string Request)> keys, CancellationToken cancellationToken);
}
