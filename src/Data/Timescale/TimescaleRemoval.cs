using Npgsql;
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
    private const long DaySeconds = 86_400;

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

    private const string OldestChunkEnd = """
        SELECT min(range_end) FROM timescaledb_information.chunks
        WHERE hypertable_schema = current_schema() AND hypertable_name = 'sensor_readings' AND range_end <= $1
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
        if (await TimescaleLayout.IsHypertableAsync(connection, cancellationToken) && await FindEndAsync(connection, hasChunks: true, limit, cancellationToken) is not null)
        {
            await AddAsync(removed, connection, $"SELECT {HashedColumns} FROM sensor_readings WHERE timestamp < $1", cancellationToken, PgTime.Seconds(limit));
            await DropAsync(connection, limit, cancellationToken);
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
            var (isDone, rows) = await RunAsync(database, (connection, token) => RemovePieceAsync(connection, clock, before, token), cancellationToken);
            if (rows > 0) commits.Publish();
            if (isDone || rows > 0) return rows; // An empty chunk is not a step.
        }
    }

    // Dropping a chunk is cheap for any number of rows; from a table without chunks, one day is deleted at a time.
    private static async Task<(bool IsDone, long Rows)> RemovePieceAsync(NpgsqlConnection connection, TimeProvider clock, long before, CancellationToken cancellationToken)
    {
        var hasChunks = await TimescaleLayout.IsHypertableAsync(connection, cancellationToken);
        if (await FindEndAsync(connection, hasChunks, before, cancellationToken) is not { } end) return (true, 0);
        await using (var counters = Command(connection, TakeFromCounters, PgTime.Seconds(end))) await counters.ExecuteNonQueryAsync(cancellationToken);
        var removed = new RemovedReadings();
        if (hasChunks)
        {
            await AddAsync(removed, connection, $"SELECT {HashedColumns} FROM sensor_readings WHERE timestamp < $1", cancellationToken, PgTime.Seconds(end));
            await DropAsync(connection, end, cancellationToken);
        }
        else
        {
            removed = await DeleteReadingsAsync(connection, "timestamp < $1", cancellationToken, PgTime.Seconds(end));
        }
        if (removed.Rows > 0) await InsertRemovalBatchAsync(connection, clock, removed, null, end, cancellationToken);
        return (false, removed.Rows);
    }

    // drop_chunks locks an index before its table, and readers the table before its index: a deadlock, unless the table is already locked.
    private static async Task DropAsync(NpgsqlConnection connection, long end, CancellationToken cancellationToken)
    {
        var chunks = new List<string>();
        await using (var show = Command(connection, "SELECT show_chunks('sensor_readings', older_than => $1)::text", PgTime.Seconds(end)))
        await using (var reader = await show.ExecuteReaderAsync(cancellationToken))
            while (await reader.ReadAsync(cancellationToken)) chunks.Add(reader.GetString(0));
        await using (var take = new NpgsqlCommand($"LOCK TABLE {string.Join(", ", chunks)}", connection)) await take.ExecuteNonQueryAsync(cancellationToken);
        await ExecuteAsync(connection, "SELECT drop_chunks('sensor_readings', older_than => $1)", PgTime.Seconds(end), cancellationToken);
    }

    private static async Task<long?> FindEndAsync(NpgsqlConnection connection, bool hasChunks, long before, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, hasChunks ? OldestChunkEnd : "SELECT min(timestamp) FROM sensor_readings WHERE timestamp < $1", PgTime.Seconds(before));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken) || await reader.IsDBNullAsync(0, cancellationToken)) return null;
        var found = reader.GetSeconds(0);
        return hasChunks ? found : Math.Min(before, ((found / DaySeconds) + 1) * DaySeconds);
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

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, NpgsqlParameter parameter)
        => new(sql, connection) { CommandTimeout = 0, Parameters = { parameter } };
}
