using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <summary>This process's writer, on a connection that it keeps. The writers of all processes share the writer lock, so that batch ids become visible in order.</summary>
/// <remarks>
/// Under the writer lock no other writer adds readings, so one query for the stored keys is enough, and COPY writes the new rows directly into the table:
/// half the cost of a staging table and INSERT … ON CONFLICT (ADR 0009).
/// </remarks>
internal sealed class TimescaleReadingWriter(TimescaleDatabase database, CommitSignal commits, RecentBatches recent, IOptions<NodeLimitOptions> nodeLimit, TimeProvider clock)
    : IDisposable, IAsyncDisposable
{
    /// <summary>Released with the transaction. The number is arbitrary; other programs that write readings should also acquire it.</summary>
    internal const string AcquireWriterLock = "SELECT pg_advisory_xact_lock(5318008)";

    private const int WriterLock = 5318008;

    /// <summary>A separate statement: only one that starts under the lock sees the previous writer's commit.</summary>
    internal const string NextBatchId = "SELECT coalesce(max(id), 0) + 1 FROM ingest_batches";

    /// <summary>Sent with the commit to the subscribers of all processes.</summary>
    internal const string Notify = $"NOTIFY {TimescaleCommitListener.Channel}";

    internal const string StoredKeys = """
        SELECT r.node_address, r.timestamp FROM unnest($1, $2) AS k (node_address, timestamp)
        JOIN sensor_readings r ON r.node_address = k.node_address AND r.timestamp = k.timestamp
        WHERE r.timestamp BETWEEN $3 AND $4
        """;

    // The nodes that a batch would create, rarely any; the server counts the others only for these.
    internal const string NewNodes = """
        SELECT address, (SELECT count(*) FROM nodes) FROM unnest($1) AS k (address)
        WHERE NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.address = k.address)
        """;

    private const string CopyReadings = """
        COPY sensor_readings (node_address, timestamp, temperature_centidegrees, humidity_centipercent, flags, received_at, batch_id)
        FROM STDIN (FORMAT BINARY)
        """;

    private const string UpsertNodes = $"""
        INSERT INTO nodes (address, device_id, node_type, first_seen_at, last_seen_at, total_readings, duplicates_seen, last_received_at, last_received_timestamp)
        SELECT address, device_id, '{Node.SensorType}', first_seen_at, last_seen_at, total_readings, duplicates_seen, last_received_at, last_received_timestamp
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
            AS n (address, device_id, first_seen_at, last_seen_at, total_readings, duplicates_seen, last_received_at, last_received_timestamp)
        ON CONFLICT (address) DO UPDATE SET
            device_id = coalesce(excluded.device_id, nodes.device_id),
            first_seen_at = least(nodes.first_seen_at, excluded.first_seen_at),
            last_seen_at = greatest(nodes.last_seen_at, excluded.last_seen_at),
            total_readings = nodes.total_readings + excluded.total_readings,
            duplicates_seen = nodes.duplicates_seen + excluded.duplicates_seen,
            last_received_timestamp = CASE
                WHEN (excluded.last_received_at, excluded.last_received_timestamp) > (nodes.last_received_at, nodes.last_received_timestamp)
                THEN excluded.last_received_timestamp ELSE nodes.last_received_timestamp END,
            last_received_at = greatest(nodes.last_received_at, excluded.last_received_at)
        """;

    internal const string InsertBatch = """
        INSERT INTO ingest_batches (id, committed_at, row_count, first_timestamp, last_timestamp, rows_hash) VALUES ($1, $2, $3, $4, $5, $6)
        """;

    private const long SecondsPerDay = 86_400;

    private readonly TimescaleWriter _writer = new(database, WriterLock);
    private readonly Dictionary<(int Node, long Time), int> _first = [];
    private readonly NodeChanges _changes = new();
    private readonly HashSet<int> _newNodes = [];

    public async Task<int> AppendAsync(ReadOnlyMemory<Reading> batch, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (batch.IsEmpty) return 0;
        TimescaleBatchLimit.Check(batch.Span, reading => reading.Timestamp, SecondsPerDay);
        var (id, committedAt, added) = await _writer.RunAsync(connection => AppendAsync(connection, batch, outcomes, cancellationToken), cancellationToken);
        if (added == 0) return 0;
        if (recent.IsWanted) recent.Add(id, committedAt, RowOutcomes.Inserted(batch.Span, outcomes.Span, added));
        commits.Publish();
        return added;
    }

    private async Task<(long Id, long CommittedAt, int Added)> AppendAsync(NpgsqlConnection connection, ReadOnlyMemory<Reading> batch, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var distinct = DistinctKeys(batch.Span, outcomes.Span);
        var (batchId, nodeCount) = await AcquireWriterLockAsync(connection, batch, distinct, outcomes, cancellationToken);
        RejectBeyondLimit(batch.Span, outcomes.Span, nodeCount);
        var (added, first, last) = Count(batch.Span, outcomes.Span);
        if (added > 0) await CopyAsync(connection, batch, outcomes, batchId, cancellationToken);

        await using var rest = new NpgsqlBatch(connection);
        rest.BatchCommands.Add(NodeUpsert(_changes));
        var now = clock.NowMicroseconds();
        if (added > 0)
        {
            var row = new NpgsqlBatchCommand(InsertBatch);
            row.Parameters.Add(new NpgsqlParameter<long> { TypedValue = batchId });
            row.Parameters.Add(PgTime.Microseconds(now));
            row.Parameters.Add(new NpgsqlParameter<long> { TypedValue = added });
            foreach (var time in (long[])[first, last]) row.Parameters.Add(PgTime.Seconds(time));
            row.Parameters.Add(new NpgsqlParameter<long> { TypedValue = ReadingHash.OfInserted(batch.Span, outcomes.Span) });
            rest.BatchCommands.Add(row);
            rest.BatchCommands.Add(new NpgsqlBatchCommand(Notify));
        }
        await rest.ExecuteNonQueryAsync(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        // Not cancellable: without waiting for a sent commit, its result is unknown.
        await transaction.CommitAsync(CancellationToken.None);
        return (batchId, now, added);
    }

    // Of equal keys in the batch, at most the first is new.
    private List<int> DistinctKeys(ReadOnlySpan<Reading> batch, Span<RowOutcome> outcomes)
    {
        _first.Clear();
        var distinct = new List<int>(batch.Length);
        for (var i = 0; i < batch.Length; i++)
        {
            var isFirst = _first.TryAdd((batch[i].NodeAddress, batch[i].Timestamp), i);
            outcomes[i] = isFirst ? RowOutcome.Inserted : RowOutcome.Duplicate;
            if (isFirst) distinct.Add(i);
        }
        return distinct;
    }

    // In the order of the batch, so that every engine admits the same nodes.
    private void RejectBeyondLimit(ReadOnlySpan<Reading> batch, Span<RowOutcome> outcomes, long nodeCount)
    {
        if (nodeCount + _newNodes.Count <= nodeLimit.Value.MaxNodes) return;
        var admitted = new HashSet<int>();
        for (var i = 0; i < batch.Length; i++)
        {
            var address = batch[i].NodeAddress;
            if (!_newNodes.Contains(address) || admitted.Contains(address)) continue;
            if (nodeCount + admitted.Count < nodeLimit.Value.MaxNodes) admitted.Add(address);
            else outcomes[i] = RowOutcome.NodeLimit;
        }
    }

    private async Task<(long BatchId, long NodeCount)> AcquireWriterLockAsync(
        NpgsqlConnection connection, ReadOnlyMemory<Reading> batch, List<int> distinct, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
    {
        var newNodes = new NpgsqlBatchCommand(NewNodes);
        newNodes.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. distinct.Select(i => batch.Span[i].NodeAddress).Distinct()] });
        await using var start = new NpgsqlBatch(connection) { BatchCommands = { new(AcquireWriterLock), new(TimescaleRole.OfReadings), new(NextBatchId), newNodes } };
        foreach (var range in TimescaleBatchLimit.RangesOf(distinct, TimeOf, SecondsPerDay))
        {
            var stored = new NpgsqlBatchCommand(StoredKeys);
            stored.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. range.Select(i => batch.Span[i].NodeAddress)] });
            stored.Parameters.Add(PgTime.Seconds(range.Select(TimeOf)));
            foreach (var time in (long[])[range.Min(TimeOf), range.Max(TimeOf)]) stored.Parameters.Add(PgTime.Seconds(time));
            start.BatchCommands.Add(stored);
        }
        await using var reader = await start.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        await TimescaleRole.ThrowIfNotPrimaryAsync(reader, cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var batchId = reader.GetInt64(0);
        await reader.NextResultAsync(cancellationToken);
        _newNodes.Clear();
        var nodeCount = 0L;
        while (await reader.ReadAsync(cancellationToken))
        {
            _newNodes.Add(reader.GetInt32(0));
            nodeCount = reader.GetInt64(1);
        }
        while (await reader.NextResultAsync(cancellationToken))
            while (await reader.ReadAsync(cancellationToken)) outcomes.Span[_first[(reader.GetInt32(0), reader.GetSeconds(1))]] = RowOutcome.Duplicate;
        return (batchId, nodeCount);

        long TimeOf(int row) => batch.Span[row].Timestamp;
    }

    private (int Added, long First, long Last) Count(ReadOnlySpan<Reading> batch, ReadOnlySpan<RowOutcome> outcomes)
    {
        _changes.Clear(clock.GetUtcNow().ToUnixTimeSeconds());
        var (added, first, last) = (0, long.MaxValue, long.MinValue);
        for (var i = 0; i < batch.Length; i++)
        {
            _changes.Count(batch[i], outcomes[i]);
            if (outcomes[i] != RowOutcome.Inserted) continue;
            added++;
            (first, last) = (Math.Min(first, batch[i].Timestamp), Math.Max(last, batch[i].Timestamp));
        }
        return (added, first, last);
    }

    private static async Task CopyAsync(NpgsqlConnection connection, ReadOnlyMemory<Reading> batch, Memory<RowOutcome> outcomes, long batchId, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync(CopyReadings, cancellationToken);
        for (var i = 0; i < batch.Length; i++)
            if (outcomes.Span[i] == RowOutcome.Inserted) await WriteAsync(copy, batch.Span[i], batchId, cancellationToken);
        await copy.CompleteAsync(cancellationToken);
    }

    /// <summary>Copies readings that are not stored yet.</summary>
    internal static async Task CopyAsync(NpgsqlConnection connection, ReadOnlyMemory<Reading> readings, long batchId, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync(CopyReadings, cancellationToken);
        for (var i = 0; i < readings.Length; i++) await WriteAsync(copy, readings.Span[i], batchId, cancellationToken);
        await copy.CompleteAsync(cancellationToken);
    }

    private static async Task WriteAsync(NpgsqlBinaryImporter copy, Reading reading, long batchId, CancellationToken cancellationToken)
    {
        await copy.StartRowAsync(cancellationToken);
        await copy.WriteAsync(reading.NodeAddress, NpgsqlDbType.Integer, cancellationToken);
        await copy.WriteAsync(PgTime.OfSeconds(reading.Timestamp), PgTime.Type, cancellationToken);
        await WriteOrNullAsync(copy, reading.TemperatureCentidegrees, cancellationToken);
        await WriteOrNullAsync(copy, reading.HumidityCentipercent, cancellationToken);
        await copy.WriteAsync((long)reading.Flags, NpgsqlDbType.Bigint, cancellationToken);
        await copy.WriteAsync(PgTime.OfSeconds(reading.ReceivedAt), PgTime.Type, cancellationToken);
        await copy.WriteAsync(batchId, NpgsqlDbType.Bigint, cancellationToken);
    }

    private static Task WriteOrNullAsync(NpgsqlBinaryImporter copy, short? value, CancellationToken cancellationToken)
        => value is { } given ? copy.WriteAsync(given, NpgsqlDbType.Smallint, cancellationToken) : copy.WriteNullAsync(cancellationToken);

    // By ascending address: a program that updates nodes in the same order cannot deadlock with this one.
    internal static NpgsqlBatchCommand NodeUpsert(NodeChanges changed)
    {
        var command = new NpgsqlBatchCommand(UpsertNodes);
        var byAddress = changed.All.OrderBy(c => c.Key).ToArray();
        var changes = byAddress.Select(c => c.Value).ToArray();
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. byAddress.Select(c => c.Key)] });
        command.Parameters.Add(new NpgsqlParameter<long?[]> { TypedValue = [.. changes.Select(c => (long?)c.DeviceId)] });
        command.Parameters.Add(PgTime.Seconds(changes.Select(c => c.First)));
        command.Parameters.Add(PgTime.Seconds(changes.Select(c => c.Last)));
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. changes.Select(c => c.Count)] });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. changes.Select(c => c.Duplicates)] });
        command.Parameters.Add(PgTime.Seconds(changes.Select(c => c.LastReceivedAt)));
        command.Parameters.Add(PgTime.Seconds(changes.Select(c => c.LastReceivedTimestamp)));
        return command;
    }

    public void Dispose() => _writer.Dispose();

    public ValueTask DisposeAsync() => _writer.DisposeAsync();
}
