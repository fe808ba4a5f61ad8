using SensorDash.Data.Storage;

namespace SensorDash.Data.Readings;

/// <summary>The deletion of a node, or of its oldest readings.</summary>
/// <param name="Before">Only readings measured before this time, Unix seconds; null: all.</param>
public sealed record NodeRemoval(int Node, long? Before);

/// <summary>Committed changes after a batch: either added rows, or deleted nodes, or one removal by age.</summary>
/// <param name="UpTo">The last covered batch; equal to the requested batch when there is nothing new.</param>
/// <param name="CommittedAt">Commit time of that batch, Unix microseconds; with the id it identifies the store.</param>
/// <param name="Added">Rows of those batches, in any order; rows that a later removal deletes may be missing. Hardware ids are those of the rows or of their nodes.</param>
/// <param name="RemovedNodes">The nodes whose rows of earlier batches those batches deleted, in commit order.</param>
/// <param name="RemovedBefore">The time before which batch <paramref name="UpTo"/> deleted all rows of earlier batches, Unix seconds.</param>
public sealed record ReadingChanges(
    long UpTo, long CommittedAt, IReadOnlyList<Reading> Added, IReadOnlyList<NodeRemoval> RemovedNodes, long? RemovedBefore = null);

/// <summary>The newest and the oldest batch of a store.</summary>
/// <param name="Epoch">Eight hexadecimal digits: batches of another epoch are of another history.</param>
/// <param name="OldestBatch">0 in an empty store.</param>
/// <param name="LastBatch">0 in an empty store.</param>
public readonly record struct ReadingHead(string Epoch, long OldestBatch, long LastBatch);

/// <summary>The readings in commit order, for subscribers.</summary>
public interface IReadingChangeFeed
{
    /// <summary>Reads the next changes; a batch is never split.</summary>
    /// <param name="after">The last batch that the caller applied, or 0.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<ReadingChanges> ReadChangesAsync(long after, CancellationToken cancellationToken);

    /// <summary>Reads rows of all batches up to one, in an order of the engine's choice: for a subscriber that starts without any rows.</summary>
    /// <param name="after">The last row of the previous page; null to begin.</param>
    /// <param name="upTo">The last batch whose rows are read. Later changes are those of <see cref="ReadChangesAsync"/> after it.</param>
    /// <param name="page">Receives the rows that still exist.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>Rows read; fewer than the page holds: there are no more.</returns>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<int> ReadStoredAsync(ReadingPosition? after, long upTo, Memory<Reading> page, CancellationToken cancellationToken);

    /// <summary>The epoch and the newest and oldest batch.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<ReadingHead> ReadHeadAsync(CancellationToken cancellationToken);

    /// <summary>Commit time of a batch, Unix microseconds; null when the store has no such batch.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<long?> FindCommittedAtAsync(long batch, CancellationToken cancellationToken);

    /// <summary>Drops batches that are kept in memory, because the store has another history.</summary>
    void ForgetRecent();

    /// <summary>Batches and rows committed after <paramref name="after"/>: the lag of a subscriber.</summary>
    /// <returns>The last batch of the store: an earlier one than <paramref name="after"/> when the store was restored from a backup. The commit time of the
    /// oldest one, Unix microseconds, is null when there are none.</returns>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<(long LastBatch, long Rows, long? OldestCommittedAt)> ReadLagAsync(long after, CancellationToken cancellationToken);
}
