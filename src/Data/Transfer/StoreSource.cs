using System.Buffers;
using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Events;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Transfer;

/// <summary>A store of SensorDash, read through the interfaces that all engines implement.</summary>
/// <param name="Kind">Such as "SensorDash (SQLite)".</param>
/// <param name="Name">The file, or database and host.</param>
/// <param name="Readings">Its readings.</param>
/// <param name="Nodes">Their nodes.</param>
/// <param name="Events">Its events; null if it has none.</param>
/// <param name="Contexts">Its names, notes, zones, users and keys; null if they are in another store.</param>
/// <param name="Count">Counts the readings and events, and the size on disk.</param>
public sealed record StoreParts(
    string Kind, string Name, IReadingStore Readings, INodeStore Nodes, IEventStore? Events, IDbContextFactory<SensorDashContext>? Contexts,
    Func<CancellationToken, Task<TransferContents>> Count)
{
    /// <summary>Its rows by ranges of time.</summary>
    public required IRangeReader Ranges { get; init; }

    /// <summary>Its readings in commit order.</summary>
    public required IReadingChangeFeed Changes { get; init; }

    /// <summary>Its batches of readings, which a transfer follows; null if this process must not write to it.</summary>
    public IBatchLog? Log { get; init; }

    /// <summary>Its roles.</summary>
    public required IStoreRoles Roles { get; init; }

    /// <summary>A query with the number of its tables of the ledger.</summary>
    public required string LedgerTables { get; init; }

    /// <summary>Runs a query of the ledger.</summary>
    public required Func<string, CancellationToken, Task<IReadOnlyList<object?[]>>> Query { get; init; }

    /// <summary>Reads nodes, metadata, zones, users and keys.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    internal async Task<SmallTables> ReadSmallTablesAsync(CancellationToken cancellationToken)
    {
        var nodes = await Nodes.ListAsync(cancellationToken);
        if (Contexts is null) return new(nodes, [], [], HasMetadata: false);
        await using var context = await Contexts.CreateDbContextAsync(cancellationToken);
        return new(
            nodes,
            await context.Set<NodeMetadata>().AsNoTracking().OrderBy(m => m.Address).ToListAsync(cancellationToken),
            await context.Set<Zone>().AsNoTracking().OrderBy(z => z.Id).ToListAsync(cancellationToken))
        {
            Access = await AccessRows.ReadAsync(Contexts, cancellationToken),
        };
    }
}

/// <inheritdoc cref="ITransferSource"/>
/// <param name="parts">The store.</param>
/// <param name="owned">Disposed with the source, in this order.</param>
public class StoreSource(StoreParts parts, params IReadOnlyList<IDisposable> owned) : ITransferSource
{
    // A page stays valid while the next one is read.
    private (ArrayBufferWriter<Reading> Page, ArrayBufferWriter<Reading> Next) _pages = (new(), new());

    /// <summary>What it consists of.</summary>
    public StoreParts Parts => parts;

    public string Kind => parts.Kind;

    public string Name => parts.Name;

    public Task<TransferContents> InspectAsync(CancellationToken cancellationToken) => parts.Count(cancellationToken);

