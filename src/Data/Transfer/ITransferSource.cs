using SensorDash.Data.Events;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Transfer;

/// <summary>What a transfer copies in chunks of time.</summary>
public enum TransferPart
{
    /// <summary>Readings, by measured time in Unix seconds.</summary>
    Readings,

    /// <summary>Events of all lanes, by canonical time in Unix microseconds.</summary>
    Events,
}

/// <summary>A range of times in the unit of a part.</summary>
/// <param name="From">Inclusive.</param>
/// <param name="To">Exclusive.</param>
public readonly record struct TransferRange(long From, long To)
{
    /// <summary>All times.</summary>
    public static TransferRange All { get; } = new(-long.MaxValue, long.MaxValue);

    internal long? Start => From == All.From ? null : From;

    internal long? End => To == All.To ? null : To;
}

/// <summary>Rows of a range: events in the order of time, readings in any order. All rows of an instant are in one page.</summary>
/// <param name="Rows">Valid while the next page is read, and no longer.</param>
/// <param name="End">The rows before this time are complete; the next page begins here.</param>
public readonly record struct TransferPage<TRow>(ReadOnlyMemory<TRow> Rows, long End);

/// <summary>Nodes with their metadata, zones, and who may do what. They are few and change in place.</summary>
/// <param name="Nodes">By address.</param>
/// <param name="HasCounters">Whether duplicates and the last reception of the nodes are known.</param>
/// <param name="HasMetadata">Whether this store has names, notes and zones.</param>
public sealed record SmallTables(
    IReadOnlyList<Node> Nodes, IReadOnlyList<NodeMetadata> Metadata, IReadOnlyList<Zone> Zones, bool HasCounters = true, bool HasMetadata = true)
{
    /// <summary>Users, keys and the audit log; null if this store has none, or if they do not move.</summary>
    public AccessRows? Access { get; init; }
}

/// <summary>How much a store has.</summary>
/// <param name="Readings">Number of readings; null if it has none and never can.</param>
/// <param name="Events">Number of events; null if it has none and never can.</param>
/// <param name="SizeBytes">On disk.</param>
public sealed record TransferContents(long? Readings, long? Events, long SizeBytes)
{
    /// <summary>What is not carried over, and what looks wrong, for the report.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    internal bool Has(TransferPart part) => (part == TransferPart.Readings ? Readings : Events) is not null;

    internal long Rows(TransferPart part) => (part == TransferPart.Readings ? Readings : Events) ?? 0;
}

/// <summary>A store or file whose rows are read in pages of time, one after the other; it is never written to. For one reader at a time.</summary>
public interface ITransferSource : IAsyncDisposable
{
    /// <summary>Such as "SensorDash (SQLite)".</summary>
    string Kind { get; }

    /// <summary>The file, or database and host; never a password.</summary>
    string Name { get; }

    /// <summary>Counts the rows.</summary>
    /// <exception cref="TransferException">A required table or column is missing.</exception>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<TransferContents> InspectAsync(CancellationToken cancellationToken);

    /// <summary>Finds the rows that no store can hold. Before the first page is read.</summary>
    /// <exception cref="TransferException">A row is rejected and <paramref name="rejects"/> is strict.</exception>
    Task PrepareAsync(RejectLog rejects, CancellationToken cancellationToken);

    /// <summary>Reads the first readings of a range.</summary>
    /// <param name="range">Measured times.</param>
    /// <param name="limit">Maximum rows; more only if they are of one second.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<TransferPage<Reading>> ReadReadingsAsync(TransferRange range, int limit, CancellationToken cancellationToken);

    /// <summary>Reads the first events of a range.</summary>
    /// <param name="range">Canonical times.</param>
    /// <param name="limit">Maximum rows; more only if they are of one microsecond.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<TransferPage<LaneEvent>> ReadEventsAsync(TransferRange range, int limit, CancellationToken cancellationToken);

    /// <summary>Reads the small tables.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<SmallTables> ReadSmallTablesAsync(CancellationToken cancellationToken);
}

/// <summary>A store that takes rows, with the ledger of its transfers.</summary>
public interface ITransferTarget : ITransferSource
{
    /// <summary>Whether this store can hold a part.</summary>
    bool Holds(TransferPart part);

