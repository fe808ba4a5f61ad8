using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using SensorDash.Data.Nodes;
using SensorDash.Data.Storage;
using SQLitePCL;

namespace SensorDash.Data.Readings;

/// <summary>The one writer of a SQLite file. Batches go through SQLite's own C functions: a driver command per row costs as much as the row.</summary>
internal sealed class SqliteReadingWriter(SqliteDatabase database, CommitFeed commits, TimeProvider clock) : IDisposable
{
    private const string InsertReading = """
        INSERT INTO sensor_readings (node_address, timestamp, temperature_centidegrees, humidity_centipercent, flags, received_at, batch_id)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """;

    private const string UpsertNode = $"""
        INSERT INTO nodes (address, device_id, node_type, first_seen_at, last_seen_at, total_readings, duplicates_seen)
        VALUES (?, ?, '{Node.SensorType}', ?, ?, ?, ?)
        ON CONFLICT (address) DO UPDATE SET
            device_id = coalesce(excluded.device_id, device_id),
            first_seen_at = min(first_seen_at, excluded.first_seen_at),
            last_seen_at = max(last_seen_at, excluded.last_seen_at),
            total_readings = total_readings + excluded.total_readings,
            duplicates_seen = duplicates_seen + excluded.duplicates_seen
        """;

    private const string NextBatchId = "SELECT coalesce(max(id), 0) + 1 FROM ingest_batches";

    private const string InsertBatch = """
        INSERT INTO ingest_batches (id, committed_at, row_count, first_timestamp, last_timestamp) VALUES (?, ?, ?, ?, ?)
        """;

    private const string InsertRemoval = """
        INSERT INTO ingest_batches (id, committed_at, row_count, first_timestamp, last_timestamp, removed_node)
        SELECT coalesce(max(id), 0) + 1, $now, $rows, 0, 0, $address FROM ingest_batches
        """;

    // A cancelled batch stops within so many rows; asking at each one would cost more than the row.
    private const int RowsBetweenCancellationChecks = 1_000;

    private readonly SemaphoreSlim _turn = new(1);
    private readonly Dictionary<int, NodeChange> _changes = [];
    private SqliteConnection? _connection;
    private sqlite3_stmt? _insertReading, _upsertNode, _nextBatchId, _insertBatch;

    private struct NodeChange
    {
        public ulong? DeviceId;
        public long First, Last;
        public int Count, Duplicates;
    }

