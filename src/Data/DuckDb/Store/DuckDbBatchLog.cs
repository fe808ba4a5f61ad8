using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb.Store;

/// <inheritdoc cref="IBatchLog"/>
internal sealed class DuckDbBatchLog(DuckDbReadingStore store, DuckDbReadingFile file) : IBatchLog
{
    public string Feed => BatchTable.Readings.Feed;

    public Task FollowAsync(string name, long cursor, CancellationToken cancellationToken) => store.Writer.FollowAsync(name, cursor, cancellationToken);

    public Task UnfollowAsync(string name, CancellationToken cancellationToken) => store.Writer.UnfollowAsync(name, cancellationToken);

    public Task<IReadOnlyList<Follower>> ListFollowersAsync(CancellationToken cancellationToken) => file.ReadAsync<IReadOnlyList<Follower>>(
        connection =>
        {
            using var rows = connection.Query("SELECT name, cursor, last_seen_at FROM followers ORDER BY name", cancellationToken);
            var followers = new List<Follower>();
            while (rows.Read()) followers.Add(new() { Feed = Feed, Name = rows.Get<string>(0), Cursor = rows.Get<long>(1), LastSeenAt = rows.Get<long>(2) });
            return followers;
        },
        cancellationToken);

    public Task<long?> MergeStepAsync(long after, CancellationToken cancellationToken) => store.Writer.MergeStepAsync(after, cancellationToken);

    internal static long Follow(DuckDbConnection connection, string name, long cursor, long now, CancellationToken cancellationToken)
        => connection.Execute(FormattableString.Invariant(
            $"INSERT OR REPLACE INTO followers VALUES ('{BatchTable.Readings.Feed}', '{name.Replace("'", "''", StringComparison.Ordinal)}', {cursor}, {now})"), cancellationToken);

    internal static long Unfollow(DuckDbConnection connection, string name, CancellationToken cancellationToken)
        => connection.Execute($"DELETE FROM followers WHERE name = '{name.Replace("'", "''", StringComparison.Ordinal)}'", cancellationToken);

    internal static long? MergeStep(DuckDbConnection connection, long after, long now, CancellationToken cancellationToken)
    {
        using var transaction = connection.BeginTransaction(cancellationToken);
        connection.Execute(FormattableString.Invariant($"DELETE FROM followers WHERE last_seen_at < {Follower.ForgottenBefore(now)}"), cancellationToken);
        var (merged, next) = BatchMerge.Plan(after, ReadStep(connection, after, cancellationToken));
        foreach (var (firstId, batch) in merged)
        {
            connection.Execute(FormattableString.Invariant($"""
                DELETE FROM ingest_batches WHERE id >= {firstId} AND id < {batch.Id};
                UPDATE ingest_batches SET row_count = {batch.Rows}, first_timestamp = {batch.First}, last_timestamp = {batch.Last}, rows_hash = {batch.Hash}
                {BatchTable.Readings.ClearRemoval} WHERE id = {batch.Id}
                """), cancellationToken);
        }
        transaction.Commit();
        return next;
    }

    private static List<LoggedBatch> ReadStep(DuckDbConnection connection, long after, CancellationToken cancellationToken)
    {
        var batches = new List<LoggedBatch>();
        using var rows = connection.Query(FormattableString.Invariant($"""
            SELECT {BatchTable.Readings.Columns} FROM ingest_batches
            WHERE id > {after} AND id < least((SELECT max(id) FROM ingest_batches), (SELECT min(cursor) FROM followers)) ORDER BY id LIMIT {BatchMerge.StepBatches}
            """), cancellationToken);
        while (rows.Read())
            batches.Add(new(rows.Get<long>(0), rows.Get<long>(1), rows.Get<long>(2), rows.Get<long>(3), rows.Get<long>(4), rows.Get<bool>(5), rows.Get<long>(6)));
        return batches;
    }
}
