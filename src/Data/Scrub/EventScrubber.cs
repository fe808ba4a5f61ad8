using SensorDash.Data.Events;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.Scrub;

/// <summary>Compares the events with the batch log, commit by commit, and each with its id, its row of the index and its request.</summary>
/// <remarks>
/// Canonical times are given in the order of the commits, so the events of a commit lie between two times. Of commits from which retention has deleted only the sum of all is known. An event and its
/// row of the index are written together, and the row outlives the event: an event that is there before and after its row was looked for in vain has none. See ADR 0042.
/// </remarks>
internal sealed class EventScrubber(IEventStore store, IEventScrub events)
{
    private const int MaxRestarts = 5;

    // Small commits are compared together, and one by one only if they differ.
    private const int BatchesAtOnce = 1_000, RowsOfAGroup = 2_000;

    private readonly EventHash _hash = new();

    /// <summary>Reads the next slice.</summary>
    /// <returns>Rows read; null when the events are done.</returns>
    public async Task<int?> StepAsync(ScrubState pass, int limit, CancellationToken cancellationToken)
    {
        if (pass.Events is not { } state)
        {
            pass.Events = state = new() { From = TransferRange.All.From };
            await BeginAsync(state, cancellationToken);
            return 0;
        }
        if (state.GroupRows is null && !await NextGroupAsync(state, cancellationToken)) return null;
        var (page, end) = await store.ReadInstantsAsync(Start(state.From), state.GroupEnd, limit, cancellationToken);
        var confirmed = new List<ScrubFinding>();
        foreach (var (suspect, _) in await CheckAsync(page, cancellationToken))
            if (await ConfirmAsync(suspect, cancellationToken) is { } finding) confirmed.Add(finding);
        // Only now: a step that is interrupted is done again.
        confirmed.ForEach(pass.Add);
        foreach (var laneEvent in page) (state.Rows, state.Hash) = (state.Rows + 1, unchecked(state.Hash + _hash.Of(laneEvent, laneEvent.CanonicalTime)));
        state.From = end ?? state.GroupEnd;
        if (state.From >= state.GroupEnd) await EndGroupAsync(pass, state, cancellationToken);
        return page.Count;
    }

    /// <summary>Goes on behind the commits that cannot be read.</summary>
    /// <returns>False when there is nothing behind them, as far as can be told.</returns>
    public static bool Skip(ScrubState pass)
    {
        if (pass.Events is not { GroupRows: not null } state) return false;
        EndGroup(state);
        return true;
    }

    // Commits from here on are whole.
    private static long Reached(EventEdges edges) => edges.OfAll(Lanes.All);

    private static long? Start(long from) => from == TransferRange.All.From ? null : from;

    // The oldest events first, if retention has deleted any.
    private async Task BeginAsync(EventScrubState state, CancellationToken cancellationToken)
    {
        var log = await events.ReadLogAsync(cancellationToken);
        (state.UpTo, state.IsOld, state.Removed) = (Math.Max(state.UpTo, log.Head), log.OldEnd is not null, log.Removed);
        if (log.OldEnd is { } end) Begin(state, TransferRange.All.From, TransferRange.All.From, end, log.OldRows, log.OldHash);
    }

    private static void Begin(EventScrubState state, long from, long first, long end, long rows, long hash)
    {
        (state.From, state.GroupFirst, state.GroupEnd, state.GroupRows, state.GroupHash) = (from, first, end, rows, hash);
        (state.Rows, state.Hash) = (0, 0);
    }

    private static void EndGroup(EventScrubState state)
    {
        (state.From, state.GroupRows, state.IsOld) = (state.GroupEnd, null, false);
        (state.SuspectRows, state.SuspectHash, state.Restarts) = (null, 0, 0);
    }

    private async Task<bool> NextGroupAsync(EventScrubState state, CancellationToken cancellationToken)
    {
        var batches = await events.ReadBatchesAsync(state.From, BatchesAtOnce, cancellationToken);
        if (batches.Count == 0 || batches[0].First > state.UpTo) return false;
        var group = batches[0];
        foreach (var batch in batches.Skip(1))
        {
            if (batch.First > state.UpTo || group.Rows + batch.Rows > RowsOfAGroup) break;
            group = group with { Id = batch.Id, Rows = group.Rows + batch.Rows, Last = batch.Last, Hash = unchecked(group.Hash + batch.Hash) };
        }
        // Batches that were merged meanwhile may begin before what is done. Between two batches there is nothing, which the count proves.
        Begin(state, Math.Min(state.From, group.First), group.First, group.Last + 1, group.Rows, group.Hash);
        return true;
    }

