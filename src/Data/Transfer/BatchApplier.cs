using System.Globalization;
using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Transfer;

/// <summary>Keeps a target equal to a store of SensorDash that goes on being written: applies its commits in order, each with the new place in the ledger in one transaction.</summary>
/// <remarks>
/// The head is noted before the first chunk is copied, and the commits after it are applied when all chunks are copied. A chunk is of a later state than the head, so some of these commits
/// are in it already. Applying all of them again, in order, ends with the state of the source: a row that is there is passed over, and a removal deletes also rows that were added after it,
/// which their own batches then add again (ADR 0031).
/// </remarks>
/// <param name="source">The store that goes on being written.</param>
/// <param name="target">The store that becomes equal to it.</param>
/// <param name="id">The transfer in the ledger of the target.</param>
/// <param name="clock">For times in the ledger.</param>
public sealed class BatchApplier(StoreParts source, ITransferTarget target, long id, TimeProvider clock)
{
    private const int EventBytesAtOnce = 4 << 20;
    private const int SmallestPart = 100;
    private const int MaxAhead = 500_000;

    private readonly TransferLedger _ledger = new(target.RunLedgerAsync);
    private readonly BatchFollower? _follower = source.Log is null ? null : new(source.Log, NameOf(target, id), clock);
    private TransferCursor? _readings, _events; // Null: as in the ledger.
    private EventEdges? _edges; // Those of the source that the target has; null: it is not known.
    private TransferRecord? _record;
    private readonly SmallTableFollower _small = new(target, isMirror: true, clock);
    private int _readingsAtOnce = int.MaxValue, _eventsAtOnce = 5_000;

