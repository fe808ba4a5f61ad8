using Npgsql;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <inheritdoc cref="IBatchLog"/>
internal sealed class TimescaleBatchLog(TimescaleDatabase database, BatchTable table, TimeProvider clock) : IBatchLog
{
    // One merging process at a time. Not the writers' lock: no writer touches a batch that is not the newest.
    private const string AcquireMergeLock = "SELECT pg_advisory_xact_lock(5318011)";

    private const string Note = """
        INSERT INTO followers (feed, name, cursor, last_seen_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (feed, name) DO UPDATE SET cursor = excluded.cursor, last_seen_at = excluded.last_seen_at
        """;

    private const string Forget = "DELETE FROM followers WHERE feed = $1 AND last_seen_at < $2";

    private readonly string _select = $"""
        SELECT {table.Columns} FROM {table.Name}
        WHERE id > $1 AND id < least((SELECT max(id) FROM {table.Name}), (SELECT min(cursor) FROM followers WHERE feed = $2)) ORDER BY id LIMIT {BatchMerge.StepBatches}
        """;

    private readonly string _delete = $"DELETE FROM {table.Name} WHERE id >= $1 AND id < $2";

    private readonly string _update = $"UPDATE {table.Name} SET {table.Rows} = $2, {table.First} = $3, {table.Last} = $4, rows_hash = $5{table.ClearRemoval} WHERE id = $1";

    public string Feed => table.Feed;

    public Task FollowAsync(string name, long cursor, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            await using var command = new NpgsqlCommand(Note, connection);
            foreach (var text in (string[])[table.Feed, name]) command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = text });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = cursor });
            command.Parameters.Add(PgTime.Microseconds(clock.NowMicroseconds()));
            return await command.ExecuteNonQueryAsync(token);
        },
        cancellationToken);

    public Task UnfollowAsync(string name, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            await using var command = new NpgsqlCommand("DELETE FROM followers WHERE feed = $1 AND name = $2", connection);
            foreach (var text in (string[])[table.Feed, name]) command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = text });
            return await command.ExecuteNonQueryAsync(token);
        },
        cancellationToken);

    public Task<IReadOnlyList<Follower>> ListFollowersAsync(CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<Follower>>(
        async (connection, token) =>
        {
            await using var command = new NpgsqlCommand("SELECT name, cursor, last_seen_at FROM followers WHERE feed = $1 ORDER BY name", connection);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = table.Feed });
            await using var reader = await command.ExecuteReaderAsync(token);
            var followers = new List<Follower>();
            while (await reader.ReadAsync(token))
                followers.Add(new() { Feed = table.Feed, Name = reader.GetString(0), Cursor = reader.GetInt64(1), LastSeenAt = reader.GetMicroseconds(2) });
            return followers;
        },
        cancellationToken);

    public Task<long?> MergeStepAsync(long after, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            await using var transaction = await connection.BeginTransactionAsync(token);
            var forget = new NpgsqlBatchCommand(Forget) { Parameters = { new NpgsqlParameter<string> { TypedValue = table.Feed } } };
            forget.Parameters.Add(PgTime.Microseconds(Follower.ForgottenBefore(clock.NowMicroseconds())));
            await using (var start = new NpgsqlBatch(connection) { BatchCommands = { new(AcquireMergeLock), forget } }) await start.ExecuteNonQueryAsync(token);
            var (merged, next) = BatchMerge.Plan(after, await ReadStepAsync(connection, after, token));
            if (merged.Count > 0)
            {
                await using var apply = new NpgsqlBatch(connection);
                foreach (var group in merged) AddTo(apply, group);
                await apply.ExecuteNonQueryAsync(token);
            }
            await transaction.CommitAsync(token);
            return next;
        },
        cancellationToken);

    private async Task<List<LoggedBatch>> ReadStepAsync(NpgsqlConnection connection, long after, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(_select, connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = table.Feed });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var batches = new List<LoggedBatch>();
        while (await reader.ReadAsync(cancellationToken))
            batches.Add(new(
                reader.GetInt64(0), reader.GetMicroseconds(1), reader.GetInt64(2), reader.GetMicroseconds(3), reader.GetMicroseconds(4), reader.GetBoolean(5), reader.GetInt64(6)));
        return batches;
    }

    private void AddTo(NpgsqlBatch apply, MergedBatch group)
    {
        var delete = new NpgsqlBatchCommand(_delete);
        foreach (var id in (long[])[group.FirstId, group.Batch.Id]) delete.Parameters.Add(new NpgsqlParameter<long> { TypedValue = id });
        var update = new NpgsqlBatchCommand(_update);
        foreach (var value in (long[])[group.Batch.Id, group.Batch.Rows]) update.Parameters.Add(new NpgsqlParameter<long> { TypedValue = value });
        foreach (var time in (long[])[group.Batch.First, group.Batch.Last]) update.Parameters.Add(PgTime.Microseconds(time));
        update.Parameters.Add(new NpgsqlParameter<long> { TypedValue = group.Batch.Hash });
        apply.BatchCommands.Add(delete);
        apply.BatchCommands.Add(update);
    }
}
