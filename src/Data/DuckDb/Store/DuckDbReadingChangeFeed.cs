using SensorDash.Data.Readings;

namespace SensorDash.Data.DuckDb.Store;

/// <inheritdoc cref="IReadingChangeFeed"/>
public sealed class DuckDbReadingChangeFeed(DuckDbReadingFile file) : IReadingChangeFeed
{
    // About 5 MB in memory; whole batches are read until this many rows.
    private const int RowsWanted = 100_000;

    /// <inheritdoc/>
    public Task<ReadingChanges> ReadChangesAsync(long after, CancellationToken cancellationToken)
        => file.ReadAsync(
            connection =>
            {
                var step = ChooseBatches(connection, after, cancellationToken);
                if (!step.HasRows) return step.Changes([]);
                var months = DuckDbMonths.List(connection, step.First, step.Last, cancellationToken);
                var page = new Reading[step.Rows];
                var found = DuckDbReadingStore.Fill(connection,
                    DuckDbMonths.Union(months, DuckDbMonths.Columns, FormattableString.Invariant($"batch_id > {after} AND batch_id <= {step.UpTo}")),
                    "", page, cancellationToken);
                return step.Changes(page[..found]);
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<int> ReadStoredAsync(ReadingPosition? after, long upTo, Memory<Reading> page, CancellationToken cancellationToken)
        => file.ReadAsync(
            connection =>
            {
                var (time, node) = (after?.Timestamp ?? 0, after?.NodeAddress ?? 0);
                var months = DuckDbMonths.List(connection, time, long.MaxValue, cancellationToken);
                return DuckDbReadingStore.Fill(connection,
                    DuckDbMonths.Union(months, DuckDbMonths.Columns, FormattableString.Invariant($"(\"timestamp\", node_address) > ({time}, {node}) AND batch_id <= {upTo}")),
                    FormattableString.Invariant($"ORDER BY \"timestamp\", node_address LIMIT {page.Length}"), page.Span, cancellationToken);
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<ReadingHead> ReadHeadAsync(CancellationToken cancellationToken)
        => file.ReadAsync(
            connection =>
            {
                using var rows = connection.Query("""
                    SELECT epoch, coalesce((SELECT min(id) FROM ingest_batches), 0)::BIGINT, coalesce((SELECT max(id) FROM ingest_batches), 0)::BIGINT FROM store_state
                    """, cancellationToken);
                rows.Read();
                return new ReadingHead(rows.Get<string>(0), rows.Get<long>(1), rows.Get<long>(2));
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<long?> FindCommittedAtAsync(long batch, CancellationToken cancellationToken)
        => file.ReadAsync(
            connection =>
            {
                using var rows = connection.Query(
                    FormattableString.Invariant($"SELECT committed_at FROM ingest_batches WHERE id = {batch}"), cancellationToken);
                return rows.Read() ? rows.Get<long>(0) : (long?)null;
            },
            cancellationToken);

    /// <inheritdoc/>
    public void ForgetRecent()
    {
        // Nothing is kept in memory.
    }

    /// <inheritdoc/>
    public Task<(long LastBatch, long Rows, long? OldestCommittedAt)> ReadLagAsync(long after, CancellationToken cancellationToken)
        => file.ReadAsync(
            connection =>
            {
                using var rows = connection.Query(FormattableString.Invariant($"""
                    SELECT coalesce((SELECT max(id) FROM ingest_batches), 0)::BIGINT, coalesce(sum(abs(row_count)), 0)::BIGINT, min(committed_at) FROM ingest_batches WHERE id > {after}
                    """), cancellationToken);
                rows.Read();
                return (rows.Get<long>(0), rows.Get<long>(1), rows.Get<long?>(2));
            },
            cancellationToken);

    private static ReadingStep ChooseBatches(DuckDbConnection connection, long after, CancellationToken cancellationToken)
    {
        using var batches = connection.Query(FormattableString.Invariant($"""
            SELECT id, committed_at, row_count::BIGINT, first_timestamp, last_timestamp, removed_node, removed_before FROM ingest_batches WHERE id > {after} ORDER BY id
            """), cancellationToken);
        var step = new ReadingStep(after, RowsWanted);
        while (step.WantsMore && batches.Read())
        {
            step.Add(batches.Get<long>(0), batches.Get<long>(1), batches.Get<long>(2), batches.Get<long>(3), batches.Get<long>(4), batches.Get<int?>(5), batches.Get<long?>(6));
        }
        return step;
    }
}