    /// <summary>The follower's name in the source.</summary>
    public static string NameOf(ITransferTarget target, long id)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"transfer {id} to {target.Name}");
        return name.Length <= Follower.MaxNameLength ? name : string.Concat(name.AsSpan(0, 12), "…", name.AsSpan(name.Length - Follower.MaxNameLength + 13));
    }

    /// <summary>Notes where the source is, and registers in it, so that its batches stay. Before the first chunk is copied; the caller adds the result to the ledger.</summary>
    /// <exception cref="StoreUnavailableException">The source is temporarily unavailable.</exception>
    public async Task<TransferStart> BeginAsync(CancellationToken cancellationToken)
    {
        // First, so that no batch after the head is merged.
        if (source.Log is { } log) await log.FollowAsync(NameOf(target, id), 0, cancellationToken);
        var start = await new StoreSource(source).ReadPositionAsync(cancellationToken);
        if (_follower is not null) await _follower.NoteAsync(start.Readings.Position, cancellationToken);
        return target.Holds(TransferPart.Events) ? start : start with { Events = null };
    }

    /// <summary>Applies the next commits of the source: at most one step of readings and one of events. Call it in a loop, at once while the result is behind.</summary>
    /// <exception cref="TransferException">The source has another history, the target has other rows than the source, or chunks are not copied yet.</exception>
    /// <exception cref="StoreUnavailableException">A side is temporarily unavailable; nothing is lost, call it again.</exception>
    public async Task<TransferFollowState> ApplyAsync(CancellationToken cancellationToken)
    {
        try
        {
            var start = await ReadStartAsync(cancellationToken);
            await ApplyReadingsAsync(start.Readings, cancellationToken);
            if (start.Events is { } events) await ApplyEventsAsync(events, cancellationToken);
            var state = await ReadStateAsync(cancellationToken);
            if (state.IsCurrent && _small.IsDue) await ApplySmallTablesAsync(cancellationToken);
            return state;
        }
        catch
        {
            Forget();
            throw;
        }
    }

    /// <summary>Applies commits until the target has all that the source had at some moment of the call, with nodes, metadata, zones, users and keys. While the source is written it may never
    /// be current afterwards; of one that takes nothing it is an equal copy.</summary>
    /// <inheritdoc cref="ApplyAsync(CancellationToken)" path="/exception"/>
    public async Task<TransferFollowState> CatchUpAsync(CancellationToken cancellationToken)
    {
        TransferFollowState state;
        do state = await ApplyAsync(cancellationToken);
        while (!state.IsCurrent);
        await ApplySmallTablesAsync(cancellationToken);
        return state;
    }

    /// <summary>How far the target is, without applying anything.</summary>
    /// <exception cref="StoreUnavailableException">A side is temporarily unavailable.</exception>
    public async Task<TransferFollowState> ReadStateAsync(CancellationToken cancellationToken)
    {
        var start = await ReadStartAsync(cancellationToken);
        var at = await ReadCursorAsync(TransferPart.Readings, start.Readings, cancellationToken);
        var (last, rows, oldest) = await source.Changes.ReadLagAsync(at.Position, cancellationToken);
        var readings = new TransferLag(at.Position, last, Math.Max(0, last - at.Position), rows, oldest);
        if (start.Events is not { } first) return new(readings, null);
        var position = (await ReadCursorAsync(TransferPart.Events, first, cancellationToken)).Position;
        var lag = await source.Events!.ReadLagAsync(position, cancellationToken);
        var head = await source.Events.ReadHeadAsync(cancellationToken);
        return new(readings, new(position, head.Position, lag.Batches, lag.Events, lag.OldestCommittedAt));
    }

    /// <summary>Makes nodes, metadata, zones, users and keys equal, if they have changed since the last time.</summary>
    /// <inheritdoc cref="ApplyAsync(CancellationToken)" path="/exception"/>
    public Task ApplySmallTablesAsync(CancellationToken cancellationToken) => _small.ApplyAsync(source.ReadSmallTablesAsync, cancellationToken);

    /// <summary>Nodes, metadata, zones, users and keys as the target got them last; null if changes were applied since.</summary>
    internal SmallTables? SmallTables => _small.Written;

    /// <summary>The readings that the source has added after what the target has: while this applier rests, the two sides may differ in them only.</summary>
    /// <returns>Null if the source also deleted some, or added very many: apply these changes first.</returns>
    internal async Task<IReadOnlySet<ReadingPosition>?> ReadAheadAsync(CancellationToken cancellationToken)
    {
        var at = await ReadCursorAsync(TransferPart.Readings, (await ReadStartAsync(cancellationToken)).Readings, cancellationToken);
        var ahead = new HashSet<ReadingPosition>();
        for (var after = at.Position; ;)
        {
            var changes = await source.Changes.ReadChangesAsync(after, cancellationToken);
            if (changes.UpTo == after) return ahead;
            if (changes.RemovedNodes.Count > 0 || changes.RemovedBefore is not null || ahead.Count > MaxAhead) return null;
            foreach (var reading in changes.Added) ahead.Add(new(reading.Timestamp, reading.NodeAddress));
            after = changes.UpTo;
        }
    }

    /// <summary>Where the target is.</summary>
    internal async Task<TransferStart> ReadAppliedAsync(CancellationToken cancellationToken)
    {
        var start = await ReadStartAsync(cancellationToken);
        return new(await ReadCursorAsync(TransferPart.Readings, start.Readings, cancellationToken),
            start.Events is { } events ? await ReadCursorAsync(TransferPart.Events, events, cancellationToken) : null);
    }

    /// <summary>Ends the following: the source may merge its batches.</summary>
    /// <exception cref="StoreUnavailableException">The source is temporarily unavailable.</exception>
    public Task EndAsync(CancellationToken cancellationToken)
        => source.Log is { } log ? log.UnfollowAsync(NameOf(target, id), cancellationToken) : Task.CompletedTask;

    private async Task ApplyReadingsAsync(TransferCursor start, CancellationToken cancellationToken)
    {
        var at = await ReadCursorAsync(TransferPart.Readings, start, cancellationToken);
        var head = await source.Changes.ReadHeadAsync(cancellationToken);
        if (head.Epoch != at.Epoch) throw OtherHistory(at.Epoch, head.Epoch);
        if (at.Position > 0 && await source.Changes.FindCommittedAtAsync(at.Position, cancellationToken) != at.CommittedAt) throw OtherHistory(at.Epoch, $"{head.Epoch} without batch {at.Position}");
        if (_follower is not null) await _follower.NoteAsync(at.Position, cancellationToken);
        var changes = await source.Changes.ReadChangesAsync(at.Position, cancellationToken);
        if (changes.UpTo == at.Position) return;
        var next = new TransferCursor(at.Epoch, changes.UpTo, changes.CommittedAt);
        await ApplyAsync(changes, TransferLedger.SetCursor(id, TransferPart.Readings, next), cancellationToken);
        _readings = next;
        _small.Forget(); // The counters of nodes have changed, and the metadata of a node that has come back is deleted with it.
    }

    // In several transactions if the target takes fewer rows at once; the cursor moves with the last, so a part may be applied again, which changes nothing.
    private async Task ApplyAsync(ReadingChanges changes, string ledger, CancellationToken cancellationToken)
    {
        if (changes.Added.Count == 0)
        {
            await target.ApplyAsync(changes, ledger, cancellationToken);
            return;
        }
        Reading[] rows = [.. changes.Added.OrderBy(r => r.Timestamp)]; // Few days in each part.
        for (var done = 0; done < rows.Length;)
        {
            var count = Math.Min(_readingsAtOnce, rows.Length - done);
            var isLast = done + count == rows.Length;
            try
            {
                await ApplyPartAsync(changes with { Added = rows[done..(done + count)] }, isLast ? ledger : null, cancellationToken);
                done += count;
            }
            catch (StoreBatchTooLargeException) when (count > SmallestPart)
            {
                _readingsAtOnce = Math.Max(SmallestPart, count / 2);
            }
        }
    }

    private async Task ApplyPartAsync(ReadingChanges changes, string? ledger, CancellationToken cancellationToken)
    {
        try
        {
            await target.ApplyAsync(changes, ledger, cancellationToken);
        }
        catch (RowsDifferException e)
        {
            // A chunk may have brought a later row of the same node and second: then the source has deleted this one, and its removal follows in the order of commits.
            var gone = new HashSet<ReadingPosition>();
            foreach (var (ours, theirs) in e.Rows)
            {
                if (await ReadFromSourceAsync(ours, cancellationToken) is { } current && current.HasValuesOf(ours)) throw Differs(ours, theirs);
                gone.Add(new(ours.Timestamp, ours.NodeAddress));
            }
            await target.ApplyAsync(changes with { Added = [.. changes.Added.Where(r => !gone.Contains(new(r.Timestamp, r.NodeAddress)))] }, ledger, cancellationToken);
        }
    }

    private async Task<Reading?> ReadFromSourceAsync(Reading reading, CancellationToken cancellationToken)
    {
        var page = new Reading[1];
        var query = new ReadingQuery(new(reading.NodeAddress, new(reading.Timestamp, reading.Timestamp)), ReadingOrder.OldestFirst);
        return await source.Readings.ReadAsync(query, page, cancellationToken) == 1 ? page[0] : null;
    }

    private async Task ApplyEventsAsync(TransferCursor start, CancellationToken cancellationToken)
    {
        var at = await ReadCursorAsync(TransferPart.Events, start, cancellationToken);
        var step = await source.Events!.ReadStepAsync(new(EventFilter.All, at.Position) { Limit = _eventsAtOnce, MaxContentBytes = EventBytesAtOnce }, cancellationToken);
        if (step.Head.Epoch != at.Epoch) throw OtherHistory(at.Epoch, step.Head.Epoch);
        if (step.Head.Position < at.Position)
            throw OtherHistory(at.Epoch, $"{step.Head.Epoch} that ends at {EventTime.Format(step.Head.Position)}");
        if (step.Position > at.Position)
        {
            var next = at with { Position = step.Position };
            try
            {
                await target.WriteAsync(step.Events.ToArray(), TransferLedger.SetCursor(id, TransferPart.Events, next), cancellationToken);
                _events = next;
            }
            catch (StoreBatchTooLargeException) when (_eventsAtOnce > 1)
            {
                _eventsAtOnce = Math.Max(1, _eventsAtOnce / 2); // The next call reads fewer.
                return;
            }
        }
        await ApplyEdgesAsync(step.Head.Edges, step.Position, cancellationToken);
    }

    // Events that retention has deleted are in no batch. What stays before an edge depends on the events before it only, so the target keeps the same once it has them all.
    private async Task ApplyEdgesAsync(EventEdges edges, long position, CancellationToken cancellationToken)
    {
        if (edges == _edges || target.Removal is not { } removal) return;
        var ours = await removal.ReadEdgesAsync(cancellationToken);
        foreach (var lane in Lanes.All)
        {
            if (edges[lane] > position + 1) return; // Its events come first.
            for (var at = ours[lane]; at < edges[lane];)
            {
                var slice = await removal.RemoveSliceAsync(lane, edges[lane], cancellationToken);
                if (slice.Edge == at) return;
                at = slice.Edge;
            }
        }
        _edges = edges;
    }

    /// <summary>Whether the target has deleted the events that the source has deleted by now.</summary>
    internal async Task<bool> HasEdgesOfSourceAsync(CancellationToken cancellationToken)
        => source.Events is null || target.Removal is null || (await source.Events.ReadHeadAsync(cancellationToken)).Edges == _edges;

    private async Task<TransferStart> ReadStartAsync(CancellationToken cancellationToken)
    {
        _record ??= (await _ledger.ListAsync(cancellationToken)).SingleOrDefault(r => r.Id == id) ?? throw new TransferException($"{target.Name} has no transfer {id}.");
        if (_record.State == TransferState.Copying)
        {
            _record = null;
            throw new TransferException($"The chunks of transfer {id} are not all copied yet; the changes of the source are applied after them. 'transfer run' with the same arguments goes on.");
        }
        return _record.Start ?? throw new TransferException($"Transfer {id} was begun without following its source. Begin a new one into an empty target.");
    }

    private async Task<TransferCursor> ReadCursorAsync(TransferPart part, TransferCursor start, CancellationToken cancellationToken)
    {
        if ((part == TransferPart.Readings ? _readings : _events) is { } known) return known;
        var read = await _ledger.ReadCursorAsync(id, part, cancellationToken) ?? start;
        return part == TransferPart.Readings ? _readings = read : _events = read;
    }

    // Whether the last transaction was committed is uncertain after an error.
    private void Forget()
    {
        (_readings, _events, _record, _edges) = (null, null, null, null);
        _small.Forget();
        _follower?.Forget();
    }

    private TransferException OtherHistory(string expected, string found) => new(
        $"{source.Name} has another history than the one that transfer {id} follows (epoch {found} instead of {expected}): it was restored from a backup or replaced. Begin a new transfer into an empty target.");

    private TransferException Differs(Reading ours, Reading theirs) => new(string.Create(CultureInfo.InvariantCulture,
        $"{target.Name} has another reading of node {ours.NodeAddress} at {ours.Timestamp} than the source: another program wrote to it. Source: {Text(ours)}; target: {Text(theirs)}."));

    private static string Text(Reading r) => string.Create(CultureInfo.InvariantCulture,
        $"temperature {r.TemperatureCentidegrees?.ToString(CultureInfo.InvariantCulture) ?? "absent"}, humidity {r.HumidityCentipercent?.ToString(CultureInfo.InvariantCulture) ?? "absent"}, flags {r.Flags}, received at {r.ReceivedAt}");
}
