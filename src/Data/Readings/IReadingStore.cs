using SensorDash.Data.Storage;

namespace SensorDash.Data.Readings;

/// <summary>Durable store of readings; adding readings creates and counts their nodes. Safe for concurrent use.</summary>
public interface IReadingStore : IRowStore<Reading>
{
    /// <summary>Recommended page size for many readings: the smallest that is efficient in this store.</summary>
    int PageLength { get; }

    /// <summary>Reads one page into <paramref name="page"/>.</summary>
    /// <param name="query">The readings, their order and the start position.</param>
    /// <param name="page">Receives the readings; its length is the page size.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>Readings written; fewer than the page's length only at the end.</returns>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<int> ReadAsync(ReadingQuery query, Memory<Reading> page, CancellationToken cancellationToken);

    /// <summary>Counts the readings that <paramref name="filter"/> selects.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<long> CountAsync(ReadingFilter filter, CancellationToken cancellationToken);

    /// <summary>The latest readings of several nodes.</summary>
    /// <param name="addresses">Nodes; the response omits nodes without readings.</param>
    /// <param name="count">Maximum readings per node, 1 to 1000.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>By node, newest first.</returns>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<IReadOnlyDictionary<int, Reading[]>> ReadNewestAsync(
        IReadOnlyCollection<int> addresses, int count, CancellationToken cancellationToken);

    /// <summary>Deletes readings measured before a time, the oldest first, in steps, so that writers do not wait long. Nodes without readings are kept.</summary>
    /// <param name="before">Unix seconds, exclusive.</param>
    /// <param name="cancellationToken">Effective until the commit is sent; nothing is deleted if it is cancelled before.</param>
    /// <returns>Readings deleted in this step; 0 when none are left.</returns>
    /// <exception cref="StoreUnavailableException">Nothing was deleted.</exception>
    Task<long> RemoveBeforeAsync(long before, CancellationToken cancellationToken);

    /// <summary>Deletes readings of some nodes measured before a time of each, in steps, so that writers do not wait long. Nodes without readings are kept.</summary>
    /// <param name="nodes">The nodes, each once, with the time before which their readings go. A step takes the first of them; of a node with very many readings it removes only the oldest.</param>
    /// <param name="cancellationToken">Effective until the commit is sent; nothing is deleted if it is cancelled before.</param>
    /// <returns>Readings deleted in this step, and the number of nodes, from the first, that have none before their time any more.</returns>
    /// <exception cref="StoreUnavailableException">Nothing was deleted.</exception>
    Task<(long Readings, int Nodes)> RemoveBeforeAsync(IReadOnlyList<NodeRemoval> nodes, CancellationToken cancellationToken);

    /// <summary>Bytes on disk of a reading with its indexes, about, for estimates.</summary>
    int BytesPerReading { get; }
}
