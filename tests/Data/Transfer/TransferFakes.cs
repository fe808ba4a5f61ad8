using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.Tests.Transfer;

/// <summary>A source in which something is written before and after each read.</summary>
internal sealed class WrittenSource(ITransferSource source, Func<Task> write) : ITransferSource
{
    public string Kind => source.Kind;

    public string Name => source.Name;

    public Task<TransferContents> InspectAsync(CancellationToken cancellationToken) => source.InspectAsync(cancellationToken);

    public Task PrepareAsync(RejectLog rejects, CancellationToken cancellationToken) => source.PrepareAsync(rejects, cancellationToken);

    public Task<TransferPage<Reading>> ReadReadingsAsync(TransferRange range, int limit, CancellationToken cancellationToken) => WriteAsync(() => source.ReadReadingsAsync(range, 7, cancellationToken));

    public Task<TransferPage<LaneEvent>> ReadEventsAsync(TransferRange range, int limit, CancellationToken cancellationToken) => WriteAsync(() => source.ReadEventsAsync(range, 7, cancellationToken));

    public Task<SmallTables> ReadSmallTablesAsync(CancellationToken cancellationToken) => source.ReadSmallTablesAsync(cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<T> WriteAsync<T>(Func<Task<T>> read)
    {
        await write();
        var result = await read();
        await write();
        return result;
    }
}

/// <summary>Fails before it changes anything, or as a server whose answer is lost.</summary>
internal sealed class FailingTarget(ITransferTarget target) : ITransferTarget
{
    public bool FailsBefore { get; set; }

    public bool FailsAfter { get; set; }

    public string Kind => target.Kind;

    public string Name => target.Name;

    public bool Holds(TransferPart part) => target.Holds(part);

    public IEventRemoval? Removal => target.Removal;

    public Task<TransferContents> InspectAsync(CancellationToken cancellationToken) => target.InspectAsync(cancellationToken);

    public Task PrepareAsync(RejectLog rejects, CancellationToken cancellationToken) => target.PrepareAsync(rejects, cancellationToken);

    public Task<TransferPage<Reading>> ReadReadingsAsync(TransferRange range, int limit, CancellationToken cancellationToken) => target.ReadReadingsAsync(range, limit, cancellationToken);

    public Task<TransferPage<LaneEvent>> ReadEventsAsync(TransferRange range, int limit, CancellationToken cancellationToken) => target.ReadEventsAsync(range, limit, cancellationToken);

    public Task<SmallTables> ReadSmallTablesAsync(CancellationToken cancellationToken) => target.ReadSmallTablesAsync(cancellationToken);

    public Task VisitReadingsAsync(TransferRange range, VisitRows<Reading> visit, CancellationToken cancellationToken) => target.VisitReadingsAsync(range, visit, cancellationToken);

    public Task VisitEventsAsync(TransferRange range, VisitRows<LaneEvent> visit, CancellationToken cancellationToken) => target.VisitEventsAsync(range, visit, cancellationToken);

    public Task<IReadOnlyList<object?[]>> RunLedgerAsync(string sql, CancellationToken cancellationToken) => target.RunLedgerAsync(sql, cancellationToken);

    public Task RenewEpochAsync(string epoch, CancellationToken cancellationToken) => target.RenewEpochAsync(epoch, cancellationToken);

    public Task WriteAsync(ReadOnlyMemory<Reading> readings, string ledger, CancellationToken cancellationToken) => FailAsync(() => target.WriteAsync(readings, ledger, cancellationToken));

    public Task WriteAsync(ReadOnlyMemory<LaneEvent> events, string ledger, CancellationToken cancellationToken) => FailAsync(() => target.WriteAsync(events, ledger, cancellationToken));

    public Task ApplyAsync(ReadingChanges changes, string? ledger, CancellationToken cancellationToken) => FailAsync(() => target.ApplyAsync(changes, ledger, cancellationToken));

    public Task WriteSmallTablesAsync(SmallTables tables, bool isMirror, CancellationToken cancellationToken)
        => FailAsync(() => target.WriteSmallTablesAsync(tables, isMirror, cancellationToken));

    public Task<long> ReadNewestEventAsync(CancellationToken cancellationToken) => target.ReadNewestEventAsync(cancellationToken);

    public Task<LaneEvent?> FindEventAsync(EventId id, long sourceTime, CancellationToken cancellationToken) => target.FindEventAsync(id, sourceTime, cancellationToken);

    public Task<bool> HasRequestAsync(string scope, string request, CancellationToken cancellationToken) => target.HasRequestAsync(scope, request, cancellationToken);

    public Task<bool> IndexAgreesAsync(CancellationToken cancellationToken) => target.IndexAgreesAsync(cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task FailAsync(Func<Task> write)
    {
        if (FailsBefore) throw new StoreUnavailableException("The test fails before it.");
        await write();
        if (FailsAfter) throw new StoreUnavailableException("The test fails after it.");
    }
}

/// <summary>Gives the changes as they were when they were committed.</summary>
internal sealed class RecordedFeed(IReadingChangeFeed feed) : IReadingChangeFeed
{
    private readonly SortedDictionary<long, ReadingChanges> _changes = [];

    public async Task RecordAsync()
    {
        var after = _changes.Count == 0 ? (await feed.ReadHeadAsync(default)).LastBatch - 1 : _changes.Last().Value.UpTo;
        if (await feed.ReadChangesAsync(after, default) is var changes && changes.UpTo > after) _changes[after] = changes;
    }

    public Task<ReadingChanges> ReadChangesAsync(long after, CancellationToken cancellationToken)
        => _changes.TryGetValue(after, out var known) ? Task.FromResult(known) : feed.ReadChangesAsync(after, cancellationToken);

    public Task<int> ReadStoredAsync(ReadingPosition? after, long upTo, Memory<Reading> page, CancellationToken cancellationToken) => feed.ReadStoredAsync(after, upTo, page, cancellationToken);

    public Task<ReadingHead> ReadHeadAsync(CancellationToken cancellationToken) => feed.ReadHeadAsync(cancellationToken);

    public Task<long?> FindCommittedAtAsync(long batch, CancellationToken cancellationToken) => feed.FindCommittedAtAsync(batch, cancellationToken);

    public void ForgetRecent() => feed.ForgetRecent();

    public Task<(long LastBatch, long Rows, long? OldestCommittedAt)> ReadLagAsync(long after, CancellationToken cancellationToken) => feed.ReadLagAsync(after, cancellationToken);
}
