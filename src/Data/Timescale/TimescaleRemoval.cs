using System.Data;
using System.Runtime.InteropServices;
using Npgsql;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <summary>Deleted readings: how many, and the sums of their hashes.</summary>
internal sealed class RemovedReadings
{
    private readonly Dictionary<int, long> _hashes = [];

    public long Rows { get; private set; }

    public long Hash { get; private set; }

    public void Add(in Reading reading)
    {
        var hash = ReadingHash.Of(reading);
        _hashes[reading.NodeAddress] = unchecked(HashOf(reading.NodeAddress) + hash);
        Hash = unchecked(Hash + hash);
        Rows++;
    }

    public long HashOf(int node) => _hashes.GetValueOrDefault(node);
}

/// <summary>Deletes readings of a node or by age. Each transaction acquires the writer lock, so counters and change feed stay exact.</summary>
internal static class TimescaleRemoval
{
    private const string InsertRemoval = """
        INSERT INTO ingest_batches (id, committed_at, row_count, first_timestamp, last_timestamp, removed_node, removed_before, rows_hash)
        SELECT coalesce(max(id), 0) + 1, $1, $2, 'epoch', 'epoch', $3, $4, $5 FROM ingest_batches
        """;

    // The remaining readings determine the new first time; a node without readings keeps its latest measured time.
    private const string TakeFromCounters = """
        WITH gone AS (SELECT node_address, count(*) AS readings FROM sensor_readings WHERE timestamp < $1 GROUP BY node_address)
        UPDATE nodes SET total_readings = total_readings - gone.readings, first_seen_at = coalesce(
            (SELECT min(r.timestamp) FROM sensor_readings r WHERE r.node_address = nodes.address AND r.timestamp >= $1), last_seen_at)
        FROM gone WHERE address = gone.node_address
        """;

    private const string HashedColumns = "node_address, timestamp, temperature_centidegrees, humidity_centipercent, flags, received_at, NULL::bigint";

    public static async Task<bool> DeleteNodeAsync(
        TimescaleDatabase database, CommitSignal commits, TimeProvider clock, int address, CancellationToken cancellationToken)
    {
        var removed = await RunAsync(database, (connection, token) => DeleteNodeAsync(connection, clock, address, token), cancellationToken);
        if (removed) commits.Publish();
        return removed;
    }

    private static async Task<bool> DeleteNodeAsync(NpgsqlConnection connection, TimeProvider clock, int address, CancellationToken cancellationToken)
    {
        if (await ExecuteAsync(connection, "DELETE FROM nodes WHERE address = $1", Address(), cancellationToken) == 0) return false;
        await ExecuteAsync(connection, "DELETE FROM node_metadata WHERE address = $1", Address(), cancellationToken);
        var removed = await DeleteReadingsAsync(connection, "node_address = $1", cancellationToken, Address());
        await InsertRemovalBatchAsync(connection, clock, removed, address, null, cancellationToken);
        return true;

        NpgsqlParameter Address() => new NpgsqlParameter<int> { TypedValue = address };
    }

    /// <summary>Deletes what another store has deleted, to the second. In a transaction with the writer lock.</summary>
    public static async Task ApplyAsync(NpgsqlConnection connection, TimeProvider clock, ReadingChanges changes, CancellationToken cancellationToken)
    {
        foreach (var (node, before) in changes.RemovedNodes)
        {
            if (before is { } time) await TimescaleNodeRemoval.RemoveOldestAsync(connection, clock, node, time, cancellationToken);
            else await DeleteNodeAsync(connection, clock, node, cancellationToken);
        }
        if (changes.RemovedBefore is not { } limit) return;
        await using (var counters = Command(connection, TakeFromCounters, PgTime.Seconds(limit))) await counters.ExecuteNonQueryAsync(cancellationToken);
        var removed = new RemovedReadings();
        // Whole chunks first: a store that drops them has removals of any number of rows.
        if (await TimescaleChunks.ListAsync(connection, "sensor_readings", PgTime.MicrosecondsOf(limit), cancellationToken) is { Count: > 0 } chunks)
        {
            await AddAsync(removed, connection, $"SELECT {HashedColumns} FROM sensor_readings WHERE timestamp < $1", cancellationToken, PgTime.Seconds(limit));
            foreach (var chunk in chunks) await TimescaleChunks.DropAsync(connection, chunk, cancellationToken);
            await ExecuteAsync(connection, "DELETE FROM sensor_readings WHERE timestamp < $1", PgTime.Seconds(limit), cancellationToken);
        }
        else
        {
            removed = await DeleteReadingsAsync(connection, "timestamp < $1", cancellationToken, PgTime.Seconds(limit));
        }
        if (removed.Rows > 0) await InsertRemovalBatchAsync(connection, clock, removed, null, limit, cancellationToken);
    }

