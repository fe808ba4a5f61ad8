using SensorDash.Data.Storage;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <inheritdoc cref="IBatchLog"/>
internal sealed class SqliteBatchLog(SqliteDatabase database, BatchTable table, TimeProvider clock) : IBatchLog
{
    private const string Note = """
        INSERT INTO followers (feed, name, cursor, last_seen_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (feed, name) DO UPDATE SET cursor = excluded.cursor, last_seen_at = excluded.last_seen_at
        """;

    private readonly string _forget = $"DELETE FROM followers WHERE feed = '{table.Feed}' AND last_seen_at < ?";

    private readonly string _selectLimit = $"""
        SELECT min(coalesce((SELECT max(id) FROM {table.Name}), 0), coalesce((SELECT min(cursor) FROM followers WHERE feed = '{table.Feed}'), 9223372036854775807))
        """;

    private readonly string _select = $"SELECT {table.Columns} FROM {table.Name} WHERE id > ?1 AND id < ?2 ORDER BY id LIMIT {BatchMerge.StepBatches}";

    private readonly string _delete = $"DELETE FROM {table.Name} WHERE id >= ? AND id < ?";

    private readonly string _update = $"UPDATE {table.Name} SET {table.Rows} = ?2, {table.First} = ?3, {table.Last} = ?4, rows_hash = ?5{table.ClearRemoval} WHERE id = ?1";

    public string Feed => table.Feed;

    public Task FollowAsync(string name, long cursor, CancellationToken cancellationToken) => database.Writer.TransactAsync(
        writer =>
        {
            var note = writer.Statement(Note);
            raw.sqlite3_bind_text(note, 1, table.Feed);
            raw.sqlite3_bind_text(note, 2, name);
            raw.sqlite3_bind_int64(note, 3, cursor);
            raw.sqlite3_bind_int64(note, 4, clock.NowMicroseconds());
            return writer.Run(note);
        },
        cancellationToken);

    public Task UnfollowAsync(string name, CancellationToken cancellationToken) => database.Writer.TransactAsync(
        writer =>
        {
            var forget = writer.Statement("DELETE FROM followers WHERE feed = ? AND name = ?");
            raw.sqlite3_bind_text(forget, 1, table.Feed);
            raw.sqlite3_bind_text(forget, 2, name);
            return writer.Run(forget);
        },
        cancellationToken);

    public Task<IReadOnlyList<Follower>> ListFollowersAsync(CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<Follower>>(
        connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT name, cursor, last_seen_at FROM followers WHERE feed = $feed ORDER BY name";
            command.Parameters.AddWithValue("$feed", table.Feed);
            using var reader = command.ExecuteReader();
            var followers = new List<Follower>();
            while (reader.Read()) followers.Add(new() { Feed = table.Feed, Name = reader.GetString(0), Cursor = reader.GetInt64(1), LastSeenAt = reader.GetInt64(2) });
            return followers;
        },
        cancellationToken);

    public Task<long?> MergeStepAsync(long after, CancellationToken cancellationToken) => database.Writer.TransactAsync(
        writer =>
        {
            writer.Run(_forget, Follower.ForgottenBefore(clock.NowMicroseconds()));
            var (merged, next) = BatchMerge.Plan(after, ReadStep(writer, after));
            foreach (var (firstId, batch) in merged)
            {
                writer.Run(_delete, firstId, batch.Id);
                writer.Run(_update, batch.Id, batch.Rows, batch.First, batch.Last, batch.Hash);
            }
            return next;
        },
        cancellationToken);

    private List<LoggedBatch> ReadStep(SqliteWriter writer, long after)
    {
        var limits = writer.Statement(_selectLimit);
        writer.ReadRow(limits);
        var limit = raw.sqlite3_column_int64(limits, 0);
        raw.sqlite3_reset(limits);
        var batches = new List<LoggedBatch>();
        var select = writer.Bound(_select, after, limit);
        while (writer.ReadRow(select))
            batches.Add(new(
                raw.sqlite3_column_int64(select, 0), raw.sqlite3_column_int64(select, 1), raw.sqlite3_column_int64(select, 2), raw.sqlite3_column_int64(select, 3),
                raw.sqlite3_column_int64(select, 4), raw.sqlite3_column_int(select, 5) != 0, raw.sqlite3_column_int64(select, 6)));
        raw.sqlite3_reset(select);
        return batches;
    }
}
