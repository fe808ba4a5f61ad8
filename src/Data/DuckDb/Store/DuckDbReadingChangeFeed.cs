using SensorDash.Data.Readings;
using SensorDash.DuckDb;

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
                using var result = connection.Query(
                    FormattableString.Invariant($"SELECT committed_at FROM ingest_batches WHERE id = {batch}"), cancellationToken);
                return result.NextChunk(cancellationToken) is { } chunk ? chunk[0].Values<long>()[0] : (long?)null;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<(long LastBatch, long Rows, long? OldestCommittedAt)> ReadLagAsync(long after, CancellationToken cancellationToken)
        => file.ReadAsync(
            connection =>
            {
                using var result = connection.Query(FormattableString.Invariant($"""
                    SELECT coalesce(max(id), {after})::BIGINT, coalesce(sum(abs(row_count)), 0)::BIGINT, min(committed_at) FROM ingest_batches WHERE id > {after}
                    """), cancellationToken);
                var chunk = result.NextChunk(cancellationToken)!;
                return (chunk[0].Values<long>()[0], chunk[1].Values<long>()[0], chunk[2].IsNull(0) ? (long?)null : chunk[2].Values<long>()[0]);
            },
            cancellationToken);

    // Up to the wanted number of rows, and never past a removal: that is a step of its own.
    private static (ReadingChanges Changes, long First, long Last, long Rows) ChooseBatches(
        DuckDbConnection connection, long after, CancellationToken cancellationToken)
    {
        using var result = connection.QueryStreaming(FormattableString.Invariant($"""
            SELECT id, committed_at, row_count::BIGINT, first_timestamp, last_timestamp, removed_node, removed_before FROM ingest_batches WHERE id > {after} ORDER BY id
            """), cancellationToken);
        var (upTo, committedAt, first, last, rows) = (after, 0L, long.MaxValue, long.MinValue, 0L);
        while (result.NextChunk(cancellationToken) is { } chunk)
        {
            for (var row = 0; row < chunk.RowCount; row++)
            {
                int? removedNode = chunk[5].IsNull(row) ? null : chunk[5].Values<int>()[row];
                long? removedBefore = chunk[6].IsNull(row) ? null : chunk[6].Values<long>()[row];
                var isRemoval = removedNode is not null || removedBefore is not null;
                if (rows >= RowsWanted || (isRemoval && upTo > after)) return (new(upTo, committedAt, []), first, last, rows);
                (upTo, committedAt) = (chunk[0].Values<long>()[row], chunk[1].Values<long>()[row]);
                if (isRemoval) return (new(upTo, committedAt, [], removedNode, removedBefore), first, last, rows);
                rows += chunk[2].Values<long>()[row];
                (first, last) = (Math.Min(first, chunk[3].Values<long>()[row]), Math.Max(last, chunk[4].Values<long>()[row]));
            }
        }
        return (new(upTo, committedAt, []), first, last, rows);
    }
}
