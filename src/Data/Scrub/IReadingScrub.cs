using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.Scrub;

/// <summary>A stored reading, and the batch that brought it.</summary>
public readonly record struct LoggedReading(Reading Reading, long Batch);

/// <summary>What the batch log says about all readings, as of one moment.</summary>
/// <param name="LastBatch">The newest batch; 0 in an empty store.</param>
/// <param name="Rows">Number of readings.</param>
/// <param name="Hash">The sum of their hashes modulo 2⁶⁴.</param>
public readonly record struct ReadingLog(long LastBatch, long Rows, long Hash);

/// <summary>A deletion of readings.</summary>
/// <param name="Node">Of this node only; null: of all.</param>
/// <param name="Before">Measured before this time, Unix seconds; null: all.</param>
public readonly record struct LoggedRemoval(int? Node, long? Before);

/// <summary>The batches after one, not earlier than the rows that were read with them.</summary>
/// <param name="Head">The newest batch.</param>
/// <param name="IsWhole">Whether all of them are there one by one: of merged ones nobody knows what they deleted.</param>
/// <param name="Removals">The deletions among them.</param>
public sealed record BatchesSince(long Head, bool IsWhole, IReadOnlyList<LoggedRemoval> Removals)
{
    /// <summary>Deletions that are read; with more the list is not whole.</summary>
    internal const int MaxRemovals = 1_000;

    /// <param name="since">The batch that the caller knows.</param>
    /// <param name="there">Number of batches from it on; itself too, because it goes when it is merged with later ones.</param>
    /// <param name="head">The newest batch.</param>
    /// <param name="removals">At most one more than <see cref="MaxRemovals"/>.</param>
    internal static BatchesSince Of(long since, long there, long head, IReadOnlyList<LoggedRemoval> removals)
        => new(head, there == head - since + (since > 0 ? 1 : 0) && removals.Count <= MaxRemovals, removals);

    /// <summary>Whether a reading measured at a time or later may have been deleted.</summary>
    public bool MayHaveRemovedFrom(long time) => !IsWhole || Removals.Any(r => r.Before is null || r.Before > time);

    /// <summary>Whether one reading may have been deleted.</summary>
    public bool MayHaveRemoved(int node, long time) => !IsWhole || Removals.Any(r => (r.Node is null || r.Node == node) && (r.Before is null || r.Before > time));
}

/// <summary>Reads the readings of one engine for a scrub.</summary>
public interface IReadingScrub
{
    /// <summary>Adds up the batch log.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<ReadingLog> ReadLogAsync(CancellationToken cancellationToken);

    /// <inheritdoc cref="IRangeReader.FindEndAsync"/>
    Task<long> FindEndAsync(TransferRange range, int limit, CancellationToken cancellationToken);

    /// <summary>Reads all readings of a range in one snapshot, and the batches after one, in the same or a later snapshot.</summary>
    /// <param name="range">Measured times.</param>
    /// <param name="since">The last batch that the caller knows.</param>
    /// <param name="visit">Receives each reading once.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable; some rows may have been handed over.</exception>
    Task<BatchesSince> ReadAsync(TransferRange range, long since, VisitRows<LoggedReading> visit, CancellationToken cancellationToken);
}

/// <summary>A second copy of the readings: the side path.</summary>
public interface ISecondCopy
{
    /// <summary>Reads all readings of a range, in one snapshot.</summary>
    /// <param name="range">Measured times.</param>
    /// <param name="visit">Receives each reading once, without its device.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>The last batch that the copy has; null when it is not ready or unavailable.</returns>
    Task<long?> ReadAsync(TransferRange range, VisitRows<Reading> visit, CancellationToken cancellationToken);

    /// <summary>Why it cannot be read, for people.</summary>
    string Obstacle { get; }
}

/// <summary>What an engine checks by itself.</summary>
public interface IStoreCheck
{
    /// <summary>Its parts, each checked in a step of its own.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<IReadOnlyList<string>> ListPartsAsync(CancellationToken cancellationToken);

    /// <summary>Checks one part.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<StoreCheck> CheckAsync(string part, CancellationToken cancellationToken);
}

/// <summary>The result of a check.</summary>
/// <param name="Errors">What is wrong; empty if nothing is.</param>
/// <param name="NotChecked">What could not be checked, and why; null if all was.</param>
public sealed record StoreCheck(IReadOnlyList<string> Errors, string? NotChecked = null)
{
    public static StoreCheck Clean { get; } = new([]);
}
