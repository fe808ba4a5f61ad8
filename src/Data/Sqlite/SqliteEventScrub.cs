using Microsoft.Data.Sqlite;
using SensorDash.Data.Events;
using SensorDash.Data.Scrub;

namespace SensorDash.Data.Sqlite;

/// <inheritdoc cref="IEventScrub"/>
public sealed class SqliteEventScrub(SqliteDatabase database) : IEventScrub
{
    private const string IndexColumns = "source_truth_time, event_id, lane, first_seen, parts_check";

    private const string RequestColumns = "scope_id, request_id, event_id, accepted_at";

    /// <inheritdoc/>
    public Task<EventLog> ReadLogAsync(CancellationToken cancellationToken) => database.ReadLongAsync(
        connection =>
        {
            using var transaction = connection.BeginTransaction(deferred: true);
            var (edges, removed, removedHash) = ReadEdges(connection);
            var (head, rows, hash, edge, end) = (0L, 0L, 0L, edges.OfAll(Lanes.All), (long?)null);
            using var batches = Command(connection, "SELECT event_count, first_canonical_time, last_canonical_time, rows_hash FROM event_batches ORDER BY id").ExecuteReader();
            while (batches.Read())
            {
                head = batches.GetInt64(2);
                if (batches.GetInt64(1) >= edge) end ??= batches.GetInt64(1);
                else (rows, hash) = (rows + batches.GetInt64(0), unchecked(hash + batches.GetInt64(3)));
            }
            return new EventLog(head, removed, edge == 0 ? null : end ?? head + 1, rows - removed, unchecked(hash - removedHash));
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<(EventEdges Edges, long Removed)> ReadEdgesAsync(CancellationToken cancellationToken) => database.ReadAsync(
        connection =>
        {
            var (edges, removed, _) = ReadEdges(connection);
            return (edges, removed);
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<EventBatchSum>> ReadBatchesAsync(long from, int limit, CancellationToken cancellationToken) => ListAsync(
        """
        SELECT id, event_count, first_canonical_time, last_canonical_time, rows_hash FROM event_batches WHERE last_canonical_time >= $0 ORDER BY last_canonical_time LIMIT $1
        """,
        row => new EventBatchSum(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4)), cancellationToken, from, limit);

    /// <inheritdoc/>
    public Task<IReadOnlyList<IndexEntry>> ReadIndexAsync(IndexPosition after, int limit, CancellationToken cancellationToken) => ListAsync(
        $"SELECT {IndexColumns} FROM event_index WHERE (source_truth_time, event_id) > ($0, $1) ORDER BY source_truth_time, event_id LIMIT $2", ReadIndex, cancellationToken,
        after.SourceTime, after.Id.ToArray(), limit);

    /// <inheritdoc/>
    public Task<IReadOnlyList<IndexEntry>> FindIndexAsync(IReadOnlyList<IndexPosition> keys, CancellationToken cancellationToken) => FindAsync(
        $"SELECT {IndexColumns} FROM event_index WHERE source_truth_time = $0 AND event_id = $1", keys, key => [key.SourceTime, key.Id.ToArray()], ReadIndex, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyCollection<(long CanonicalTime, EventId Id)>> FindEventsAsync(
        Lane lane, IReadOnlyList<(long CanonicalTime, EventId Id)> keys, CancellationToken cancellationToken)
        => await FindAsync(
            $"SELECT canonical_truth_time, event_id FROM {LaneTable.Of(lane).Name} NOT INDEXED WHERE canonical_truth_time = $0 AND event_id = $1", keys, key => [key.CanonicalTime, key.Id.ToArray()],
            row => (row.GetInt64(0), Id(row, 1)), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<RequestEntry>> ReadRequestsAsync((string Scope, string Request)? after, int limit, CancellationToken cancellationToken) => ListAsync(
        $"SELECT {RequestColumns} FROM command_requests WHERE (scope_id, request_id) > ($0, $1) ORDER BY scope_id, request_id LIMIT $2", ReadRequest, cancellationToken,
        after?.Scope ?? "", after?.Request ?? "", limit);

    /// <inheritdoc/>
    public Task<IReadOnlyList<RequestEntry>> FindRequestsAsync(IReadOnlyList<(string Scope, string Request)> keys, CancellationToken cancellationToken) => FindAsync(
        $"SELECT {RequestColumns} FROM command_requests WHERE scope_id = $0 AND request_id = $1", keys, key => [key.Scope, key.Request], ReadRequest, cancellationToken);

    private static (EventEdges Edges, long Removed, long RemovedHash) ReadEdges(SqliteConnection connection)
    {
        using var row = Command(connection, $"SELECT {EventEdges.Columns}, removed_events, removed_events_hash FROM store_info").ExecuteReader();
        row.Read();
        Span<long> edges = stackalloc long[Lanes.All.Count];
        for (var i = 0; i < edges.Length; i++) edges[i] = row.IsDBNull(i) ? 0 : row.GetInt64(i);
        return (EventEdges.Of(edges), row.GetInt64(edges.Length), row.GetInt64(edges.Length + 1));
    }

    private Task<IReadOnlyList<T>> ListAsync<T>(string sql, Func<SqliteDataReader, T> read, CancellationToken cancellationToken, params object[] values) => database.ReadLongAsync<IReadOnlyList<T>>(
        connection =>
        {
            using var rows = Command(connection, sql, values).ExecuteReader();
            var list = new List<T>();
            while (rows.Read()) list.Add(read(rows));
            return list;
        },
        cancellationToken);

    private Task<IReadOnlyList<T>> FindAsync<TKey, T>(string sql, IReadOnlyList<TKey> keys, Func<TKey, object[]> values, Func<SqliteDataReader, T> read, CancellationToken cancellationToken)
        => database.ReadLongAsync<IReadOnlyList<T>>(
            connection =>
            {
                using var transaction = connection.BeginTransaction(deferred: true);
                var found = new List<T>(keys.Count);
                if (keys.Count == 0) return found;
                using var command = Command(connection, sql, values(keys[0]));
                foreach (var key in keys)
                {
                    var bound = values(key);
                    for (var i = 0; i < bound.Length; i++) command.Parameters[i].Value = bound[i];
                    using var rows = command.ExecuteReader();
                    while (rows.Read()) found.Add(read(rows));
                }
                return found;
            },
            cancellationToken);

    private static IndexEntry ReadIndex(SqliteDataReader row) => new(row.GetInt64(0), Id(row, 1), row.GetInt32(2), row.GetInt64(3), row.GetInt32(4));

    private static RequestEntry ReadRequest(SqliteDataReader row) => new(row.GetString(0), row.GetString(1), Id(row, 2), row.GetInt64(3));

    private static EventId Id(SqliteDataReader row, int column) => new(row.GetFieldValue<byte[]>(column));

    private static SqliteCommand Command(SqliteConnection connection, string sql, params object[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++) command.Parameters.AddWithValue(FormattableString.Invariant($"${i}"), values[i]);
        return command;
    }
}
