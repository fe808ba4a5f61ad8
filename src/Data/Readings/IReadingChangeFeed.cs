using SensorDash.Data.Storage;

namespace SensorDash.Data.Readings;

/// <summary>Committed changes after a batch: either added rows or one removal.</summary>
/// <param name="UpTo">The last covered batch; equal to the requested batch when there is nothing new.</param>
/// <param name="CommittedAt">Commit time of that batch, Unix microseconds; with the id it identifies the store.</param>
/// <param name="Added">Rows of those batches that still exist, in commit order.</param>
/// <param name="RemovedNode">The node that batch <paramref name="UpTo"/> deleted, with all its rows of earlier batches.</param>
/// <param name="RemovedBefore">The time before which that batch deleted all rows of earlier batches, Unix seconds.</param>
public sealed record ReadingChanges(long UpTo, long CommittedAt, IReadOnlyList<Reading> Added, int? RemovedNode = null, long? RemovedBefore = null);

/// <summary>The readings in commit order, for subscribers.</summary>
public interface IReadingChangeFeed
{
    /// <summary>Reads the next changes; a batch is never split.</summary>
    /// <param name="after">The last batch that the caller applied, or 0.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<ReadingChanges> ReadChangesAsync(long after, CancellationToken cancellationToken);

    /// <summary>Commit time of a batch, Unix microseconds; null when the store has no such batch.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<long?> FindCommittedAtAsync(long batch, CancellationToken cancellationToken);

    /// <summary>Batches and rows committed after <paramref name="after"/>: the lag of a subscriber.</summary>
    /// <returns>The commit time of the oldest one, Unix microseconds, is null when there are none.</returns>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<(long LastBatch, long Rows, long? OldestCommittedAt)> ReadLagAsync(long after, CancellationToken cancellationToken);
}
