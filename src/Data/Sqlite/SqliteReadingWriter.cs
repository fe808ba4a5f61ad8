using Microsoft.Extensions.Options;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <summary>Writes batches of readings.</summary>
internal sealed class SqliteReadingWriter(SqliteWriter writer, CommitSignal commits, RecentBatches recent, IOptions<NodeLimitOptions> nodeLimit, TimeProvider clock)
{
    private const string InsertReading = """
        INSERT INTO sensor_readings (node_address, timestamp, temperature_centidegrees, humidity_centipercent, flags, received_at, batch_id)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """;

    private const string UpsertNode = $"""
        INSERT INTO nodes (address, device_id, node_type, first_seen_at, last_seen_at, total_readings, duplicates_seen, last_received_at, last_received_timestamp)
        VALUES (?, ?, '{Node.SensorType}', ?, ?, ?, ?, ?, ?)
        ON CONFLICT (address) DO UPDATE SET
            device_id = coalesce(excluded.device_id, device_id),
            first_seen_at = min(first_seen_at, excluded.first_seen_at),
            last_seen_at = max(last_seen_at, excluded.last_seen_at),
            total_readings = total_readings + excluded.total_readings,
            duplicates_seen = duplicates_seen + excluded.duplicates_seen,
            last_received_timestamp = iif((excluded.last_received_at, excluded.last_received_timestamp) > (last_received_at, last_received_timestamp),
                excluded.last_received_timestamp, last_received_timestamp),
            last_received_at = max(last_received_at, excluded.last_received_at)
        """;

    private const string NextBatchId = "SELECT coalesce(max(id), 0) + 1 FROM ingest_batches";

    private const string InsertBatch = """
        INSERT INTO ingest_batches (id, committed_at, row_count, first_timestamp, last_timestamp, rows_hash) VALUES (?, ?, ?, ?, ?, ?)
        """;

    private const string FindReading = """
        SELECT node_address, timestamp, temperature_centidegrees, humidity_centipercent, flags, received_at, NULL FROM sensor_readings WHERE node_address = ? AND timestamp = ?
        """;

    private const string FindNode = "SELECT 1 FROM nodes WHERE address = ?";

    private const string CountNodes = "SELECT count(*) FROM nodes";

    // A cancelled batch stops within this many rows; a check per row would cost more than the row.
    private const int RowsBetweenCancellationChecks = 1_000;

    private readonly NodeChanges _changes = new();
    private readonly KeyOrder _order = new();
    private long? _nodeCount; // Nodes with the new ones of the batch; null before its first new node.

