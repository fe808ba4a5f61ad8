using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Transfer;

/// <summary>Keeps a target equal to a file of a former system that its program goes on writing: adds its new rows, with their row ids in the ledger in one transaction.</summary>
/// <remarks>
/// An event keeps its canonical time if it is after the last one of the target; else it gets the next free one, because positions only grow, and the ledger notes it, so that a
/// verification knows. Changed and deleted rows of the source are not followed; a verification finds them.
/// </remarks>
/// <param name="rejects">Gets the rows that no store can hold.</param>
public sealed class FileFollower(IFollowedFile source, ITransferTarget target, TransferRecord record, RejectLog rejects, TimeProvider clock)
{
    private readonly TransferLedger _ledger = new(target.RunLedgerAsync);
    private readonly List<Reject> _found = []; // Of the rows that are being added.
    private int _rowsAtOnce = 5_000;
    private readonly SmallTableFollower _small = new(target, isMirror: false, clock);

    /// <summary>Adds the next rows.</summary>
    /// <returns>More than 0 if there may be further ones.</returns>
    /// <exception cref="TransferException">The target has other rows than the source.</exception>
    /// <exception cref="StoreUnavailableException">A side is temporarily unavailable; nothing is lost, call it again.</exception>
    public async Task<long> ApplyAsync(CancellationToken cancellationToken)
    {
        var after = await ReadRowIdsAsync(cancellationToken);
        var rows = source.ReadNew(after, _rowsAtOnce, cancellationToken);
        var isMoved = rows.UpTo.Any(table => table.Value != after[table.Key]);
        try
        {
            if (isMoved) await AddAsync(rows.Rejects.Where(r => r.Table == source.ReadingTable), () => AddReadingsAsync(rows, cancellationToken));
            if (isMoved) await AddAsync(rows.Rejects.Where(r => r.Table != source.ReadingTable), () => AddEventsAsync(rows, cancellationToken));
        }
        catch (StoreBatchTooLargeException) when (_rowsAtOnce > 1)
        {
            _rowsAtOnce = Math.Max(1, _rowsAtOnce / 2);
            return 1; // The next call reads fewer.
        }
        foreach (var (kind, count) in rows.Warnings) rejects.Warn(kind, count);
        if (!isMoved && _small.IsDue) await _small.ApplyAsync(token => Task.FromResult(source.ReadSmallTablesAgain(token)), cancellationToken);
        return isMoved ? Math.Max(1, rows.Readings.Count + rows.Events.Count) : 0; // Also of rejected rows.
    }

    /// <summary>Limits the source to the rows that the target has, for a verification.</summary>
    public async Task LimitSourceAsync(CancellationToken cancellationToken)
        => source.Limit(await ReadRowIdsAsync(cancellationToken), await _ledger.ReadGivenTimesAsync(record.Id, cancellationToken));

    private async Task<Dictionary<string, long>> ReadRowIdsAsync(CancellationToken cancellationToken)
    {
        var start = record.RowIds ?? throw new TransferException($"Transfer {record.Id} was begun without --follow. Begin a new one with it into an empty target.");
        var rows = new Dictionary<string, long>(start);
        foreach (var (table, row) in await _ledger.ReadRowIdsAsync(record.Id, cancellationToken))
            if (rows.ContainsKey(NameOf(table))) rows[NameOf(table)] = row;
        if (!target.Holds(TransferPart.Readings)) rows.Remove(source.ReadingTable);
        foreach (var lane in target.Holds(TransferPart.Events) ? [] : Lanes.All) rows.Remove(source.TableOf(lane));
        return rows;
    }

    private string NameOf(int table) => table == TransferLedger.ReadingTable ? source.ReadingTable : source.TableOf((Lane)(table - TransferLedger.FirstLaneTable));

