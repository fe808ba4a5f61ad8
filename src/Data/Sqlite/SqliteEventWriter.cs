using System.Text;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <summary>Writes batches of events: index, lane and batch in one transaction.</summary>
internal sealed class SqliteEventWriter(SqliteWriter writer, EventCommitSignal commits, TimeProvider clock)
{
    private const string InsertIndex = """
        INSERT INTO event_index (source_truth_time, event_id, lane, first_seen, parts_check) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """;

    private const string FindCheck = "SELECT parts_check FROM event_index WHERE source_truth_time = ? AND event_id = ?";

    private const string DeleteIndex = "DELETE FROM event_index WHERE source_truth_time = ? AND event_id = ?";

    private const string InsertRequest = """
        INSERT INTO command_requests (scope_id, request_id, event_id, accepted_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
        """;

    private const string LastBatch = "SELECT id, last_canonical_time FROM event_batches ORDER BY id DESC LIMIT 1";

    private const string InsertBatch = """
        INSERT INTO event_batches (id, committed_at, event_count, first_canonical_time, last_canonical_time, rows_hash) VALUES (?, ?, ?, ?, ?, ?)
        """;

    // A cancelled batch stops within this many events; a check per event would cost more than the row.
    private const int EventsBetweenCancellationChecks = 1_000;

    private readonly EventHash _hash = new();

    private static readonly LaneInsert[] _inserts = [.. Lanes.All.Select(lane => new LaneInsert(LaneTable.Of(lane)))];

