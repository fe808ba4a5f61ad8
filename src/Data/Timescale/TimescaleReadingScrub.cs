using System.Data;
using Npgsql;
using SensorDash.Data.Scrub;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.Timescale;

/// <inheritdoc cref="IReadingScrub"/>
public sealed class TimescaleReadingScrub(TimescaleDatabase database) : IReadingScrub
{
    private const int ReadingsAtOnce = 1_000;

    private const string SelectSince = "SELECT count(*), coalesce(max(id), $1) FROM ingest_batches WHERE id >= $1";

    private const string SelectRemovals = """
        SELECT removed_node, removed_before FROM ingest_batches WHERE id > $1 AND (removed_node IS NOT NULL OR removed_before IS NOT NULL) LIMIT $2
        """;

    private readonly TimescaleRangeReader _ranges = new(database);

    /// <inheritdoc/>
    public Task<ReadingLog> ReadLogAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            await using var command = new NpgsqlCommand("SELECT id, row_count, rows_hash FROM ingest_batches ORDER BY id", connection);
            await using var batches = await command.ExecuteReaderAsync(token);
            var log = new ReadingLog();
            while (await batches.ReadAsync(token)) log = new(batches.GetInt64(0), log.Rows + batches.GetInt64(1), unchecked(log.Hash + batches.GetInt64(2)));
            return log;
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<long> FindEndAsync(TransferRange range, int limit, CancellationToken cancellationToken) => _ranges.FindEndAsync(range, limit, cancellationToken);

    /// <inheritdoc/>
    public Task<BatchesSince> ReadAsync(TransferRange range, long since, VisitRows<LoggedReading> visit, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            // By an index, as requests find rows: a scan of a table does not look at the header of a row on a page whose rows are visible to all, and returns a row that has become invisible for them.
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, token);
            await using (var byIndex = new NpgsqlCommand("SET LOCAL enable_seqscan = off", connection)) await byIndex.ExecuteNonQueryAsync(token);
            // Each statement has a snapshot of its own, the log the later one: a chunk that is dropped is gone at once, also for a snapshot from before, so a deletion must not be seen later than its effect.
            await using (var command = new NpgsqlCommand(TimescaleRangeReader.Readings, connection) { Parameters = { PgTime.Seconds(range.From), PgTime.Seconds(range.To) } })
            await using (var rows = await command.ExecuteReaderAsync(token))
            {
                await TimescaleRangeReader.VisitAsync(rows, row => new LoggedReading(TimescaleRows.ReadReading(row), row.GetInt64(7)), new LoggedReading[ReadingsAtOnce], visit, token);
            }
            await using var batch = new NpgsqlBatch(connection)
            {
                BatchCommands =
                {
                    new(SelectSince) { Parameters = { Long(since) } },
                    new(SelectRemovals) { Parameters = { Long(since), Long(BatchesSince.MaxRemovals + 1) } },
                },
            };
            await using var batches = await batch.ExecuteReaderAsync(token);
            await batches.ReadAsync(token);
            var (there, head) = (batches.GetInt64(0), batches.GetInt64(1));
            await batches.NextResultAsync(token);
            var removed = new List<LoggedRemoval>();
            while (await batches.ReadAsync(token)) removed.Add(Removal(batches));
            return BatchesSince.Of(since, there, head, removed);
        },
        cancellationToken);

    private static LoggedRemoval Removal(NpgsqlDataReader row) => new(row.IsDBNull(0) ? null : row.GetInt32(0), row.IsDBNull(1) ? null : row.GetSeconds(1));

    private static NpgsqlParameter<long> Long(long value) => new() { TypedValue = value };
}
