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
/// <param name="Contexts">Its names, notes and zones; null if they are in another store.</param>
/// <param name="Count">Counts the readings and events, and the size on disk.</param>
public sealed record StoreParts(
    string Kind, string Name, IReadingStore Readings, INodeStore Nodes, IEventStore? Events, IDbContextFactory<SensorDashContext>? Contexts,
    Func<CancellationToken, Task<TransferContents>> Count)
{
    /// <summary>A query with the number of its tables of the ledger.</summary>
    public required string LedgerTables { get; init; }

    /// <summary>Runs a query of the ledger.</summary>
    public required Func<string, CancellationToken, Task<IReadOnlyList<object?[]>>> Query { get; init; }
}

/// <inheritdoc cref="ITransferSource"/>
/// <param name="parts">The store.</param>
/// <param name="owned">Disposed with the source, in this order.</param>
public class StoreSource(StoreParts parts, params IReadOnlyList<IDisposable> owned) : ITransferSource
{
    private Reading[] _page = [];

    public string Kind => parts.Kind;

    public string Name => parts.Name;

    public Task<TransferContents> InspectAsync(CancellationToken cancellationToken) => parts.Count(cancellationToken);

    /// <summary>A store of SensorDash has only rows that every store can hold.</summary>
    public Task PrepareAsync(RejectLog rejects, CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<TransferPage<Reading>> ReadReadingsAsync(TransferRange range, int limit, CancellationToken cancellationToken)
    {
        // One row more: the last instant is complete only if another one follows.
        var count = await ReadAsync(range, limit + 1, cancellationToken);
        if (count <= limit) return new(_page.AsMemory(0, count), range.To);
        var last = _page[limit].Timestamp;
        var kept = limit;
        while (kept > 0 && _page[kept - 1].Timestamp == last) kept--;
        if (kept > 0) return new(_page.AsMemory(0, kept), last);
        for (var length = 2 * limit; ; length *= 2)
        {
            count = await ReadAsync(new(last, last + 1), length + 1, cancellationToken);
            if (count <= length) return new(_page.AsMemory(0, count), last + 1);
        }
    }

    private Task<int> ReadAsync(TransferRange range, int length, CancellationToken cancellationToken)
    {
        if (_page.Length < length) _page = new Reading[length];
        var times = new TimeRange(range.Start, range.End is { } end ? end - 1 : null);
        return parts.Readings.ReadAsync(new ReadingQuery(new(null, times), ReadingOrder.OldestFirst), _page.AsMemory(0, length), cancellationToken);
    }

    public async Task<TransferPage<LaneEvent>> ReadEventsAsync(TransferRange range, int limit, CancellationToken cancellationToken)
    {
        if (parts.Events is null) return new(default, range.To);
        var query = new EventQuery(EventFilter.All, Timebase.Canonical, EventDirection.Forward, range.Start, range.End, Limit: Math.Min(limit, EventQuery.MaxLimit));
        var page = await parts.Events.ReadAsync(query, cancellationToken);
        var events = page.Events.ToArray();
        if (page.Next is not { } next) return new(events, range.To);
        // The last instant may go on.
        var kept = events.Length;
        while (kept > 0 && events[kept - 1].CanonicalTime == next.Time) kept--;
        if (kept > 0) return new(events.AsMemory(0, kept), next.Time);
        List<LaneEvent> instant = [.. events];
        for (EventPosition? after = next; after is not null; after = page.Next)
        {
            page = await parts.Events.ReadAsync(query with { From = next.Time, To = next.Time + 1, After = after }, cancellationToken);
            instant.AddRange(page.Events);
        }
        return new(instant.ToArray(), next.Time + 1);
    }

    public async Task<SmallTables> ReadSmallTablesAsync(CancellationToken cancellationToken)
    {
        var nodes = await parts.Nodes.ListAsync(cancellationToken);
        if (parts.Contexts is null) return new(nodes, [], [], HasMetadata: false);
        await using var context = await parts.Contexts.CreateDbContextAsync(cancellationToken);
        return new(
            nodes,
            await context.Set<NodeMetadata>().AsNoTracking().OrderBy(m => m.Address).ToListAsync(cancellationToken),
            await context.Set<Zone>().AsNoTracking().OrderBy(z => z.Id).ToListAsync(cancellationToken));
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