    public static async Task<long> RemoveBeforeAsync(
        TimescaleDatabase database, CommitSignal commits, TimeProvider clock, long before, CancellationToken cancellationToken)
    {
        while (true)
        {
            var chunk = await database.ReadAsync((connection, token) => SummarizeChunkAsync(connection, before, token), cancellationToken);
            var (isDone, rows) = await RunAsync(database, async (connection, token) =>
            {
                await TimescaleRole.ThrowIfNotPrimaryAsync(connection, TimescaleRole.OfReadings, token);
                return chunk is null ? await DeletePieceAsync(connection, clock, before, token) : await DropAsync(connection, clock, chunk, token);
            }, cancellationToken);
            if (rows > 0) commits.Publish();
            if (isDone || rows > 0) return rows; // An empty chunk is not a step.
        }
    }

    // A chunk with its readings by node, as of a batch.
    private sealed record SummarizedChunk(TimescaleChunk Chunk, long AsOf, Dictionary<int, long> Rows, RemovedReadings Removed);

    // Dropping a chunk is cheap for any number of rows. They are counted without the writer lock, because that is not.
    private static async Task<SummarizedChunk?> SummarizeChunkAsync(NpgsqlConnection connection, long before, CancellationToken cancellationToken)
    {
        var chunks = await TimescaleChunks.ListAsync(connection, "sensor_readings", PgTime.MicrosecondsOf(before), cancellationToken);
        return chunks.Count == 0 ? null : await SummarizeAsync(connection, chunks[0], cancellationToken);
    }

    private static async Task<SummarizedChunk> SummarizeAsync(NpgsqlConnection connection, TimescaleChunk chunk, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        return await SumAsync(connection, chunk, cancellationToken);
    }

