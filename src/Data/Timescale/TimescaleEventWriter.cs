using Npgsql;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <summary>This process's writer of events, on a connection that it keeps. The writers of all processes share the writer lock, so that batches and canonical times become visible in order.</summary>
/// <remarks>
/// One statement inserts the ids of a batch into the index and returns the new ones; COPY writes the new events directly into their lanes:
/// half the cost of a staging table (ADR 0011).
/// </remarks>
internal sealed class TimescaleEventWriter(TimescaleDatabase database, EventCommitSignal commits, TimeProvider clock) : IDisposable, IAsyncDisposable
{
    /// <summary>Released with the transaction. Not the lock of the readings: the two never wait for each other.</summary>
    internal const string AcquireWriterLock = "SELECT pg_advisory_xact_lock(5318010)";

    private const int WriterLock = 5318010;

    /// <summary>Sent with the commit to the subscribers of all processes.</summary>
    internal const string Notify = $"SELECT pg_notify('{TimescaleCommitListener.Channel}', $1)";

    // Separate statements: only a statement that starts under the lock sees the previous writer's commit.
    internal const string LastBatch = "SELECT id, last_canonical_time FROM event_batches ORDER BY id DESC LIMIT 1";

    private const string KnownRequests = """
        SELECT r.scope_id, r.request_id, r.event_id FROM unnest($1, $2) AS k (scope_id, request_id)
        JOIN command_requests r ON r.scope_id = k.scope_id AND r.request_id = k.request_id
        """;

    // The canonical time of a row identifies its event.
    internal const string InsertIndex = """
        INSERT INTO event_index (source_truth_time, event_id, lane, first_seen, parts_check) SELECT * FROM unnest($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING RETURNING first_seen
        """;

    // Of the events with these keys, those whose stored parts differ. The bounds select the chunks: a producer without a clock makes thousands.
    private const string FindCollisions = """
        SELECT k.place FROM unnest($1, $2, $3, $4) AS k (place, source_truth_time, event_id, parts_check)
        JOIN event_index i ON i.source_truth_time = k.source_truth_time AND i.event_id = k.event_id AND i.parts_check <> k.parts_check
        WHERE i.source_truth_time BETWEEN $5 AND $6
        """;

    private const long MicrosecondsPerDay = 86_400_000_000;

    internal const string InsertRequests = "INSERT INTO command_requests (scope_id, request_id, event_id, accepted_at) SELECT * FROM unnest($1, $2, $3, $4)";

    internal const string InsertBatch = """
        INSERT INTO event_batches (id, committed_at, event_count, first_canonical_time, last_canonical_time, rows_hash) VALUES ($1, $2, $3, $4, $5, $6)
        """;

    private readonly TimescaleWriter _writer = new(database, WriterLock);
    private readonly EventHash _hash = new();

    // The events of a batch that may be new, and their state.
    private sealed class Candidates
    {
        public List<int> Places { get; } = []; // Indexes in the batch, ascending.

        public List<byte[]> Ids { get; } = [];

        public List<int> Checks { get; } = [];

        public bool[] IsNew { get; set; } = [];

        public long FirstTime { get; set; }

        public long Hash { get; set; } // Of the new events.
    }

    /// <inheritdoc cref="IRowStore{TRow}.AppendAsync"/>
    public async Task<int> AppendAsync(ReadOnlyMemory<LaneEvent> batch, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (batch.IsEmpty) return 0;
        TimescaleBatchLimit.Check(batch.Span, laneEvent => laneEvent.SourceTime, MicrosecondsPerDay);
        try
        {
            var (prev, added) = await _writer.RunAsync(connection => AppendAsync(connection, batch, outcomes, cancellationToken), cancellationToken);
            if (added == 0) return 0;
            if (commits.Recent.IsWanted) commits.Recent.Add(prev, RowOutcomes.Inserted(batch.Span, outcomes.Span, added));
            commits.Publish();
            return added;
        }
        catch
        {
            commits.PublishUncertain(); // A commit whose response was lost may have happened.
            throw;
        }
    }