    /// <summary>A store of SensorDash has only rows that every store can hold.</summary>
    public Task PrepareAsync(RejectLog rejects, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<TransferPage<Reading>> ReadReadingsAsync(TransferRange range, int limit, CancellationToken cancellationToken)
    {
        var end = await parts.Ranges.FindEndAsync(range, limit, cancellationToken);
        var page = _pages.Next.Capacity >= limit ? _pages.Next : new(limit);
        _pages = (page, _pages.Page);
        page.ResetWrittenCount();
        await parts.Ranges.VisitReadingsAsync(range with { To = end }, rows => page.Write(rows), cancellationToken);
        return new(page.WrittenMemory, end);
    }

    /// <inheritdoc cref="IRangeReader.VisitReadingsAsync"/>
    public Task VisitReadingsAsync(TransferRange range, VisitRows<Reading> visit, CancellationToken cancellationToken) => parts.Ranges.VisitReadingsAsync(range, visit, cancellationToken);

    /// <inheritdoc cref="IRangeReader.VisitEventsAsync"/>
    public Task VisitEventsAsync(TransferRange range, VisitRows<LaneEvent> visit, CancellationToken cancellationToken) => parts.Ranges.VisitEventsAsync(range, visit, cancellationToken);

    public async Task<TransferPage<LaneEvent>> ReadEventsAsync(TransferRange range, int limit, CancellationToken cancellationToken)
    {
        if (parts.Events is null) return new(default, range.To);
        var (events, end) = await parts.Events.ReadInstantsAsync(range.Start, range.End, limit, cancellationToken);
        return new(events, end ?? range.To);
    }

    public Task<SmallTables> ReadSmallTablesAsync(CancellationToken cancellationToken) => parts.ReadSmallTablesAsync(cancellationToken);

    public async Task<long> ReadNewestEventAsync(CancellationToken cancellationToken) => parts.Events is null ? 0 : (await parts.Events.ReadHeadAsync(cancellationToken)).Position;

    public Task<LaneEvent?> FindEventAsync(EventId id, long sourceTime, CancellationToken cancellationToken)
        => parts.Events is null ? Task.FromResult<LaneEvent?>(null) : parts.Events.FindAsync(id, sourceTime, cancellationToken);

    public async Task<bool> HasRequestAsync(string scope, string request, CancellationToken cancellationToken)
        => (await parts.Query($"SELECT event_id FROM command_requests WHERE scope_id = {TransferLedger.Literal(scope)} AND request_id = {TransferLedger.Literal(request)}", cancellationToken)).Count > 0;

    /// <summary>Its newest batch of readings and its newest event.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task<TransferStart> ReadPositionAsync(CancellationToken cancellationToken)
    {
        var head = await parts.Changes.ReadHeadAsync(cancellationToken);
        var committedAt = head.LastBatch == 0 ? 0 : await parts.Changes.FindCommittedAtAsync(head.LastBatch, cancellationToken) ?? 0;
        var events = parts.Events is null ? null : (EventHead?)await parts.Events.ReadHeadAsync(cancellationToken);
        return new(new(head.Epoch, head.LastBatch, committedAt), events is { } at ? new(at.Epoch, at.Position, 0) : null);
    }

    /// <summary>The transfers into this store, oldest first, with the rows that are copied; none if it never was a target.</summary>
    public async Task<IReadOnlyList<(TransferRecord Record, TransferProgress Readings, TransferProgress Events)>> ReadTransfersAsync(CancellationToken cancellationToken)
    {
        if (Convert.ToInt64((await parts.Query(parts.LedgerTables, cancellationToken))[0][0], System.Globalization.CultureInfo.InvariantCulture) == 0) return [];
        var ledger = new TransferLedger(parts.Query);
        var transfers = new List<(TransferRecord, TransferProgress, TransferProgress)>();
        foreach (var record in await ledger.ListAsync(cancellationToken))
        {
            transfers.Add((record, await ledger.ReadProgressAsync(record.Id, TransferPart.Readings, cancellationToken),
                await ledger.ReadProgressAsync(record.Id, TransferPart.Events, cancellationToken)));
        }
        return transfers;
    }

    /// <summary>How far this store follows the source of a transfer into it; null if it does not follow.</summary>
    public async Task<TransferStart?> ReadAppliedAsync(TransferRecord record, CancellationToken cancellationToken)
    {
        if (record.Start is not { } start) return null;
        var ledger = new TransferLedger(parts.Query);
        return new(await ledger.ReadCursorAsync(record.Id, TransferPart.Readings, cancellationToken) ?? start.Readings,
            start.Events is null ? null : await ledger.ReadCursorAsync(record.Id, TransferPart.Events, cancellationToken) ?? start.Events);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var each in owned)
        {
            if (each is IAsyncDisposable asynchronous) await asynchronous.DisposeAsync();
            else each.Dispose();
        }
    }
}