    private async Task AddReadingsAsync(FollowedRows rows, CancellationToken cancellationToken)
    {
        if (!rows.UpTo.TryGetValue(source.ReadingTable, out var last)) return;
        var ledger = TransferLedger.SetRowId(record.Id, TransferLedger.ReadingTable, last);
        var kept = new Dictionary<(int, long), Reading>(rows.Readings.Count);
        for (var i = 0; i < rows.Readings.Count; i++)
        {
            var reading = rows.Readings[i];
            if (!kept.TryAdd((reading.NodeAddress, reading.Timestamp), reading)) RejectSecond(rows.ReadingRows[i]);
        }
        while (true)
        {
            try
            {
                await target.ApplyAsync(new(last, 0, [.. kept.Values], []), ledger, cancellationToken);
                return;
            }
            catch (RowsDifferException e)
            {
                foreach (var (ours, _) in e.Rows)
                {
                    kept.Remove((ours.NodeAddress, ours.Timestamp));
                    for (var i = 0; i < rows.Readings.Count; i++)
                        if (rows.Readings[i].HasValuesOf(ours)) RejectSecond(rows.ReadingRows[i]);
                }
            }
        }

        void RejectSecond(long row) => Reject(source.RejectReading(row, "is a second reading of its node and second"));
    }

    private async Task AddEventsAsync(FollowedRows rows, CancellationToken cancellationToken)
    {
        string[] cursors = [.. Lanes.All.Where(lane => rows.UpTo.ContainsKey(source.TableOf(lane)))
            .Select(lane => TransferLedger.SetRowId(record.Id, TransferLedger.FirstLaneTable + (int)lane, rows.UpTo[source.TableOf(lane)]))];
        if (cursors.Length == 0) return;
        var head = await target.ReadNewestEventAsync(cancellationToken);
        List<FollowedEvent> events = [.. rows.Events];
        try
        {
            await WriteAsync();
        }
        catch (TransferException) when (events.Count > 0)
        {
            // Two lanes may have one id, and two rows one request; the target tells that there are some, not which.
            if (await RemoveStoredAsync(events, cancellationToken) == 0) throw;
            await WriteAsync();
        }

        Task WriteAsync()
        {
            var (given, last) = (new List<GivenTime>(), head);
            foreach (var row in events)
            {
                // Events of one batch may share a time.
                var isKept = row.Time > head && row.Time >= last;
                last = row.Event.CanonicalTime = isKept ? row.Time : last + 1;
                if (!isKept) given.Add(new(row.Event.Lane, row.RowId, last));
            }
            var ledger = string.Join("; ", given.Select(g => TransferLedger.AddGivenTime(record.Id, g)).Concat(cursors));
            return target.WriteAsync(events.Select(e => e.Event).ToArray(), ledger, cancellationToken);
        }
    }

    // Events and requests that the target has, or that are twice among these.
    private async Task<int> RemoveStoredAsync(List<FollowedEvent> events, CancellationToken cancellationToken)
    {
        var (ids, requests, before) = (new HashSet<EventId>(), new HashSet<(string, string)>(), events.Count);
        var kept = new List<FollowedEvent>(events.Count);
        foreach (var row in events)
        {
            var stored = await target.FindEventAsync(row.Event.Id, row.Event.SourceTime, cancellationToken);
            if (stored is not null || !ids.Add(row.Event.Id))
            {
                if (stored is not null && stored.ComputePartsCheck() == row.Event.ComputePartsCheck()) rejects.Warn("events that are there twice are carried over once");
                else Reject(source.RejectEvent(row, "eventId", "collides with another event"));
            }
            else if (row.Event is CommandEvent { RequestId: { } request } && (!requests.Add((row.Event.ScopeId, request)) || await target.HasRequestAsync(row.Event.ScopeId, request, cancellationToken)))
            {
                Reject(source.RejectEvent(row, "requestId", "was accepted already"));
            }
            else
            {
                kept.Add(row);
            }
        }
        events.Clear();
        events.AddRange(kept);
        return before - kept.Count;
    }

    // The rejects are logged when the rows are there: an attempt that fails reads them again.
    private async Task AddAsync(IEnumerable<Reject> found, Func<Task> add)
    {
        _found.Clear();
        _found.AddRange(found);
        ThrowIfStrict();
        await add();
        foreach (var reject in _found) rejects.Add(reject);
        rejects.Flush();
    }

    private void Reject(Reject reject)
    {
        _found.Add(reject);
        ThrowIfStrict();
    }

    private void ThrowIfStrict()
    {
        if (rejects.IsStrict && _found.Count > 0) rejects.Add(_found[0]);
    }
}
