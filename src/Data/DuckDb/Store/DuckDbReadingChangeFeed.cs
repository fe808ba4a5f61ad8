using SensorDash.Data.Readings;

namespace SensorDash.Data.DuckDb.Store;

/// <inheritdoc cref="IReadingChangeFeed"/>
public sealed class DuckDbReadingChangeFeed(DuckDbReadingFile file) : IReadingChangeFeed
{
    // About 5 MB in memory; whole batches are taken until there are so many rows.
    private const int RowsWanted = 100_000;

    /// <inheritdoc/>
    public Task<ReadingChanges> ReadChangesAsync(long after, CancellationToken cancellationToken)
        => file.ReadAsync(
            connection =>
            {
                var (changes, first, last, rows) = ChooseBatches(connection, after, cancellationToken);
                if (changes.RemovedNode is not null || changes.RemovedBefore is not null || changes.UpTo == after) return changes;
                var months = DuckDbMonths.List(connection, first, last, cancellationToken);
                var page = new Reading[rows];
                var found = DuckDbReadingStore.Fill(connection,
                    DuckDbMonths.Union(months, DuckDbMonths.Columns, FormattableString.Invariant($"batch_id > {after} AND batch_id <= {changes.UpTo}")),
                    "ORDER BY batch_id", page, cancellationToken);
                return changes with { Added = page[..found] };
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
    public Task<(long LastBatch, long Rows, long? OldestCommittedAt)> ReadLagAsync(long after, CancellationToken cancellationToken)
        => file.ReadAsync(
            connection =>
            {
                using var rows = connection.Query(FormattableString.Invariant($"""
                    SELECT coalesce(max(id), {after})::BIGINT, coalesce(sum(abs(row_count)), 0)::BIGINT, min(committed_at) FROM ingest_batches WHERE id > {after}
                    """), cancellationToken);
                rows.Read();
                return (rows.Get<long>(0), rows.Get<long>(1), rows.Get<long?>(2));
            },
            cancellationToken);

    // Up to the wanted number of rows, and never past a removal: that is a step of its own.
    private static (ReadingChanges Changes, long First, long Last, long Rows) ChooseBatches(
        DuckDbConnection connection, long after, CancellationToken cancellationToken)
    {
        using var batches = connection.Query(FormattableString.Invariant($"""
            SELECT id, committed_at, row_count::BIGINT, first_timestamp, last_timestamp, removed_node, removed_before FROM ingest_batches WHERE id > {after} ORDER BY id
            """), cancellationToken);
        var (upTo, committedAt, first, last, rows) = (after, 0L, long.MaxValue, long.MinValue, 0L);
        while (batches.Read())
        {
            var (removedNode, removedBefore) = (batches.Get<int?>(5), batches.Get<long?>(6));
            var isRemoval = removedNode is not null || removedBefore is not null;
            if (rows >= RowsWanted || (isRemoval && upTo > after)) return (new(upTo, committedAt, []), first, last, rows);
            (upTo, committedAt) = (batches.Get<long>(0), batches.Get<long>(1));
            if (isRemoval) return (new(upTo, committedAt, [], removedNode, removedBefore), first, last, rows);
            rows += batches.Get<long>(2);
            (first, last) = (Math.Min(first, batches.Get<long>(3)), Math.Max(last, batches.Get<long>(4)));
        }
        return (new(upTo, committedAt, []), first, last, rows);
    }
}