    /// <inheritdoc cref="IRangeReader.VisitReadingsAsync"/>
    Task VisitReadingsAsync(TransferRange range, VisitRows<Reading> visit, CancellationToken cancellationToken);

    /// <inheritdoc cref="IRangeReader.VisitEventsAsync"/>
    Task VisitEventsAsync(TransferRange range, VisitRows<LaneEvent> visit, CancellationToken cancellationToken);

    /// <summary>Runs one statement of the ledger, in a transaction of its own.</summary>
    /// <returns>The rows of a query, else none.</returns>
    Task<IReadOnlyList<object?[]>> RunLedgerAsync(string sql, CancellationToken cancellationToken);

    /// <summary>Gives the store a new epoch: positions of its former history mean nothing after a transfer.</summary>
    Task RenewEpochAsync(string epoch, CancellationToken cancellationToken);

    /// <summary>Pauses what the engine does with older rows by itself, such as compression: chunks are filled and compared first. A startup of the store resumes it, too.</summary>
    Task PauseUpkeepAsync(bool isPaused, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Adds readings that the store does not have, counts their nodes, and runs a statement of the ledger, in one transaction.</summary>
    /// <exception cref="TransferException">The store has one of them.</exception>
    /// <exception cref="StoreBatchTooLargeException">Fewer rows may fit.</exception>
    Task WriteAsync(ReadOnlyMemory<Reading> readings, string ledger, CancellationToken cancellationToken);

    /// <summary>Adds events that the store does not have under their canonical times, and runs a statement of the ledger, in one transaction.</summary>
    /// <inheritdoc cref="WriteAsync(ReadOnlyMemory{Reading}, string, CancellationToken)" path="/exception"/>
    Task WriteAsync(ReadOnlyMemory<LaneEvent> events, string ledger, CancellationToken cancellationToken);

    /// <summary>Applies changes that the source committed, and runs a statement of the ledger, in one transaction. Readings that the store has already with the same values change
    /// nothing: the copy of a chunk may have brought them.</summary>
    /// <param name="changes">Added rows, or removals.</param>
    /// <param name="ledger">Null: none.</param>
    /// <param name="cancellationToken">Cancels it; nothing is changed then.</param>
    /// <exception cref="RowsDifferException">The store has some of the readings with other values.</exception>
    /// <exception cref="StoreBatchTooLargeException">Fewer rows may fit.</exception>
    Task ApplyAsync(ReadingChanges changes, string? ledger, CancellationToken cancellationToken);

    /// <summary>Adds or replaces nodes, metadata, zones, users and keys, and adds entries of the audit log; counters of readings stay as counted.</summary>
    /// <param name="tables">Those of the source.</param>
    /// <param name="isMirror">Whether rows, except nodes, that the source does not have are deleted.</param>
    /// <param name="cancellationToken">Cancels it; it may be partly done then.</param>
    Task WriteSmallTablesAsync(SmallTables tables, bool isMirror, CancellationToken cancellationToken);

    /// <summary>Deletes old events as its primary has deleted them; null if this store has none.</summary>
    IEventRemoval? Removal { get; }

    /// <summary>Canonical time of the newest event, Unix microseconds; 0 if there is none.</summary>
    Task<long> ReadNewestEventAsync(CancellationToken cancellationToken);

    /// <summary>An event, or null.</summary>
    Task<LaneEvent?> FindEventAsync(EventId id, long sourceTime, CancellationToken cancellationToken);

    /// <summary>Whether a request was accepted in a scope.</summary>
    Task<bool> HasRequestAsync(string scope, string request, CancellationToken cancellationToken);

    /// <summary>Whether every event is in the index once, by count, from the edges of the lanes on: rows of the index outlive their events.</summary>
    Task<bool> IndexAgreesAsync(CancellationToken cancellationToken);
}

/// <summary>A transfer cannot go on; the message states the reason and the fix.</summary>
public sealed class TransferException : Exception
{
    public TransferException()
    {
    }

    public TransferException(string message)
        : base(message)
    {
    }

    public TransferException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