    private static async Task<SummarizedChunk> SumAsync(NpgsqlConnection connection, TimescaleChunk chunk, CancellationToken cancellationToken)
    {
        long asOf;
        await using (var start = new NpgsqlBatch(connection) { BatchCommands = { new("SET LOCAL statement_timeout = 0"), new("SELECT coalesce(max(id), 0) FROM ingest_batches") } })
            asOf = (long)(await start.ExecuteScalarAsync(cancellationToken))!;
        var (rows, removed) = (new Dictionary<int, long>(), new RemovedReadings());
        await using var select = Command(connection, $"SELECT {HashedColumns} FROM sensor_readings WHERE timestamp < $1", PgTime.Microseconds(chunk.End));
        await using var reader = await select.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var reading = TimescaleRows.ReadReading(reader);
            removed.Add(reading);
            CollectionsMarshal.GetValueRefOrAddDefault(rows, reading.NodeAddress, out _)++;
        }
        return new(chunk, asOf, rows, removed);
    }

    // Whether a batch after some has changed rows before a time.
    private const string HasChanged = """
        SELECT EXISTS (SELECT 1 FROM ingest_batches WHERE id > $1 AND (removed_node IS NOT NULL OR removed_before IS NOT NULL OR first_timestamp < $2))
        """;

    private const string TakeRows = """
        UPDATE nodes SET total_readings = total_readings - gone.readings, first_seen_at = coalesce(
            (SELECT min(r.timestamp) FROM sensor_readings r WHERE r.node_address = nodes.address AND r.timestamp >= $3), last_seen_at)
        FROM unnest($1, $2) AS gone (node_address, readings) WHERE address = gone.node_address
        """;

    private static async Task<(bool IsDone, long Rows)> DropAsync(NpgsqlConnection connection, TimeProvider clock, SummarizedChunk summarized, CancellationToken cancellationToken)
    {
        await using (var find = Command(connection, HasChanged, new NpgsqlParameter<long> { TypedValue = summarized.AsOf }, PgTime.Microseconds(summarized.Chunk.End)))
            if ((bool)(await find.ExecuteScalarAsync(cancellationToken))!) summarized = await SumAsync(connection, summarized.Chunk, cancellationToken); // Rare; now nothing changes it.
        var (chunk, removed) = (summarized.Chunk, summarized.Removed);
        if (removed.Rows > 0)
        {
            await using var take = Command(connection, TakeRows, new NpgsqlParameter<int[]> { TypedValue = [.. summarized.Rows.Keys] },
                new NpgsqlParameter<long[]> { TypedValue = [.. summarized.Rows.Values] }, PgTime.Microseconds(chunk.End));
            await take.ExecuteNonQueryAsync(cancellationToken);
        }
        // Rows of earlier chunks, which are empty, cannot be there: the oldest chunk goes first.
        await TimescaleChunks.DropAsync(connection, chunk, cancellationToken);
        if (removed.Rows > 0) await InsertRemovalBatchAsync(connection, clock, removed, null, chunk.End / 1_000_000, cancellationToken);
        return (false, removed.Rows);
    }

    private const string PieceEnd = "SELECT timestamp FROM sensor_readings WHERE timestamp < $1 ORDER BY timestamp OFFSET $2 LIMIT 1";

    // From the chunk of the edge, and from a table without chunks, some rows are deleted at a time.
    private static async Task<(bool IsDone, long Rows)> DeletePieceAsync(NpgsqlConnection connection, TimeProvider clock, long before, CancellationToken cancellationToken)
    {
        await using (var find = Command(connection, PieceEnd, PgTime.Seconds(before), new NpgsqlParameter<long> { TypedValue = NodeCriteria.ReadingsPerStep - 1 }))
        await using (var reader = await find.ExecuteReaderAsync(cancellationToken))
            if (await reader.ReadAsync(cancellationToken)) before = Math.Min(before, reader.GetSeconds(0) + 1);
        await using (var counters = Command(connection, TakeFromCounters, PgTime.Seconds(before))) await counters.ExecuteNonQueryAsync(cancellationToken);
        var removed = await DeleteReadingsAsync(connection, "timestamp < $1", cancellationToken, PgTime.Seconds(before));
        if (removed.Rows > 0) await InsertRemovalBatchAsync(connection, clock, removed, null, before, cancellationToken);
        return (removed.Rows == 0, removed.Rows);
    }

    public static async Task<(long Readings, int Nodes)> RemoveBeforeAsync(
        TimescaleDatabase database, CommitSignal commits, TimeProvider clock, IReadOnlyList<NodeRemoval> nodes, CancellationToken cancellationToken)
    {
        var removed = await RunAsync(database, async (connection, token) =>
        {
            await TimescaleRole.ThrowIfNotPrimaryAsync(connection, TimescaleRole.OfReadings, token);
            return await TimescaleNodeRemoval.RemoveBeforeAsync(connection, clock, nodes, token);
        }, cancellationToken);
        if (removed.Readings > 0) commits.Publish();
        return removed;
    }

    internal static async Task<T> RunAsync<T>(
        TimescaleDatabase database, Func<NpgsqlConnection, CancellationToken, Task<T>> remove, CancellationToken cancellationToken)
        => await database.ReadAsync(
            async (connection, token) =>
            {
                await using var transaction = await connection.BeginTransactionAsync(token);
                // Deleting a node with years of readings takes longer than the statement timeout; the caller waits.
                await using (var start = new NpgsqlBatch(connection) { BatchCommands = { new("SET LOCAL statement_timeout = 0"), new(TimescaleReadingWriter.AcquireWriterLock) } })
                    await start.ExecuteNonQueryAsync(token);
                var result = await remove(connection, token);
                token.ThrowIfCancellationRequested();
                await transaction.CommitAsync(CancellationToken.None);
                return result;
            },
            cancellationToken);

    internal static async Task InsertRemovalBatchAsync(NpgsqlConnection connection, TimeProvider clock, RemovedReadings removed, int? node, long? before, CancellationToken cancellationToken)
    {
        var row = new NpgsqlBatchCommand(InsertRemoval);
        row.Parameters.Add(PgTime.Microseconds(clock.NowMicroseconds()));
        row.Parameters.Add(new NpgsqlParameter<long> { TypedValue = -removed.Rows });
        row.Parameters.Add(new NpgsqlParameter { Value = (object?)node ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer });
        row.Parameters.Add(before is { } time ? PgTime.Seconds(time) : new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = PgTime.Type });
        row.Parameters.Add(new NpgsqlParameter<long> { TypedValue = unchecked(-removed.Hash) });
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { row, new(TimescaleReadingWriter.Notify) } };
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Deletes readings.</summary>
    internal static async Task<RemovedReadings> DeleteReadingsAsync(
        NpgsqlConnection connection, string condition, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        var removed = new RemovedReadings();
        await AddAsync(removed, connection, $"DELETE FROM sensor_readings WHERE {condition} RETURNING {HashedColumns}", cancellationToken, parameters);
        return removed;
    }

    private static async Task AddAsync(RemovedReadings removed, NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        command.Parameters.AddRange(parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken)) removed.Add(TimescaleRows.ReadReading(reader));
    }

    private static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, NpgsqlParameter parameter, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, sql, parameter);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        foreach (var parameter in parameters) command.Parameters.Add(parameter);
        return command;
    }
}