    public async Task<int> AppendAsync(ReadOnlyMemory<Reading> batch, Memory<bool> isNew, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var handle = SqliteRuntime.HandleOf(await OpenAsync(cancellationToken));
            Execute(handle, "BEGIN IMMEDIATE");
            try
            {
                var added = Append(handle, batch.Span, isNew.Span, cancellationToken);
                Execute(handle, "COMMIT");
                commits.Publish();
                return added;
            }
            catch
            {
                Rollback(handle);
                throw;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private int Append(sqlite3 handle, ReadOnlySpan<Reading> batch, Span<bool> isNew, CancellationToken cancellationToken)
    {
        _changes.Clear();
        Step(handle, _nextBatchId!, raw.SQLITE_ROW);
        var batchId = raw.sqlite3_column_int64(_nextBatchId, 0);
        raw.sqlite3_reset(_nextBatchId);

        var insert = _insertReading!;
        var (added, first, last) = (0, long.MaxValue, long.MinValue);
        raw.sqlite3_bind_int64(insert, 7, batchId);
        for (var i = 0; i < batch.Length; i++)
        {
            if (i % RowsBetweenCancellationChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            ref readonly var reading = ref batch[i];
            raw.sqlite3_bind_int(insert, 1, reading.NodeAddress);
            raw.sqlite3_bind_int64(insert, 2, reading.Timestamp);
            BindOrNull(insert, 3, reading.TemperatureCentidegrees);
            BindOrNull(insert, 4, reading.HumidityCentipercent);
            raw.sqlite3_bind_int64(insert, 5, reading.Flags);
            raw.sqlite3_bind_int64(insert, 6, reading.ReceivedAt);
            Step(handle, insert, raw.SQLITE_DONE);
            raw.sqlite3_reset(insert);

            isNew[i] = raw.sqlite3_changes(handle) > 0;
            Count(reading, isNew[i]);
            if (!isNew[i]) continue;
            added++;
            (first, last) = (Math.Min(first, reading.Timestamp), Math.Max(last, reading.Timestamp));
        }
        StoreNodes(handle);
        if (added == 0) return 0;

        var batchRow = _insertBatch!;
        raw.sqlite3_bind_int64(batchRow, 1, batchId);
        raw.sqlite3_bind_int64(batchRow, 2, NowMicroseconds());
        raw.sqlite3_bind_int64(batchRow, 3, added);
        raw.sqlite3_bind_int64(batchRow, 4, first);
        raw.sqlite3_bind_int64(batchRow, 5, last);
        Step(handle, batchRow, raw.SQLITE_DONE);
        raw.sqlite3_reset(batchRow);
        return added;
    }

    private void Count(in Reading reading, bool isNew)
    {
        ref var change = ref CollectionsMarshal.GetValueRefOrAddDefault(_changes, reading.NodeAddress, out var known);
        if (!known) (change.First, change.Last) = (long.MaxValue, long.MinValue);
        if (!isNew)
        {
            change.Duplicates++; // The node is there: the reading that this one repeats has made it.
            return;
        }
        change.First = Math.Min(change.First, reading.Timestamp);
        change.Last = Math.Max(change.Last, reading.Timestamp);
        change.DeviceId = reading.DeviceId ?? change.DeviceId;
        change.Count++;
    }

    private void StoreNodes(sqlite3 handle)
    {
        var upsert = _upsertNode!;
        foreach (var (address, change) in _changes)
        {
            raw.sqlite3_bind_int(upsert, 1, address);
            if (change.DeviceId is { } deviceId) raw.sqlite3_bind_int64(upsert, 2, (long)deviceId);
            else raw.sqlite3_bind_null(upsert, 2);
            raw.sqlite3_bind_int64(upsert, 3, change.First);
            raw.sqlite3_bind_int64(upsert, 4, change.Last);
            raw.sqlite3_bind_int64(upsert, 5, change.Count);
            raw.sqlite3_bind_int64(upsert, 6, change.Duplicates);
            Step(handle, upsert, raw.SQLITE_DONE);
            raw.sqlite3_reset(upsert);
        }
    }

    public async Task<bool> DeleteNodeAsync(int address, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var connection = await OpenAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using var command = connection.CreateCommand();
            command.Parameters.AddWithValue("$address", address);
            command.CommandText = "DELETE FROM nodes WHERE address = $address";
            if (await command.ExecuteNonQueryAsync(cancellationToken) == 0) return false;
            command.CommandText = "DELETE FROM node_metadata WHERE address = $address";
            await command.ExecuteNonQueryAsync(cancellationToken);
            command.CommandText = "DELETE FROM sensor_readings WHERE node_address = $address";
            var rows = await command.ExecuteNonQueryAsync(cancellationToken);
            command.CommandText = InsertRemoval;
            command.Parameters.AddWithValue("$now", NowMicroseconds());
            command.Parameters.AddWithValue("$rows", -rows);
            await command.ExecuteNonQueryAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            commits.Publish();
            return true;
        }
        catch (SqliteException e)
        {
            throw SqliteDatabase.Translate(e);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var handle = SqliteRuntime.HandleOf(await OpenAsync(cancellationToken));
            Execute(handle, "BEGIN IMMEDIATE"); // Takes the write lock, so it also fails when only writing is impossible.
            Rollback(handle);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<SqliteConnection> OpenAsync(CancellationToken cancellationToken)
    {
        if (_connection is not null) return _connection;
        var connection = await database.OpenAsync(cancellationToken);
        var handle = SqliteRuntime.HandleOf(connection);
        raw.sqlite3_busy_timeout(handle, SqliteDatabase.BusyTimeoutSeconds * 1000);
        _insertReading = Prepare(handle, InsertReading);
        _upsertNode = Prepare(handle, UpsertNode);
        _nextBatchId = Prepare(handle, NextBatchId);
        _insertBatch = Prepare(handle, InsertBatch);
        return _connection = connection;
    }

    private long NowMicroseconds() => (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private static sqlite3_stmt Prepare(sqlite3 handle, string sql)
    {
        var code = raw.sqlite3_prepare_v2(handle, sql, out var statement);
        return code == raw.SQLITE_OK ? statement : throw Failure(handle, code);
    }

    private static void BindOrNull(sqlite3_stmt statement, int index, short? value)
    {
        if (value is { } given) raw.sqlite3_bind_int(statement, index, given);
        else raw.sqlite3_bind_null(statement, index);
    }

    private static void Step(sqlite3 handle, sqlite3_stmt statement, int expected)
    {
        var code = raw.sqlite3_step(statement);
        if (code == expected) return;
        var failure = Failure(handle, code);
        raw.sqlite3_reset(statement);
        throw failure;
    }

    private static void Execute(sqlite3 handle, string sql)
    {
        var code = raw.sqlite3_exec(handle, sql);
        if (code != raw.SQLITE_OK) throw Failure(handle, code);
    }

    // Some errors (a full disk, say) have rolled back already; then there is nothing left to do.
    private static void Rollback(sqlite3 handle)
    {
        if (raw.sqlite3_get_autocommit(handle) == 0) raw.sqlite3_exec(handle, "ROLLBACK");
    }

    private static Exception Failure(sqlite3 handle, int code) => SqliteDatabase.Translate(code, raw.sqlite3_errmsg(handle).utf8_to_string());

    public void Dispose()
    {
        _insertReading?.Dispose();
        _upsertNode?.Dispose();
        _nextBatchId?.Dispose();
        _insertBatch?.Dispose();
        _connection?.Dispose();
        _turn.Dispose();
    }
}
