using SensorDash.Data.Storage;

namespace SensorDash.Data.Readings;

/// <summary>Committed changes behind a batch: either rows that were added, or one removal.</summary>
/// <param name="UpTo">Every batch up to and including this one is covered; equal to the batch asked from when there is nothing new.</param>
/// <param name="CommittedAt">When that batch was committed, Unix microseconds; with the id it tells one store from another.</param>
/// <param name="Added">Rows of those batches that are still there, in commit order.</param>
/// <param name="RemovedNode">The node that batch <paramref name="UpTo"/> removed, with all its rows of earlier batches.</param>
/// <param name="RemovedBefore">The time before which that batch removed all rows of earlier batches, Unix seconds.</param>
public sealed record ReadingChanges(long UpTo, long CommittedAt, IReadOnlyList<Reading> Added, int? RemovedNode = null, long? RemovedBefore = null);

/// <summary>The readings in commit order, for what follows the store.</summary>
public interface IReadingChangeFeed
{
    /// <summary>Reads the next changes; a batch is never cut in two.</summary>
    /// <param name="after">The last batch that the caller has, or 0.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<ReadingChanges> ReadChangesAsync(long after, CancellationToken cancellationToken);

    /// <summary>When a batch was committed, Unix microseconds; null when the store has no such batch.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<long?> FindCommittedAtAsync(long batch, CancellationToken cancellationToken);

    /// <summary>Batches and rows committed behind <paramref name="after"/>: how far a follower is behind.</summary>
    /// <returns>The time of the oldest of them, Unix microseconds, is null when there is none.</returns>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<(long LastBatch, long Rows, long? OldestCommittedAt)> ReadLagAsync(long after, CancellationToken cancellationToken);
}
