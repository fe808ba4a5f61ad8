using SensorDash.Data.Storage;

namespace SensorDash.Data.Readings;

/// <summary>Durable store of readings; adding them makes and counts their nodes. Safe for concurrent use.</summary>
public interface IReadingStore : IRowStore<Reading>
{
    /// <summary>Readings that a page should hold when many are walked: as few as make a page cheap for this store.</summary>
    int PageLength { get; }

    /// <summary>Reads one page into <paramref name="page"/>.</summary>
    /// <param name="query">Which readings, in which order, from where.</param>
    /// <param name="page">Receives the readings; its length is the most that are wanted.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    /// <returns>Readings written; fewer than the page's length only at the end.</returns>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<int> ReadAsync(ReadingQuery query, Memory<Reading> page, CancellationToken cancellationToken);

    /// <summary>Counts the readings that <paramref name="filter"/> names.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<long> CountAsync(ReadingFilter filter, CancellationToken cancellationToken);

    /// <summary>The newest readings of several nodes.</summary>
    /// <param name="addresses">Nodes; one without readings is missing from the answer.</param>
    /// <param name="count">Most readings of each node, 1 to 1000.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    /// <returns>By node, newest first.</returns>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<IReadOnlyDictionary<int, Reading[]>> ReadNewestAsync(
        IReadOnlyCollection<int> addresses, int count, CancellationToken cancellationToken);

    /// <summary>Removes readings measured before a time, the oldest first and some at a time, so that nobody waits long. Nodes stay, also without readings.</summary>
    /// <remarks>An engine may keep the readings of the piece of time that <paramref name="before"/> lies in, if it can only drop whole pieces.</remarks>
    /// <param name="before">Unix seconds, not included.</param>
    /// <param name="cancellationToken">Honoured until the commit is sent; nothing is removed if it fires before.</param>
    /// <returns>Readings removed by this step; 0 when there are none left.</returns>
    /// <exception cref="StoreUnavailableException">Nothing was removed.</exception>
    Task<long> RemoveBeforeAsync(long before, CancellationToken cancellationToken);
}
