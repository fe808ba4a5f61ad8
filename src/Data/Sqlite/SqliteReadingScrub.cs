using SensorDash.Data.Scrub;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.Sqlite;

/// <inheritdoc cref="IReadingScrub"/>
public sealed class SqliteReadingScrub(SqliteDatabase database) : IReadingScrub
{
    private const int ReadingsAtOnce = 1_000;

    private readonly SqliteRangeReader _ranges = new(database);

    /// <inheritdoc/>
    public Task<ReadingLog> ReadLogAsync(CancellationToken cancellationToken) => database.ReadLongAsync(
        connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT id, row_count, rows_hash FROM ingest_batches ORDER BY id";
            using var batches = command.ExecuteReader();
            var log = new ReadingLog();
            while (batches.Read()) log = new(batches.GetInt64(0), log.Rows + batches.GetInt64(1), unchecked(log.Hash + batches.GetInt64(2)));
            return log;
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<long> FindEndAsync(TransferRange range, int limit, CancellationToken cancellationToken) => _ranges.FindEndAsync(range, limit, cancellationToken);

    /// <inheritdoc/>
    public Task<BatchesSince> ReadAsync(TransferRange range, long since, VisitRows<LoggedReading> visit, CancellationToken cancellationToken) => database.ReadLongAsync(
        connection =>
        {
            using var transaction = connection.BeginTransaction(deferred: true);
            using (var rows = SqliteRangeReader.OpenReadings(connection, range))
            {
                var (block, count) = (new LoggedReading[ReadingsAtOnce], 0);
                var row = rows.Handle!;
                while (rows.Read())
                {
                    block[count++] = new(SqliteReadingRow.Read(row), SqliteReadingRow.ReadBatch(row));
                    if (count < block.Length) continue;
                    visit(block);
                    count = 0;
                }
                visit(block.AsSpan(0, count));
            }
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT count(*), coalesce(max(id), $since) FROM ingest_batches WHERE id >= $since";
            command.Parameters.AddWithValue("$since", since);
            using var batches = command.ExecuteReader();
            batches.Read();
            var (there, head) = (batches.GetInt64(0), batches.GetInt64(1));
            batches.Close();
            command.CommandText = "SELECT removed_node, removed_before FROM ingest_batches WHERE id > $since AND (removed_node IS NOT NULL OR removed_before IS NOT NULL) LIMIT $limit";
            command.Parameters.AddWithValue("$limit", BatchesSince.MaxRemovals + 1);
            using var removals = command.ExecuteReader();
            var removed = new List<LoggedRemoval>();
            while (removals.Read()) removed.Add(new(removals.IsDBNull(0) ? null : removals.GetInt32(0), removals.IsDBNull(1) ? null : removals.GetInt64(1)));
            return BatchesSince.Of(since, there, head, removed);
        },
        cancellationToken);
}