    private async Task EndGroupAsync(ScrubState pass, EventScrubState state, CancellationToken cancellationToken)
    {
        var (rows, hash) = (state.Rows - state.GroupRows!.Value, unchecked(state.Hash - state.GroupHash));
        if ((rows, hash) == (0, 0))
        {
            EndGroup(state);
            return;
        }
        var (edges, removed) = await events.ReadEdgesAsync(cancellationToken);
        if (state.IsOld)
        {
            // It changed meanwhile, or it is read once more to be sure.
            var isConfirmed = removed == state.Removed && (state.SuspectRows, state.SuspectHash) == (rows, hash);
            if (!isConfirmed && state.Restarts < MaxRestarts)
            {
                state.Restarts++;
                if (removed == state.Removed) (state.SuspectRows, state.SuspectHash) = (rows, hash);
                await BeginAsync(state, cancellationToken);
                return;
            }
            if (isConfirmed) Add(pass, new(0, state.GroupRows.Value, long.MinValue, state.GroupEnd - 1, state.GroupHash), rows);
            else pass.Note("The sum of the oldest events was not compared with the batch log, because retention deleted meanwhile. The next pass tries again.");
        }
        else if (Reached(edges) <= state.GroupFirst)
        {
            // Otherwise retention has reached them, and their own sum is not known any more; the next pass compares them with the oldest.
            await NameBatchesAsync(pass, state.GroupFirst, state.GroupEnd, cancellationToken);
        }
        EndGroup(state);
    }

    // Again, commit by commit.
    private async Task NameBatchesAsync(ScrubState pass, long first, long end, CancellationToken cancellationToken)
    {
        var from = first;
        foreach (var batch in await events.ReadBatchesAsync(first, BatchesAtOnce, cancellationToken))
        {
            if (batch.First >= end) break;
            var (rows, hash) = await SumAsync(Math.Min(from, batch.First), batch.Last + 1, cancellationToken);
            from = batch.Last + 1;
            if ((rows, hash) == (batch.Rows, batch.Hash)) continue;
            // Unless retention was there in between.
            if (Reached((await events.ReadEdgesAsync(cancellationToken)).Edges) > batch.First) return;
            Add(pass, batch, rows - batch.Rows);
        }
    }

    private async Task<(long Rows, long Hash)> SumAsync(long from, long end, CancellationToken cancellationToken)
    {
        var (rows, hash) = (0L, 0L);
        for (long? next = from; next is not null;)
        {
            (var page, next) = await store.ReadInstantsAsync(next, end, RowsOfAGroup, cancellationToken);
            foreach (var laneEvent in page) (rows, hash) = (rows + 1, unchecked(hash + _hash.Of(laneEvent, laneEvent.CanonicalTime)));
        }
        return (rows, hash);
    }

    private static void Add(ScrubState pass, EventBatchSum batch, long rows)
    {
        // An event that is named already explains it.
        if (pass.Findings.Any(f => f.At >= batch.First && f.At <= batch.Last && f.Kind is ScrubKind.EventId or ScrubKind.EventMissing or ScrubKind.IndexDiffers or ScrubKind.Damage)) return;
        var isOld = batch.First == long.MinValue;
        pass.Add(new(
            ScrubKind.EventSum, "events of all lanes", isOld ? $"received before {ScrubText.Time(batch.Last + 1)}" : $"received from {ScrubText.Time(batch.First)} to {ScrubText.Time(batch.Last)}",
            rows < 0 ? $"{ScrubText.Count(-rows, "event")} of those that were committed {(rows == -1 ? "is" : "are")} missing, by the batch log"
                : rows > 0 ? $"{ScrubText.Count(rows, "event")} more than were committed, by the batch log"
                : "a column of one of them is not what was committed, by the batch log; ids are those of their content, so it is a column that is not part of the id, such as a type or a sequence",
            null, FormattableString.Invariant($"{batch.Rows} rows, hash {batch.Hash:x16}"), isOld ? null : batch.First));
    }

    /// <summary>Compares some events with their ids, their rows of the index and their requests.</summary>
    private async Task<List<(LaneEvent Event, ScrubFinding Finding)>> CheckAsync(ArraySegment<LaneEvent> page, CancellationToken cancellationToken)
    {
        var found = new List<(LaneEvent, ScrubFinding)>();
        if (page.Count == 0) return found;
        var index = (await events.FindIndexAsync([.. page.Select(e => new IndexPosition(e.SourceTime, e.Id)).Distinct()], cancellationToken)).ToDictionary(i => new IndexPosition(i.SourceTime, i.Id));
        (string Scope, string Request)[] requests = [.. page.OfType<CommandEvent>().Where(e => e.RequestId is not null).Select(e => (e.ScopeId, e.RequestId!)).Distinct()];
        var registered = requests.Length == 0 ? [] : (await events.FindRequestsAsync(requests, cancellationToken)).ToDictionary(r => (r.Scope, r.Request));
        foreach (var laneEvent in page)
        {
            IndexEntry? entry = index.TryGetValue(new(laneEvent.SourceTime, laneEvent.Id), out var there) ? there : null;
            if (await CompareAsync(laneEvent, entry, cancellationToken) is { } finding) found.Add((laneEvent, finding));
            else if (laneEvent is CommandEvent { RequestId: { } request } && Compare(laneEvent, registered.TryGetValue((laneEvent.ScopeId, request), out var row) ? row : null) is { } other) found.Add((laneEvent, other));
        }
        return found;
    }