    /// <inheritdoc cref="IRowStore{TRow}.AppendAsync"/>
    public async Task<int> AppendAsync(ReadOnlyMemory<LaneEvent> batch, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
    {
        var (prev, added) = await writer.TransactAsync(_ => Append(batch.Span, outcomes.Span, keepsTimes: false, cancellationToken), cancellationToken);
        if (added == 0) return 0;
        if (commits.Recent.IsWanted) commits.Recent.Add(prev, RowOutcomes.Inserted(batch.Span, outcomes.Span, added));
        commits.Publish();
        return added;
    }

    /// <summary>Adds a batch inside a transaction of <see cref="SqliteWriter.TransactAsync"/>.</summary>
    /// <param name="keepsTimes">Whether the events have their canonical times already, ascending and after those of the store.</param>
    internal (long Prev, int Added) Append(ReadOnlySpan<LaneEvent> batch, Span<RowOutcome> outcomes, bool keepsTimes, CancellationToken cancellationToken)
    {
        // Read each time, so that it is correct after a restart, a rollback, and after the clock was set back.
        var (batchId, last) = ReadLastBatch();
        batchId++;
        var next = keepsTimes && batch.Length > 0 ? batch[0].CanonicalTime : Math.Max(clock.NowMicroseconds(), last + 1);
        if (keepsTimes && next <= last) throw new StoreRejectedException($"The store has events up to {EventTime.Format(last)} already.");
        var (first, newest, added, hash) = (next, next, 0, 0L);
        for (var i = 0; i < batch.Length; i++)
        {
            if (i % EventsBetweenCancellationChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            var time = keepsTimes ? batch[i].CanonicalTime : next;
            outcomes[i] = Insert(batch[i], time, batchId);
            if (outcomes[i] != RowOutcome.Inserted) continue;
            hash = unchecked(hash + _hash.Of(batch[i], time));
            (batch[i].CanonicalTime, newest, next) = (time, time, next + 1);
            added++;
        }
        if (added > 0) writer.Run(InsertBatch, batchId, clock.NowMicroseconds(), added, first, newest, hash);
        return (last, added);
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
        var check = laneEvent.ComputePartsCheck();
        raw.sqlite3_bind_int(index, 5, check);
        if (writer.Run(index) == 0) return IsSame(laneEvent, id, check) ? RowOutcome.Duplicate : RowOutcome.Collision;
        if (laneEvent is CommandEvent { RequestId: { } request } && !InsertFirstRequest(laneEvent, request, id, canonicalTime)) return RowOutcome.AlreadyAccepted;

        var lane = _inserts[(int)laneEvent.Lane];
        var insert = writer.Statement(lane.Sql);
        Bind(insert, laneEvent, canonicalTime, id);
        raw.sqlite3_bind_int64(insert, lane.BatchParameter, batchId);
        writer.Run(insert);
        return RowOutcome.Inserted;
    }

    // Whether the stored event of this id is the same event.
    private bool IsSame(LaneEvent laneEvent, ReadOnlySpan<byte> id, int check)
    {
        var find = writer.Statement(FindCheck);
        raw.sqlite3_bind_int64(find, 1, laneEvent.SourceTime);
        raw.sqlite3_bind_blob(find, 2, id);
        writer.ReadRow(find);
        var isSame = raw.sqlite3_column_type(find, 0) == raw.SQLITE_NULL || raw.sqlite3_column_int(find, 0) == check;
        raw.sqlite3_reset(find);
        return isSame;
    }

    private bool InsertFirstRequest(LaneEvent laneEvent, string requestId, ReadOnlySpan<byte> id, long canonicalTime)
    {
        var insert = writer.Statement(InsertRequest);
        raw.sqlite3_bind_text(insert, 1, laneEvent.ScopeId);
        raw.sqlite3_bind_text(insert, 2, requestId);
        raw.sqlite3_bind_blob(insert, 3, id);
        raw.sqlite3_bind_int64(insert, 4, canonicalTime);
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

    // Everything but the batch.
    private static void Bind(sqlite3_stmt insert, LaneEvent laneEvent, long canonicalTime, ReadOnlySpan<byte> id)
    {
        raw.sqlite3_bind_int64(insert, 1, canonicalTime);
        raw.sqlite3_bind_blob(insert, 2, id);
        BindText(insert, 3, laneEvent.ScopeId);
        raw.sqlite3_bind_int64(insert, 4, laneEvent.SourceTime);
        BindText(insert, 5, laneEvent.SourceText);
        if (laneEvent is RawEvent) raw.sqlite3_bind_blob(insert, LaneTable.FirstOwn, laneEvent.Content);
        else raw.sqlite3_bind_text(insert, LaneTable.FirstOwn, laneEvent.Content);
        var parameter = LaneTable.FirstOwn + 1;
        foreach (var column in LaneTable.Of(laneEvent.Lane).Own) BindOwn(insert, parameter++, column, laneEvent);
    }

    private static void BindOwn(sqlite3_stmt insert, int parameter, LaneColumn column, LaneEvent laneEvent)
    {
        switch (column)
        {
            case TextColumn text:
                BindText(insert, parameter, text.Get(laneEvent));
                break;
            case WholeColumn whole:
                raw.sqlite3_bind_int64(insert, parameter, whole.Get(laneEvent));
                break;
            case TimeColumn time:
                if (time.Get(laneEvent) is { } value) raw.sqlite3_bind_int64(insert, parameter, value);
                else raw.sqlite3_bind_null(insert, parameter);
                break;
        }
    }

    private static void BindText(sqlite3_stmt insert, int index, string? text)
    {
        if (text is null)
        {
            raw.sqlite3_bind_null(insert, index);
            return;
        }
        Span<byte> utf8 = stackalloc byte[1024]; // Every text of an event is at most 256 bytes long.
        raw.sqlite3_bind_text(insert, index, utf8[..Encoding.UTF8.GetBytes(text, utf8)]);
    }

    private sealed class LaneInsert
    {
        public LaneInsert(LaneTable table)
        {
            BatchParameter = LaneTable.FirstOwn + table.Own.Length + 1; // After all others; parameters count from 1.
            Sql = $"INSERT INTO {table.Name} ({table.Columns}, batch_id) VALUES ({string.Join(", ", Enumerable.Repeat("?", BatchParameter))})";
        }

        public string Sql { get; }

        public int BatchParameter { get; }
    }
}
