using SensorDash.Data.Events;
using SensorDash.Data.Storage;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <summary>Writes batches of events: index, lane and batch in one transaction.</summary>
internal sealed class SqliteEventWriter(SqliteWriter writer, EventCommitSignal commits, TimeProvider clock)
{
    private const string InsertIndex = """
        INSERT INTO event_index (source_truth_time, event_id, lane, first_seen) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
        """;

    private const string DeleteIndex = "DELETE FROM event_index WHERE source_truth_time = ? AND event_id = ?";

    private const string InsertRequest = """
        INSERT INTO command_requests (scope_id, request_id, event_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
        """;

    private const string LastBatch = "SELECT id, last_canonical_time FROM event_batches ORDER BY id DESC LIMIT 1";

    private const string InsertBatch = """
        INSERT INTO event_batches (id, committed_at, event_count, first_canonical_time, last_canonical_time) VALUES (?, ?, ?, ?, ?)
        """;

    // A cancelled batch stops within this many events; a check per event would cost more than the row.
    private const int EventsBetweenCancellationChecks = 1_000;

    /// <inheritdoc cref="IEventStore.AppendAsync"/>
    public async Task<int> AppendAsync(ReadOnlyMemory<LaneEvent> batch, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
    {
        var added = await writer.TransactAsync(_ => Append(batch.Span, outcomes.Span, cancellationToken), cancellationToken);
        if (added > 0) commits.Publish();
        return added;
    }

    private int Append(ReadOnlySpan<LaneEvent> batch, Span<RowOutcome> outcomes, CancellationToken cancellationToken)
    {
        // Read each time, so that it is correct after a restart, a rollback, and after the clock was set back.
        var (batchId, last) = ReadLastBatch();
        batchId++;
        var first = Math.Max(clock.NowMicroseconds(), last + 1);
        var next = first;
        for (var i = 0; i < batch.Length; i++)
        {
            if (i % EventsBetweenCancellationChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            outcomes[i] = Insert(batch[i], next, batchId);
            if (outcomes[i] == RowOutcome.Inserted) batch[i].CanonicalTime = next++;
        }
        var added = (int)(next - first);
        if (added > 0) writer.Run(InsertBatch, batchId, clock.NowMicroseconds(), added, first, next - 1);
        return added;
    }

    private RowOutcome Insert(LaneEvent laneEvent, long canonicalTime, long batchId)
    {
        Span<byte> id = stackalloc byte[EventId.Length];
        laneEvent.Id.CopyTo(id);
        var index = writer.Statement(InsertIndex);
        raw.sqlite3_bind_int64(index, 1, laneEvent.SourceTime);
        raw.sqlite3_bind_blob(index, 2, id);
        raw.sqlite3_bind_int(index, 3, (int)laneEvent.Lane);
        raw.sqlite3_bind_int64(index, 4, canonicalTime);
        if (writer.Run(index) == 0) return RowOutcome.Duplicate;
        if (laneEvent is CommandEvent { RequestId: { } request } && !InsertFirstRequest(laneEvent, request, id)) return RowOutcome.AlreadyAccepted;

        var lane = SqliteLane.Of(laneEvent.Lane);
        var insert = writer.Statement(lane.Insert);
        SqliteLane.Bind(insert, laneEvent, canonicalTime, id);
        raw.sqlite3_bind_int64(insert, lane.BatchParameter, batchId);
        writer.Run(insert);
        return RowOutcome.Inserted;
    }

    private bool InsertFirstRequest(LaneEvent laneEvent, string requestId, ReadOnlySpan<byte> id)
    {
        var insert = writer.Statement(InsertRequest);
        raw.sqlite3_bind_text(insert, 1, laneEvent.ScopeId);
        raw.sqlite3_bind_text(insert, 2, requestId);
        raw.sqlite3_bind_blob(insert, 3, id);
        if (writer.Run(insert) > 0) return true;
        // It is not stored, so the index must not contain it either.
        var delete = writer.Statement(DeleteIndex);
        raw.sqlite3_bind_int64(delete, 1, laneEvent.SourceTime);
        raw.sqlite3_bind_blob(delete, 2, id);
        writer.Run(delete);
        return false;
    }

    private (long Id, long LastCanonicalTime) ReadLastBatch()
    {
        var select = writer.Statement(LastBatch);
        var last = writer.ReadRow(select) ? (raw.sqlite3_column_int64(select, 0), raw.sqlite3_column_int64(select, 1)) : (0, 0);
        raw.sqlite3_reset(select);
        return last;
    }
}