    private async Task<ScrubFinding?> CompareAsync(LaneEvent e, IndexEntry? entry, CancellationToken cancellationToken)
    {
        var (table, computed) = (LaneTable.Of(e.Lane).Name, e.ComputeId());
        if (entry is not { } row)
        {
            if (computed == e.Id) return new(ScrubKind.IndexMissing, "event_index", ScrubText.Row(e), $"the event of {table} is not in the index", null, null, e.CanonicalTime);
            var isOfIndex = (await events.FindIndexAsync([new(e.SourceTime, computed)], cancellationToken)).Any(i => i.FirstSeen == e.CanonicalTime && i.Lane == (int)e.Lane);
            return new(
                ScrubKind.EventId, table, ScrubText.Row(e),
                isOfIndex ? "event_id is not that of its content; the index has the right one" : "its id is not that of its content, and the index does not have it: event_id, source_truth_time or another column that is part of the id has changed",
                $"event_id {e.Id}", isOfIndex ? $"event_id {computed}" : null, e.CanonicalTime);
        }
        var check = e.ComputePartsCheck();
        // Producers may give ids of their own (Events:TrustProducerIds); then the checksum of the parts says that they are unchanged.
        if (computed != e.Id && row.PartsCheck != check)
        {
            return new(ScrubKind.EventId, table, ScrubText.Row(e), $"its id is not that of its content, whose id is {computed}: the content ({LaneTable.Of(e.Lane).Content}), scope_id, source_text or what identifies it has changed",
                null, $"event_id {e.Id}", e.CanonicalTime);
        }
        string[] columns = [.. Differences(row, e, check)];
        return columns.Length == 0 ? null
            : new(ScrubKind.IndexDiffers, "event_index", ScrubText.Row(e), $"{string.Join(", ", columns)} of the index differs from the event in {table}",
                FormattableString.Invariant($"lane {row.Lane}, first_seen {row.FirstSeen}, parts_check {row.PartsCheck}"),
                FormattableString.Invariant($"lane {(int)e.Lane}, first_seen {e.CanonicalTime}, parts_check {check}"), e.CanonicalTime);
    }

    private static IEnumerable<string> Differences(IndexEntry row, LaneEvent e, int check)
    {
        if (row.Lane != (int)e.Lane) yield return "lane";
        if (row.FirstSeen != e.CanonicalTime) yield return "first_seen";
        if (row.PartsCheck != check) yield return "parts_check";
    }

    private static ScrubFinding? Compare(LaneEvent e, RequestEntry? registered)
    {
        if (registered is { } row && row.Id == e.Id && row.AcceptedAt == e.CanonicalTime) return null;
        return new(ScrubKind.RequestDiffers, "command_requests", ScrubText.Row(e), registered is null ? "its request is not registered" : "its request is registered with other values",
            registered is { } other ? FormattableString.Invariant($"event_id {other.Id}, accepted_at {other.AcceptedAt}") : null, FormattableString.Invariant($"event_id {e.Id}, accepted_at {e.CanonicalTime}"), e.CanonicalTime);
    }

    // The event is read, looked up and read again: if it is there at the end, it was there in between.
    private async Task<ScrubFinding?> ConfirmAsync(LaneEvent suspect, CancellationToken cancellationToken)
    {
        if (await AgainAsync(suspect, cancellationToken) is not { } again) return null;
        var found = await CheckAsync(new([again]), cancellationToken);
        return found.Count > 0 && await AgainAsync(suspect, cancellationToken) is not null ? found[0].Finding : null;
    }

    private async Task<LaneEvent?> AgainAsync(LaneEvent e, CancellationToken cancellationToken)
        => (await store.ReadInstantsAsync(e.CanonicalTime, e.CanonicalTime + 1, RowsOfAGroup, cancellationToken)).Events.FirstOrDefault(other => other.Id == e.Id && other.Lane == e.Lane);