    private async Task<(long Prev, int Added)> AppendAsync(NpgsqlConnection connection, ReadOnlyMemory<LaneEvent> batch, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
    {
        HashSet<int> collisions = [];
        while (true)
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var (batchId, last, requests) = await AcquireWriterLockAsync(connection, batch, cancellationToken);
            batchId++;
            var candidates = Choose(batch.Span, outcomes.Span, requests, collisions, out var accepted);
            candidates.FirstTime = Math.Max(clock.NowMicroseconds(), last + 1);
            var added = candidates.Places.Count == 0 ? 0 : await InsertIndexAsync(connection, batch, candidates, cancellationToken);
            // Collisions are rare, so they may cost a second attempt; without them the requests of the batch may have other outcomes.
            if (added < candidates.Places.Count && await AddCollisionsAsync(connection, batch, candidates, collisions, cancellationToken))
            {
                await transaction.RollbackAsync(cancellationToken);
                continue;
            }
            foreach (var lane in Lanes.All) await CopyAsync(connection, batch, candidates, lane, batchId, cancellationToken);
            if (added > 0) await FinishAsync(connection, candidates, accepted.Where(a => candidates.IsNew[a.Candidate]), batchId, added, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            // Not cancellable: without waiting for a sent commit, its result is unknown.
            await transaction.CommitAsync(CancellationToken.None);
            SetOutcomes(batch.Span, outcomes.Span, candidates);
            return (last, added);
        }
    }

    private static async Task<(long BatchId, long LastTime, Dictionary<(string Scope, string Request), EventId> Requests)> AcquireWriterLockAsync(
        NpgsqlConnection connection, ReadOnlyMemory<LaneEvent> batch, CancellationToken cancellationToken)
    {
        var asked = RequestsOf(batch.Span);
        await using var start = new NpgsqlBatch(connection) { BatchCommands = { new(AcquireWriterLock), new(TimescaleRole.OfEvents), new(LastBatch) } };
        if (asked.Count > 0)
        {
            var known = new NpgsqlBatchCommand(KnownRequests);
            known.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. asked.Select(a => a.Scope)] });
            known.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. asked.Select(a => a.Request)] });
            start.BatchCommands.Add(known);
        }
        await using var reader = await start.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        await TimescaleRole.ThrowIfNotPrimaryAsync(reader, cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var (batchId, lastTime) = await reader.ReadAsync(cancellationToken) ? (reader.GetInt64(0), reader.GetMicroseconds(1)) : (0, 0);
        var requests = new Dictionary<(string, string), EventId>();
        if (asked.Count > 0)
        {
            await reader.NextResultAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken)) requests[(reader.GetString(0), reader.GetString(1))] = new EventId((byte[])reader[2]);
        }
        return (batchId, lastTime, requests);
    }

    private static HashSet<(string Scope, string Request)> RequestsOf(ReadOnlySpan<LaneEvent> batch)
    {
        var requests = new HashSet<(string, string)>();
        foreach (var laneEvent in batch)
            if (laneEvent is CommandEvent { RequestId: { } request }) requests.Add((laneEvent.ScopeId, request));
        return requests;
    }

    // Of duplicates within the batch, and of known or repeated requests, at most the first may be new.
    private static Candidates Choose(
        ReadOnlySpan<LaneEvent> batch, Span<RowOutcome> outcomes, Dictionary<(string Scope, string Request), EventId> requests, HashSet<int> collisions,
        out List<(string Scope, string Request, int Candidate)> accepted)
    {
        var candidates = new Candidates();
        var seen = new Dictionary<(long, EventId), int>(batch.Length);
        accepted = [];
        for (var i = 0; i < batch.Length; i++)
        {
            var laneEvent = batch[i];
            outcomes[i] = collisions.Contains(i) ? RowOutcome.Collision : RowOutcome.Duplicate;
            if (outcomes[i] == RowOutcome.Collision) continue;
            var check = laneEvent.ComputePartsCheck();
            if (seen.TryGetValue((laneEvent.SourceTime, laneEvent.Id), out var earlier))
            {
                if (earlier != check) outcomes[i] = RowOutcome.Collision;
                continue;
            }
            if (laneEvent is CommandEvent { RequestId: { } request })
            {
                var isKnown = requests.TryGetValue((laneEvent.ScopeId, request), out var known);
                if (isKnown && known != laneEvent.Id) outcomes[i] = RowOutcome.AlreadyAccepted;
                if (isKnown) continue;
                requests[(laneEvent.ScopeId, request)] = laneEvent.Id;
                accepted.Add((laneEvent.ScopeId, request, candidates.Places.Count));
            }
            seen[(laneEvent.SourceTime, laneEvent.Id)] = check;
            candidates.Places.Add(i);
            candidates.Ids.Add(laneEvent.Id.ToArray());
            candidates.Checks.Add(check);
        }
        candidates.IsNew = new bool[candidates.Places.Count];
        return candidates;
    }

    private static async Task<bool> AddCollisionsAsync(
        NpgsqlConnection connection, ReadOnlyMemory<LaneEvent> batch, Candidates candidates, HashSet<int> collisions, CancellationToken cancellationToken)
    {
        var known = Enumerable.Range(0, candidates.Places.Count).Where(i => !candidates.IsNew[i]).ToArray();
        await using var find = new NpgsqlBatch(connection);
        foreach (var range in TimescaleBatchLimit.RangesOf(known, TimeOf, MicrosecondsPerDay))
        {
            var command = new NpgsqlBatchCommand(FindCollisions);
            command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. range.Select(i => candidates.Places[i])] });
            command.Parameters.Add(PgTime.Microseconds(range.Select(TimeOf)));
            command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. range.Select(i => candidates.Ids[i])] });
            command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. range.Select(i => candidates.Checks[i])] });
            foreach (var time in (long[])[range.Min(TimeOf), range.Max(TimeOf)]) command.Parameters.Add(PgTime.Microseconds(time));
            find.BatchCommands.Add(command);
        }
        await using var reader = await find.ExecuteReaderAsync(cancellationToken);
        var before = collisions.Count;
        do
            while (await reader.ReadAsync(cancellationToken)) collisions.Add(reader.GetInt32(0));
        while (await reader.NextResultAsync(cancellationToken));
        return collisions.Count > before;

        long TimeOf(int candidate) => batch.Span[candidates.Places[candidate]].SourceTime;
    }

    private static async Task<int> InsertIndexAsync(
        NpgsqlConnection connection, ReadOnlyMemory<LaneEvent> batch, Candidates candidates, CancellationToken cancellationToken)
    {
        var count = candidates.Places.Count;
        var (times, lanes, seen) = (new long[count], new short[count], new long[count]);
        for (var i = 0; i < count; i++)
        {
            var laneEvent = batch.Span[candidates.Places[i]];
            (times[i], lanes[i], seen[i]) = (laneEvent.SourceTime, (short)laneEvent.Lane, candidates.FirstTime + i);
        }
        await using var insert = new NpgsqlCommand(InsertIndex, connection);
        insert.Parameters.Add(PgTime.Microseconds(times));
        insert.Parameters.Add(new NpgsqlParameter<List<byte[]>> { TypedValue = candidates.Ids });
        insert.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = lanes });
        insert.Parameters.Add(PgTime.Microseconds(seen));
        insert.Parameters.Add(new NpgsqlParameter<List<int>> { TypedValue = candidates.Checks });
        await using var reader = await insert.ExecuteReaderAsync(cancellationToken);
        var added = 0;
        for (; await reader.ReadAsync(cancellationToken); added++) candidates.IsNew[(int)(reader.GetMicroseconds(0) - candidates.FirstTime)] = true;
        return added;
    }

    private async Task CopyAsync(
        NpgsqlConnection connection, ReadOnlyMemory<LaneEvent> batch, Candidates candidates, Lane lane, long batchId, CancellationToken cancellationToken)
    {
        NpgsqlBinaryImporter? copy = null;
        try
        {
            for (var i = 0; i < candidates.Places.Count; i++)
            {
                var laneEvent = batch.Span[candidates.Places[i]];
                if (laneEvent.Lane != lane || !candidates.IsNew[i]) continue;
                copy ??= await connection.BeginBinaryImportAsync(TimescaleLane.CopyInto(lane), cancellationToken);
                await TimescaleLane.WriteAsync(copy, laneEvent, candidates.Ids[i], candidates.FirstTime + i, batchId, cancellationToken);
                candidates.Hash = unchecked(candidates.Hash + _hash.Of(laneEvent, candidates.FirstTime + i));
            }
            if (copy is not null) await copy.CompleteAsync(cancellationToken);
        }
        finally
        {
            if (copy is not null) await copy.DisposeAsync();
        }
    }

    private async Task FinishAsync(
        NpgsqlConnection connection, Candidates candidates, IEnumerable<(string Scope, string Request, int Candidate)> accepted, long batchId, int added,
        CancellationToken cancellationToken)
    {
        await using var rest = new NpgsqlBatch(connection);
        var requests = accepted.ToList();
        if (requests.Count > 0)
        {
            var insert = new NpgsqlBatchCommand(InsertRequests);
            insert.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. requests.Select(r => r.Scope)] });
            insert.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. requests.Select(r => r.Request)] });
            insert.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. requests.Select(r => candidates.Ids[r.Candidate])] });
            insert.Parameters.Add(PgTime.Microseconds(requests.Select(r => candidates.FirstTime + r.Candidate)));
            rest.BatchCommands.Add(insert);
        }
        var row = new NpgsqlBatchCommand(InsertBatch);
        var (first, last) = (candidates.FirstTime + Array.IndexOf(candidates.IsNew, true), candidates.FirstTime + Array.LastIndexOf(candidates.IsNew, true));
        row.Parameters.Add(new NpgsqlParameter<long> { TypedValue = batchId });
        row.Parameters.Add(PgTime.Microseconds(clock.NowMicroseconds()));
        row.Parameters.Add(new NpgsqlParameter<long> { TypedValue = added });
        foreach (var time in (long[])[first, last]) row.Parameters.Add(PgTime.Microseconds(time));
        row.Parameters.Add(new NpgsqlParameter<long> { TypedValue = candidates.Hash });
        rest.BatchCommands.Add(row);
        var notify = new NpgsqlBatchCommand(Notify);
        notify.Parameters.Add(new NpgsqlParameter<string> { TypedValue = TimescaleCommitListener.PayloadOf(commits, last) });
        rest.BatchCommands.Add(notify);
        await rest.ExecuteNonQueryAsync(cancellationToken);
    }

    private static void SetOutcomes(ReadOnlySpan<LaneEvent> batch, Span<RowOutcome> outcomes, Candidates candidates)
    {
        for (var i = 0; i < candidates.Places.Count; i++)
        {
            if (!candidates.IsNew[i]) continue;
            outcomes[candidates.Places[i]] = RowOutcome.Inserted;
            batch[candidates.Places[i]].CanonicalTime = candidates.FirstTime + i;
        }
    }

    public void Dispose() => _writer.Dispose();

    public ValueTask DisposeAsync() => _writer.DisposeAsync();
}
