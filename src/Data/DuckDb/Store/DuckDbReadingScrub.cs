using SensorDash.Data.Scrub;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.DuckDb.Store;

/// <inheritdoc cref="IReadingScrub"/>
/// <remarks>DuckDB compares the checksum of each block that it reads, so reading is its check.</remarks>
public sealed class DuckDbReadingScrub(DuckDbReadingFile file) : IReadingScrub
{
    private readonly DuckDbRangeReader _ranges = new(file);

    /// <inheritdoc/>
    public Task<ReadingLog> ReadLogAsync(CancellationToken cancellationToken) => ReadAsync(
        connection =>
        {
            using var batches = connection.Query("SELECT id, row_count::BIGINT, rows_hash FROM ingest_batches ORDER BY id", cancellationToken);
            var log = new ReadingLog();
            while (batches.Read()) log = new(batches.Get<long>(0), log.Rows + batches.Get<long>(1), unchecked(log.Hash + batches.Get<long>(2)));
            return log;
        },
        cancellationToken);

    /// <inheritdoc/>
    public async Task<long> FindEndAsync(TransferRange range, int limit, CancellationToken cancellationToken)
    {
        try
        {
            return await _ranges.FindEndAsync(range, limit, cancellationToken);
        }
        catch (StoreUnavailableException e) when (Damage(e) is { } damage)
        {
            throw damage;
        }
    }

    /// <inheritdoc/>
    public Task<BatchesSince> ReadAsync(TransferRange range, long since, VisitRows<LoggedReading> visit, CancellationToken cancellationToken) => ReadAsync(
        connection =>
        {
            DuckDbRangeReader.Visit(connection, range, visit, cancellationToken);
            long there, head;
            using (var batches = connection.Query(FormattableString.Invariant($"SELECT count(*), coalesce(max(id), {since})::BIGINT FROM ingest_batches WHERE id >= {since}"), cancellationToken))
            {
                batches.Read();
                (there, head) = (batches.Get<long>(0), batches.Get<long>(1));
            }
            using var removals = connection.Query(FormattableString.Invariant(
                $"SELECT removed_node, removed_before FROM ingest_batches WHERE id > {since} AND (removed_node IS NOT NULL OR removed_before IS NOT NULL) LIMIT {BatchesSince.MaxRemovals + 1}"), cancellationToken);
            var removed = new List<LoggedRemoval>();
            while (removals.Read()) removed.Add(new(removals.Get<int?>(0), removals.Get<long?>(1)));
            return BatchesSince.Of(since, there, head, removed);
        },
        cancellationToken);

    private async Task<T> ReadAsync<T>(Func<DuckDbConnection, T> read, CancellationToken cancellationToken)
    {
        try
        {
            return await file.ReadAsync(read, cancellationToken);
        }
        catch (StoreUnavailableException e) when (Damage(e) is { } damage)
        {
            throw damage;
        }
    }

    // To the rest of the program a file that cannot be read is unavailable for now.
    private static StoreDamagedException? Damage(StoreUnavailableException error)
        => error is not StoreDamagedException && error.InnerException is DuckDbException { Kind: DuckDbErrorKind.IO or DuckDbErrorKind.Fatal } inner ? new($"DuckDB cannot read {error.Message}", inner) : null;
}