    public async Task<int> AppendAsync(ReadOnlyMemory<Reading> batch, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
    {
        var (id, committedAt, added) = await writer.TransactAsync(_ => Append(batch.Span, outcomes.Span, cancellationToken), cancellationToken);
        if (added == 0) return 0;
        if (recent.IsWanted) recent.Add(id, committedAt, RowOutcomes.Inserted(batch.Span, outcomes.Span, added));
        commits.Publish();
        return added;
    }

    /// <summary>Adds a batch inside a transaction of <see cref="SqliteWriter.TransactAsync"/>.</summary>
    /// <param name="countsDuplicates">Whether a duplicate was received, so that it is counted.</param>
    internal (long Id, long CommittedAt, int Added) Append(ReadOnlySpan<Reading> batch, Span<RowOutcome> outcomes, CancellationToken cancellationToken, bool countsDuplicates = true)
    {
        _changes.Clear(clock.GetUtcNow().ToUnixTimeSeconds());
        _nodeCount = null;
        var batchId = ReadInteger(NextBatchId);
        var insert = writer.Statement(InsertReading);
        var (added, first, last, hash) = (0, long.MaxValue, long.MinValue, 0L);
        raw.sqlite3_bind_int64(insert, 7, batchId);
        Admit(batch, outcomes);
        var order = _order.Of(batch);
        for (var step = 0; step < batch.Length; step++)
        {
            if (step % RowsBetweenCancellationChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            var i = order[step];
            ref readonly var reading = ref batch[i];
            if (outcomes[i] == RowOutcome.NodeLimit) continue;
            raw.sqlite3_bind_int(insert, 1, reading.NodeAddress);
            raw.sqlite3_bind_int64(insert, 2, reading.Timestamp);
            BindOrNull(insert, 3, reading.TemperatureCentidegrees);
            BindOrNull(insert, 4, reading.HumidityCentipercent);
            raw.sqlite3_bind_int64(insert, 5, reading.Flags);
            raw.sqlite3_bind_int64(insert, 6, reading.ReceivedAt);
            outcomes[i] = writer.Run(insert) > 0 ? RowOutcome.Inserted : RowOutcome.Duplicate;
            if (outcomes[i] == RowOutcome.Duplicate) continue;
            added++;
            (first, last) = (Math.Min(first, reading.Timestamp), Math.Max(last, reading.Timestamp));
            hash = unchecked(hash + ReadingHash.Of(reading));
        }
        for (var i = 0; i < batch.Length; i++)
            if (countsDuplicates || outcomes[i] != RowOutcome.Duplicate) _changes.Count(batch[i], outcomes[i]);
        StoreNodes();
        var now = clock.NowMicroseconds();
        if (added > 0) writer.Run(InsertBatch, batchId, now, added, first, last, hash);
        return (batchId, now, added);
    }

    /// <summary>Adds readings of another store inside a transaction; those that are stored with the same values change nothing.</summary>
    /// <exception cref="RowsDifferException">Some are stored with other values.</exception>
    internal void Apply(ReadOnlySpan<Reading> readings, CancellationToken cancellationToken)
    {
        var outcomes = new RowOutcome[readings.Length];
        Append(readings, outcomes, cancellationToken, countsDuplicates: false);
        var differing = new List<DifferingReading>();
        for (var i = 0; i < outcomes.Length; i++)
        {
            if (outcomes[i] != RowOutcome.Duplicate) continue;
            var find = writer.Bound(FindReading, readings[i].NodeAddress, readings[i].Timestamp);
            writer.ReadRow(find);
            var stored = SqliteReadingRow.Read(find);
            raw.sqlite3_reset(find);
            if (!stored.HasValuesOf(readings[i])) differing.Add(new(readings[i], stored));
        }
        if (differing.Count > 0) throw new RowsDifferException(differing);
    }

    // In the order of the batch, so that every engine admits the same new nodes.
    private void Admit(ReadOnlySpan<Reading> batch, Span<RowOutcome> outcomes)
    {
        for (var i = 0; i < batch.Length; i++)
        {
            ref var change = ref _changes.Of(batch[i].NodeAddress, out var isFirst);
            if (isFirst) change.IsBeyondLimit = !TryAdmit(batch[i].NodeAddress);
            outcomes[i] = change.IsBeyondLimit ? RowOutcome.NodeLimit : RowOutcome.Inserted;
        }
    }

    // The count is read only for a batch with a new node, which is rare.
    private bool TryAdmit(int address)
    {
        var find = writer.Bound(FindNode, address);
        var exists = writer.ReadRow(find);
        raw.sqlite3_reset(find);
        if (exists) return true;
        _nodeCount ??= ReadInteger(CountNodes);
        return _nodeCount++ < nodeLimit.Value.MaxNodes;
    }

    private void StoreNodes()
    {
        var upsert = writer.Statement(UpsertNode);
        foreach (var (address, change) in _changes.All)
        {
            if (change.IsBeyondLimit) continue;
            raw.sqlite3_bind_int(upsert, 1, address);
            if (change.DeviceId is { } deviceId) raw.sqlite3_bind_int64(upsert, 2, (long)deviceId);
            else raw.sqlite3_bind_null(upsert, 2);
            raw.sqlite3_bind_int64(upsert, 3, change.First);
            raw.sqlite3_bind_int64(upsert, 4, change.Last);
            raw.sqlite3_bind_int64(upsert, 5, change.Count);
            raw.sqlite3_bind_int64(upsert, 6, change.Duplicates);
            raw.sqlite3_bind_int64(upsert, 7, change.LastReceivedAt);
            raw.sqlite3_bind_int64(upsert, 8, change.LastReceivedTimestamp);
            writer.Run(upsert);
        }
    }

    private long ReadInteger(string sql)
    {
        var statement = writer.Statement(sql);
        writer.ReadRow(statement);
        var value = raw.sqlite3_column_int64(statement, 0);
        raw.sqlite3_reset(statement);
        return value;
    }

    private static void BindOrNull(sqlite3_stmt statement, int index, short? value)
    {
        if (value is { } given) raw.sqlite3_bind_int(statement, index, given);
        else raw.sqlite3_bind_null(statement, index);
    }
}
