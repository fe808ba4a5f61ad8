using System.Data;
using Npgsql;
using NpgsqlTypes;
using SensorDash.Data.Events;
using SensorDash.Data.Scrub;

namespace SensorDash.Data.Timescale;

/// <inheritdoc cref="IEventScrub"/>
public sealed class TimescaleEventScrub(TimescaleDatabase database) : IEventScrub
{
    private const string IndexColumns = "i.source_truth_time, i.event_id, i.lane, i.first_seen, i.parts_check";

    private const string RequestColumns = "r.scope_id, r.request_id, r.event_id, r.accepted_at";

    private const long DayMicroseconds = 86_400_000_000;

    private static readonly string _selectEdges = $"SELECT {EventEdges.Columns}, removed_events, removed_events_hash FROM store_info";

    /// <inheritdoc/>
    public Task<EventLog> ReadLogAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, token);
            var (edges, removed, removedHash) = await ReadEdgesAsync(connection, token);
            var (head, rows, hash, edge, end) = (0L, 0L, 0L, edges.OfAll(Lanes.All), (long?)null);
            await using var command = new NpgsqlCommand("SELECT event_count, first_canonical_time, last_canonical_time, rows_hash FROM event_batches ORDER BY id", connection);
            await using var batches = await command.ExecuteReaderAsync(token);
            while (await batches.ReadAsync(token))
            {
                head = batches.GetMicroseconds(2);
                if (batches.GetMicroseconds(1) >= edge) end ??= batches.GetMicroseconds(1);
                else (rows, hash) = (rows + batches.GetInt64(0), unchecked(hash + batches.GetInt64(3)));
            }
            return new EventLog(head, removed, edge == 0 ? null : end ?? head + 1, rows - removed, unchecked(hash - removedHash));
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<(EventEdges Edges, long Removed)> ReadEdgesAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            var (edges, removed, _) = await ReadEdgesAsync(connection, token);
            return (edges, removed);
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<EventBatchSum>> ReadBatchesAsync(long from, int limit, CancellationToken cancellationToken) => ListAsync(
        [
            new("SELECT id, event_count, first_canonical_time, last_canonical_time, rows_hash FROM event_batches WHERE last_canonical_time >= $1 ORDER BY last_canonical_time LIMIT $2")
            {
                Parameters = { PgTime.Microseconds(from), Long(limit) },
            },
        ],
        row => new EventBatchSum(row.GetInt64(0), row.GetInt64(1), row.GetMicroseconds(2), row.GetMicroseconds(3), row.GetInt64(4)), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<IndexEntry>> ReadIndexAsync(IndexPosition after, int limit, CancellationToken cancellationToken) => ListAsync(
        [
            // The first condition says which chunks; a comparison of rows does not.
            new($"SELECT {IndexColumns} FROM event_index i WHERE i.source_truth_time >= $1 AND (i.source_truth_time, i.event_id) > ($1, $2) ORDER BY i.source_truth_time, i.event_id LIMIT $3")
            {
                Parameters = { PgTime.Microseconds(after.SourceTime), new NpgsqlParameter<byte[]> { TypedValue = after.Id.ToArray() }, Long(limit) },
            },
        ],
        ReadIndex, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<IndexEntry>> FindIndexAsync(IReadOnlyList<IndexPosition> keys, CancellationToken cancellationToken) => ListAsync(
        [.. ByDay(keys, key => key.SourceTime).Select(day => Find(
            $"SELECT {IndexColumns} FROM unnest($1, $2) AS k (at, id) JOIN event_index i ON i.source_truth_time = k.at AND i.event_id = k.id WHERE i.source_truth_time BETWEEN $3 AND $4",
            [.. day.Select(key => (key.SourceTime, key.Id))]))],
        ReadIndex, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyCollection<(long CanonicalTime, EventId Id)>> FindEventsAsync(
        Lane lane, IReadOnlyList<(long CanonicalTime, EventId Id)> keys, CancellationToken cancellationToken) => await ListAsync(
        [.. ByDay(keys, key => key.CanonicalTime).Select(day => Find($"""
            SELECT e.canonical_truth_time, e.event_id FROM unnest($1, $2) AS k (at, id)
            JOIN {LaneTable.Of(lane).Name} e ON e.canonical_truth_time = k.at AND e.event_id = k.id WHERE e.canonical_truth_time BETWEEN $3 AND $4
            """, day))],
        row => (row.GetMicroseconds(0), Id(row, 1)), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<RequestEntry>> ReadRequestsAsync((string Scope, string Request)? after, int limit, CancellationToken cancellationToken) => ListAsync(
        [
            new($"SELECT {RequestColumns} FROM command_requests r WHERE (r.scope_id, r.request_id) > ($1, $2) ORDER BY r.scope_id, r.request_id LIMIT $3")
            {
                Parameters = { new NpgsqlParameter<string> { TypedValue = after?.Scope ?? "" }, new NpgsqlParameter<string> { TypedValue = after?.Request ?? "" }, Long(limit) },
            },
        ],
        ReadRequest, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<RequestEntry>> FindRequestsAsync(IReadOnlyList<(string Scope, string Request)> keys, CancellationToken cancellationToken) => ListAsync(
        [
            new($"SELECT {RequestColumns} FROM unnest($1, $2) AS k (scope, request) JOIN command_requests r ON r.scope_id = k.scope AND r.request_id = k.request")
            {
                Parameters =
                {
                    new NpgsqlParameter<string[]> { TypedValue = [.. keys.Select(key => key.Scope)] }, new NpgsqlParameter<string[]> { TypedValue = [.. keys.Select(key => key.Request)] },
                },
            },
        ],
        ReadRequest, cancellationToken);

    private static async Task<(EventEdges Edges, long Removed, long RemovedHash)> ReadEdgesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(_selectEdges, connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        var edges = new long[Lanes.All.Count];
        for (var i = 0; i < edges.Length; i++) edges[i] = await row.IsDBNullAsync(i, cancellationToken) ? 0 : row.GetMicroseconds(i);
        return (EventEdges.Of(edges), row.GetInt64(edges.Length), row.GetInt64(edges.Length + 1));
    }

    // A statement for each day: a range over many days would open every chunk in between.
    private static IEnumerable<List<T>> ByDay<T>(IReadOnlyList<T> keys, Func<T, long> timeOf) => keys.GroupBy(key => timeOf(key) / DayMicroseconds).Select(day => day.ToList());

    private static NpgsqlBatchCommand Find(string sql, List<(long Time, EventId Id)> keys) => new(sql)
    {
        Parameters =
        {
            PgTime.Microseconds(keys.Select(key => key.Time)),
            new NpgsqlParameter<byte[][]> { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea, TypedValue = [.. keys.Select(key => key.Id.ToArray())] },
            PgTime.Microseconds(keys.Min(key => key.Time)),
            PgTime.Microseconds(keys.Max(key => key.Time)),
        },
    };

    private Task<IReadOnlyList<T>> ListAsync<T>(IReadOnlyList<NpgsqlBatchCommand> commands, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
        => commands.Count == 0 ? Task.FromResult<IReadOnlyList<T>>([]) : database.ReadAsync<IReadOnlyList<T>>(
            async (connection, token) =>
            {
                await using var batch = new NpgsqlBatch(connection);
                foreach (var command in commands) batch.BatchCommands.Add(command);
                await using var rows = await batch.ExecuteReaderAsync(token);
                var list = new List<T>();
                do
                {
                    while (await rows.ReadAsync(token)) list.Add(read(rows));
                }
                while (await rows.NextResultAsync(token));
                return list;
            },
            cancellationToken);

    private static IndexEntry ReadIndex(NpgsqlDataReader row) => new(row.GetMicroseconds(0), Id(row, 1), row.GetInt16(2), row.GetMicroseconds(3), row.GetInt32(4));

    private static RequestEntry ReadRequest(NpgsqlDataReader row) => new(row.GetString(0), row.GetString(1), Id(row, 2), row.GetMicroseconds(3));

    private static EventId Id(NpgsqlDataReader row, int column) => new(row.GetFieldValue<byte[]>(column));

    private static NpgsqlParameter<long> Long(long value) => new() { TypedValue = value };
}
