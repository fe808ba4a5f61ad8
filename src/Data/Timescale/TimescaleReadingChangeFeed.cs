using System.Data;
using Npgsql;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Timescale;

/// <inheritdoc cref="IReadingChangeFeed"/>
/// <remarks>Batches become visible in the order of their ids, because writers hold the writer lock until the commit (ADR 0009): a query for later ids skips none.</remarks>
public sealed class TimescaleReadingChangeFeed(TimescaleDatabase database, RecentBatches recent) : IReadingChangeFeed
{
    // About 5 MB in memory; whole batches are read until this many rows.
    private const int RowsWanted = 100_000;

    private const string SelectBatches = $"SELECT {ReadingStep.Columns} FROM ingest_batches WHERE id > $1 ORDER BY id LIMIT 10000";

    // The time bounds of the batches select the chunks: without them every chunk would be searched for these ids.
    internal const string SelectRows = $"""
        SELECT {TimescaleReadingStore.Columns} FROM sensor_readings r LEFT JOIN nodes n ON n.address = r.node_address
        WHERE r.batch_id > $1 AND r.batch_id <= $2 AND r.timestamp BETWEEN $3 AND $4
        """;

    // The order of time: chunk after chunk.
    internal const string SelectStored = $"""
        SELECT {TimescaleReadingStore.Columns} FROM sensor_readings r {TimescaleReadingStore.DeviceOfReading}
        WHERE r.timestamp >= $1 AND NOT (r.timestamp = $1 AND r.node_address >= $2) AND r.batch_id <= $3 ORDER BY r.timestamp, r.node_address DESC LIMIT $4
        """;

    private const string SelectHead = """
        SELECT coalesce(readings_epoch, epoch), coalesce((SELECT min(id) FROM ingest_batches), 0), coalesce((SELECT max(id) FROM ingest_batches), 0) FROM store_info
        """;

    private const string SelectLag = """
        SELECT coalesce((SELECT max(id) FROM ingest_batches), 0), coalesce(sum(abs(row_count)), 0)::bigint, min(committed_at) FROM ingest_batches WHERE id > $1
        """;

    /// <inheritdoc/>
    public async Task<ReadingChanges> ReadChangesAsync(long after, CancellationToken cancellationToken)
        => recent.Read(after, RowsWanted) ?? await database.ReadAsync(
            async (connection, token) =>
            {
                // One snapshot: otherwise a node deleted between the two queries would leave an incomplete batch.
                await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, token);
                var step = await ChooseBatchesAsync(connection, after, token);
                if (!step.HasRows) return step.Changes([]);
                await using var command = new NpgsqlCommand(SelectRows, connection, transaction);
                foreach (var batch in (long[])[after, step.UpTo]) command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = batch });
                foreach (var time in (long[])[step.First, step.Last]) command.Parameters.Add(PgTime.Seconds(time));
                await using var reader = await command.ExecuteReaderAsync(token);
                var rows = new List<Reading>((int)Math.Min(step.Rows, 2 * RowsWanted));
                while (await reader.ReadAsync(token)) rows.Add(TimescaleRows.ReadReading(reader));
                return step.Changes(rows);
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<int> ReadStoredAsync(ReadingPosition? after, long upTo, Memory<Reading> page, CancellationToken cancellationToken)
        => database.ReadAsync(
            async (connection, token) =>
            {
                await using var command = new NpgsqlCommand(SelectStored, connection);
                command.Parameters.Add(PgTime.Seconds(after?.Timestamp ?? 0));
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = after?.NodeAddress ?? int.MaxValue });
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = upTo });
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = page.Length });
                await using var reader = await command.ExecuteReaderAsync(token);
                var count = 0;
                while (count < page.Length && await reader.ReadAsync(token)) page.Span[count++] = TimescaleRows.ReadReading(reader);
                return count;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<ReadingHead> ReadHeadAsync(CancellationToken cancellationToken)
        => database.ReadAsync(
            async (connection, token) =>
            {
                await using var command = new NpgsqlCommand(SelectHead, connection);
                await using var reader = await command.ExecuteReaderAsync(token);
                await reader.ReadAsync(token);
                return new ReadingHead(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2));
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<long?> FindCommittedAtAsync(long batch, CancellationToken cancellationToken)
        => database.ReadAsync(
            async (connection, token) =>
            {
                await using var command = new NpgsqlCommand("SELECT committed_at FROM ingest_batches WHERE id = $1", connection);
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = batch });
                await using var reader = await command.ExecuteReaderAsync(token);
                return await reader.ReadAsync(token) ? reader.GetMicroseconds(0) : (long?)null;
            },
            cancellationToken);

    /// <inheritdoc/>
    public void ForgetRecent() => recent.Forget();

    /// <inheritdoc/>
    public Task<(long LastBatch, long Rows, long? OldestCommittedAt)> ReadLagAsync(long after, CancellationToken cancellationToken)
        => database.ReadAsync(
            async (connection, token) =>
            {
                await using var command = new NpgsqlCommand(SelectLag, connection);
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
                await using var reader = await command.ExecuteReaderAsync(token);
                await reader.ReadAsync(token);
                return (reader.GetInt64(0), reader.GetInt64(1), await reader.IsDBNullAsync(2, token) ? (long?)null : reader.GetMicroseconds(2));
            },
            cancellationToken);

    private static async Task<ReadingStep> ChooseBatchesAsync(NpgsqlConnection connection, long after, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SelectBatches, connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var step = new ReadingStep(after, RowsWanted);
        while (step.WantsMore && await reader.ReadAsync(cancellationToken))
            step.Add(
                reader.GetInt64(0), reader.GetMicroseconds(1), reader.GetInt64(2), reader.GetSeconds(3), reader.GetSeconds(4),
                await reader.IsDBNullAsync(5, cancellationToken) ? null : reader.GetInt32(5), await reader.IsDBNullAsync(6, cancellationToken) ? null : reader.GetSeconds(6));
        return step;
    }
}
