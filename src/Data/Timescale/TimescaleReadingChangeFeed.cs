using System.Data;
using Npgsql;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Timescale;

/// <inheritdoc cref="IReadingChangeFeed"/>
/// <remarks>Batches become visible in the order of their ids, because writers take turns until they have committed (ADR 0009): asking for ids above a cursor skips none.</remarks>
public sealed class TimescaleReadingChangeFeed(TimescaleDatabase database) : IReadingChangeFeed
{
    // About 5 MB in memory; whole batches are taken until there are so many rows.
    private const int RowsWanted = 100_000;

    private const string SelectBatches = """
        SELECT id, row_count, removed_node::bigint, committed_at, first_timestamp, last_timestamp, removed_before
        FROM ingest_batches WHERE id > $1 ORDER BY id LIMIT 10000
        """;

    // The bounds of the batches name the chunks: without them every chunk there is would be asked for these ids.
    internal const string SelectRows = $"""
        SELECT {TimescaleReadingStore.Columns} FROM sensor_readings r LEFT JOIN nodes n ON n.address = r.node_address
        WHERE r.batch_id > $1 AND r.batch_id <= $2 AND r.timestamp BETWEEN $3 AND $4 ORDER BY r.batch_id
        """;

    private const string SelectLag = """
        SELECT coalesce(max(id), $1), coalesce(sum(abs(row_count)), 0)::bigint, min(committed_at) FROM ingest_batches WHERE id > $1
        """;

    /// <inheritdoc/>
    public Task<ReadingChanges> ReadChangesAsync(long after, CancellationToken cancellationToken)
        => database.ReadAsync(
            async (connection, token) =>
            {
                // One snapshot: a node removed between the two queries would otherwise leave a batch half read.
                await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, token);
                var (changes, first, last) = await ChooseBatchesAsync(connection, after, token);
                if (changes.RemovedNode is not null || changes.RemovedBefore is not null || changes.UpTo == after) return changes;
                await using var command = new NpgsqlCommand(SelectRows, connection, transaction);
                foreach (var value in (long[])[after, changes.UpTo, first, last]) command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = value });
                await using var reader = await command.ExecuteReaderAsync(token);
                var rows = new List<Reading>();
                while (await reader.ReadAsync(token)) rows.Add(ReadingColumns.Read(reader));
                return changes with { Added = rows };
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<long?> FindCommittedAtAsync(long batch, CancellationToken cancellationToken)
        => database.ReadAsync(
            async (connection, token) =>
            {
                await using var command = new NpgsqlCommand("SELECT committed_at FROM ingest_batches WHERE id = $1", connection);
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = batch });
                return (long?)await command.ExecuteScalarAsync(token);
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<(long LastBatch, long Rows, long? OldestCommittedAt)> ReadLagAsync(long after, CancellationToken cancellationToken)
        => database.ReadAsync(
            async (connection, token) =>
            {
                await using var command = new NpgsqlCommand(SelectLag, connection);
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
                await using var reader = await command.ExecuteReaderAsync(token);
                await reader.ReadAsync(token);
                return (reader.GetInt64(0), reader.GetInt64(1), Optional(reader, 2));
            },
            cancellationToken);

    // Up to the wanted number of rows, and never past a removal: that is a step of its own.
    private static async Task<(ReadingChanges Changes, long First, long Last)> ChooseBatchesAsync(
        NpgsqlConnection connection, long after, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SelectBatches, connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var changes = new ReadingChanges(after, 0, [], null);
        var (rows, first, last) = (0L, long.MaxValue, long.MinValue);
        while (rows < RowsWanted && await reader.ReadAsync(cancellationToken))
        {
            var (removedNode, removedBefore) = ((int?)Optional(reader, 2), Optional(reader, 6));
            var isRemoval = removedNode is not null || removedBefore is not null;
            if (isRemoval && changes.UpTo > after) break;
            changes = new(reader.GetInt64(0), reader.GetInt64(3), [], removedNode, removedBefore);
            if (isRemoval) break;
            rows += reader.GetInt32(1);
            (first, last) = (Math.Min(first, reader.GetInt64(4)), Math.Max(last, reader.GetInt64(5)));
        }
        return (changes, first, last);
    }

    private static long? Optional(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetInt64(column);
}
