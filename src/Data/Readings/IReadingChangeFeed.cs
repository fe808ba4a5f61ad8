using SensorDash.Data.Storage;

namespace SensorDash.Data.Readings;

/// <summary>The deletion of a node, or of its oldest readings.</summary>
/// <param name="Before">Only readings measured before this time, Unix seconds; null: all.</param>
public sealed record NodeRemoval(int Node, long? Before);

/// <summary>Committed changes after a batch: either added rows, or deleted nodes, or one removal by age.</summary>
/// <param name="UpTo">The last covered batch; equal to the requested batch when there is nothing new.</param>
/// <param name="CommittedAt">Commit time of that batch, Unix microseconds; with the id it identifies the store.</param>
/// <param name="Added">Rows of those batches that still exist, in commit order.</param>
/// <param name="RemovedNodes">The nodes whose rows of earlier batches those batches deleted, in commit order.</param>
/// <param name="RemovedBefore">The time before which batch <paramref name="UpTo"/> deleted all rows of earlier batches, Unix seconds.</param>
public sealed record ReadingChanges(
    long UpTo, long CommittedAt, IReadOnlyList<Reading> Added, IReadOnlyList<NodeRemoval> RemovedNodes, long? RemovedBefore = null);

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
