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
                var step = ChooseBatches(connection, after, cancellationToken);
                if (!step.HasRows) return step.Changes([]);
                var months = DuckDbMonths.List(connection, step.First, step.Last, cancellationToken);
                var page = new Reading[step.Rows];
                var found = DuckDbReadingStore.Fill(connection,
                    DuckDbMonths.Union(months, DuckDbMonths.Columns, FormattableString.Invariant($"batch_id > {after} AND batch_id <= {step.UpTo}")),
                    "ORDER BY batch_id", page, cancellationToken);
                return step.Changes(page[..found]);
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

    private static ReadingStep ChooseBatches(DuckDbConnection connection, long after, CancellationToken cancellationToken)
    {
        using var result = connection.QueryStreaming(FormattableString.Invariant($"""
            SELECT id, committed_at, row_count::BIGINT, first_timestamp, last_timestamp, removed_node, removed_before FROM ingest_batches WHERE id > {after} ORDER BY id
            """), cancellationToken);
        var step = new ReadingStep(after, RowsWanted);
        while (step.WantsMore && result.NextChunk(cancellationToken) is { } chunk)
        {
            for (var row = 0; step.WantsMore && row < chunk.RowCount; row++)
            {
                step.Add(chunk[0].Values<long>()[row], chunk[1].Values<long>()[row], chunk[2].Values<long>()[row], chunk[3].Values<long>()[row], chunk[4].Values<long>()[row],
                    chunk[5].IsNull(row) ? null : chunk[5].Values<int>()[row], chunk[6].IsNull(row) ? null : chunk[6].Values<long>()[row]);
            }
        }
        return step;
    }
}
