using Microsoft.Data.Sqlite;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Readings;

/// <inheritdoc cref="IReadingChanges"/>
public sealed class SqliteReadingChanges(SqliteDatabase database) : IReadingChanges
{
    // About 5 MB in memory; whole batches are taken until there are so many rows.
    private const int RowsWanted = 100_000;

    private const string SelectBatches = "SELECT id, row_count, removed_node, committed_at FROM ingest_batches WHERE id > $after ORDER BY id";

    private const string SelectRows = $"""
        SELECT {SqliteReadingStore.ReadingColumns}
        FROM sensor_readings r INDEXED BY ix_sensor_readings_batch_id LEFT JOIN nodes n ON n.address = r.node_address
        WHERE r.batch_id > $after AND r.batch_id <= $upTo ORDER BY r.batch_id
        """;

    private const string SelectLag = """
        SELECT coalesce(max(id), $after), coalesce(sum(abs(row_count)), 0), min(committed_at) FROM ingest_batches WHERE id > $after
        """;

    /// <inheritdoc/>
    public Task<ReadingChanges> ReadChangesAsync(long after, CancellationToken cancellationToken)
        => database.ReadAsync(
            connection =>
            {
                // One transaction: a node removed between the two queries would otherwise leave a batch half read.
                using var transaction = connection.BeginTransaction(deferred: true);
                var (upTo, committedAt, removedNode) = ChooseBatches(connection, after);
                if (removedNode is not null || upTo == after) return new ReadingChanges(upTo, committedAt, [], removedNode);
                using var command = connection.CreateCommand();
                command.CommandText = SelectRows;
                command.Parameters.AddWithValue("$after", after);
                command.Parameters.AddWithValue("$upTo", upTo);
                using var interrupt = SqliteDatabase.InterruptOn(connection, cancellationToken);
                using var reader = command.ExecuteReader();
                var rows = new List<Reading>();
                while (reader.Read()) rows.Add(SqliteReadingStore.ReadRow(reader));
                return new ReadingChanges(upTo, committedAt, rows, null);
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<long?> FindCommittedAtAsync(long batch, CancellationToken cancellationToken)
        => database.ReadAsync(
            connection =>
            {
                using var command = connection.CreateCommand();
                command.CommandText = "SELECT committed_at FROM ingest_batches WHERE id = $batch";
                command.Parameters.AddWithValue("$batch", batch);
                return (long?)command.ExecuteScalar();
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<(long LastBatch, long Rows, long? OldestCommittedAt)> ReadLagAsync(long after, CancellationToken cancellationToken)
        => database.ReadAsync(
            connection =>
            {
                using var command = connection.CreateCommand();
                command.CommandText = SelectLag;
                command.Parameters.AddWithValue("$after", after);
                using var reader = command.ExecuteReader();
                reader.Read();
                return (reader.GetInt64(0), reader.GetInt64(1), reader.IsDBNull(2) ? (long?)null : reader.GetInt64(2));
            },
            cancellationToken);

    // Up to the wanted number of rows, and never past a removal: that is a step of its own.
    private static (long UpTo, long CommittedAt, int? RemovedNode) ChooseBatches(SqliteConnection connection, long after)
    {
        using var command = connection.CreateCommand();
        command.CommandText = SelectBatches;
        command.Parameters.AddWithValue("$after", after);
        using var reader = command.ExecuteReader();
        var (upTo, committedAt, rows) = (after, 0L, 0L);
        while (rows < RowsWanted && reader.Read())
        {
            var isRemoval = !reader.IsDBNull(2);
            if (isRemoval && upTo > after) break;
            (upTo, committedAt) = (reader.GetInt64(0), reader.GetInt64(3));
            if (isRemoval) return (upTo, committedAt, reader.GetInt32(2));
            rows += reader.GetInt64(1);
        }
        return (upTo, committedAt, null);
    }
}
