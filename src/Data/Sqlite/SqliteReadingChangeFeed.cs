using Microsoft.Data.Sqlite;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Sqlite;

/// <inheritdoc cref="IReadingChangeFeed"/>
public sealed class SqliteReadingChangeFeed(SqliteDatabase database, RecentBatches recent) : IReadingChangeFeed
{
    // About 6 MB in memory with all copies; whole batches are read until this many rows.
    private const int RowsWanted = 25_000;

    private const string SelectBatches = $"SELECT {ReadingStep.Columns} FROM ingest_batches WHERE id > $after ORDER BY id";

    // The batches' time bounds: an index of the batches would double the pages that every insert writes.
    private const string SelectRows = $"""
        SELECT {SqliteReadingRow.Columns}
        FROM sensor_readings r INDEXED BY ix_sensor_readings_timestamp LEFT JOIN nodes n ON n.address = r.node_address
        WHERE r.timestamp BETWEEN $first AND $last AND r.batch_id > $after AND r.batch_id <= $upTo
        """;

    // The order of the key: one pass over the table.
    private const string SelectStored = $"""
        SELECT {SqliteReadingRow.Columns} FROM sensor_readings r LEFT JOIN nodes n ON n.address = r.node_address
        WHERE (r.node_address, r.timestamp) > ($node, $time) AND r.batch_id <= $upTo ORDER BY r.node_address, r.timestamp LIMIT $limit
        """;

    private const string SelectHead = """
        SELECT coalesce(readings_epoch, epoch), coalesce((SELECT min(id) FROM ingest_batches), 0), coalesce((SELECT max(id) FROM ingest_batches), 0) FROM store_info
        """;

    private const string SelectLag = """
        SELECT coalesce((SELECT max(id) FROM ingest_batches), 0), coalesce(sum(abs(row_count)), 0), min(committed_at) FROM ingest_batches WHERE id > $after
        """;

    /// <inheritdoc/>
    public async Task<ReadingChanges> ReadChangesAsync(long after, CancellationToken cancellationToken)
        => recent.Read(after, RowsWanted) ?? await database.ReadAsync(
            connection =>
            {
                // One transaction: otherwise a node deleted between the two queries would leave an incomplete batch.
                using var transaction = connection.BeginTransaction(deferred: true);
                var step = ChooseBatches(connection, after);
                if (!step.HasRows) return step.Changes([]);
                using var command = connection.CreateCommand();
                command.CommandText = SelectRows;
                foreach (var (name, value) in (ReadOnlySpan<(string, long)>)[("$first", step.First), ("$last", step.Last), ("$after", after), ("$upTo", step.UpTo)])
                    command.Parameters.AddWithValue(name, value);
                using var reader = command.ExecuteReader();
                var rows = new List<Reading>((int)Math.Min(step.Rows, 2 * RowsWanted));
                while (reader.Read()) rows.Add(SqliteReadingRow.Read(reader));
                return step.Changes(rows);
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<int> ReadStoredAsync(ReadingPosition? after, long upTo, Memory<Reading> page, CancellationToken cancellationToken)
        => database.ReadAsync(
            connection =>
            {
                using var command = connection.CreateCommand();
                command.CommandText = SelectStored;
                command.Parameters.AddWithValue("$node", after?.NodeAddress ?? 0);
                command.Parameters.AddWithValue("$time", after?.Timestamp ?? 0);
                command.Parameters.AddWithValue("$upTo", upTo);
                command.Parameters.AddWithValue("$limit", page.Length);
                using var reader = command.ExecuteReader();
                var count = 0;
                while (count < page.Length && reader.Read()) page.Span[count++] = SqliteReadingRow.Read(reader);
                return count;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<ReadingHead> ReadHeadAsync(CancellationToken cancellationToken)
        => database.ReadAsync(
            connection =>
            {
                using var command = connection.CreateCommand();
                command.CommandText = SelectHead;
                using var reader = command.ExecuteReader();
                reader.Read();
                return new ReadingHead(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2));
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
    public void ForgetRecent() => recent.Forget();

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

    private static ReadingStep ChooseBatches(SqliteConnection connection, long after)
    {
        using var command = connection.CreateCommand();
        command.CommandText = SelectBatches;
        command.Parameters.AddWithValue("$after", after);
        using var reader = command.ExecuteReader();
        var step = new ReadingStep(after, RowsWanted);
        while (step.WantsMore && reader.Read())
            step.Add(
                reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4),
                reader.IsDBNull(5) ? null : reader.GetInt32(5), reader.IsDBNull(6) ? null : reader.GetInt64(6));
        return step;
    }
}