    /// <summary>Reads the next rows of the index: each names an event.</summary>
    /// <returns>Rows read; null at the end.</returns>
    public async Task<int?> StepIndexAsync(ScrubState pass, int limit, CancellationToken cancellationToken)
    {
        var page = await events.ReadIndexAsync(pass.IndexAfter, limit, cancellationToken);
        foreach (var row in await FindOrphansAsync(page, cancellationToken))
        {
            // The row and the event once more: retention deletes the event first, and moves the edge with it.
            var again = await events.FindIndexAsync([new(row.SourceTime, row.Id)], cancellationToken);
            if (!again.Contains(row) || (await FindOrphansAsync(again, cancellationToken)).Count == 0) continue;
            var lane = LaneOf(row);
            pass.Add(new(
                ScrubKind.EventMissing, lane is null ? "event_index" : LaneTable.Of(lane.Value).Name, FormattableString.Invariant($"event {row.Id} at {ScrubText.Time(row.FirstSeen)} (canonical_truth_time {row.FirstSeen})"),
                lane is null ? FormattableString.Invariant($"the index names the lane {row.Lane}, which does not exist") : "the index names this event, and there is none at that time: it is lost, or event_id, canonical_truth_time or the row of the index has changed",
                null, FormattableString.Invariant($"source_truth_time {row.SourceTime}, first_seen {row.FirstSeen}"), row.FirstSeen));
        }
        if (page.Count < limit)
        {
            pass.Rows += page.Count;
            return null;
        }
        (pass.IndexTime, pass.IndexId) = (page[^1].SourceTime, page[^1].Id.ToString());
        return page.Count;
    }

    private static Lane? LaneOf(IndexEntry row) => row.Lane >= 0 && row.Lane < Lanes.All.Count ? (Lane)row.Lane : null;

    private async Task<List<IndexEntry>> FindOrphansAsync(IReadOnlyList<IndexEntry> rows, CancellationToken cancellationToken)
    {
        List<IndexEntry> orphans = [.. rows.Where(row => LaneOf(row) is null)];
        foreach (var lane in rows.Where(row => LaneOf(row) is not null).GroupBy(row => LaneOf(row)!.Value))
        {
            var there = (await events.FindEventsAsync(lane.Key, [.. lane.Select(row => (row.FirstSeen, row.Id))], cancellationToken)).ToHashSet();
            orphans.AddRange(lane.Where(row => !there.Contains((row.FirstSeen, row.Id))));
        }
        if (orphans.Count == 0) return orphans;
        // After the events: an edge only moves on.
        var edges = (await events.ReadEdgesAsync(cancellationToken)).Edges;
        orphans.RemoveAll(row => LaneOf(row) is { } lane && row.FirstSeen < edges[lane]);
        return orphans;
    }

    /// <summary>Reads the next requests: each names a command.</summary>
    /// <returns>Rows read; null at the end.</returns>
    public async Task<int?> StepRequestsAsync(ScrubState pass, int limit, CancellationToken cancellationToken)
    {
        (string, string)? after = pass is { RequestScope: { } scope, Request: { } request } ? (scope, request) : null;
        var page = await events.ReadRequestsAsync(after, limit, cancellationToken);
        foreach (var row in await FindOrphansAsync(page, cancellationToken))
        {
            var again = await events.FindRequestsAsync([(row.Scope, row.Request)], cancellationToken);
            if (!again.Contains(row) || (await FindOrphansAsync(again, cancellationToken)).Count == 0) continue;
            pass.Add(new(ScrubKind.CommandMissing, "command_requests", $"request {ScrubText.Shown(row.Request)} of scope {ScrubText.Shown(row.Scope)}", "it names a command that does not exist",
                FormattableString.Invariant($"event_id {row.Id}, accepted_at {row.AcceptedAt}"), null, row.AcceptedAt));
        }
        if (page.Count < limit)
        {
            pass.Rows += page.Count;
            return null;
        }
        (pass.RequestScope, pass.Request) = (page[^1].Scope, page[^1].Request);
        return page.Count;
    }

    private async Task<List<RequestEntry>> FindOrphansAsync(IReadOnlyList<RequestEntry> rows, CancellationToken cancellationToken)
    {
        var there = (await events.FindEventsAsync(Lane.Command, [.. rows.Select(row => (row.AcceptedAt, row.Id))], cancellationToken)).ToHashSet();
        List<RequestEntry> orphans = [.. rows.Where(row => !there.Contains((row.AcceptedAt, row.Id)))];
        if (orphans.Count == 0) return orphans;
        var edge = (await events.ReadEdgesAsync(cancellationToken)).Edges[Lane.Command];
        orphans.RemoveAll(row => row.AcceptedAt < edge);
        return orphans;
    }
}
