using System.Data;
using System.Globalization;
using Npgsql;
using SensorDash.Data.Events;
using SensorDash.Data.Events.Canonical;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <inheritdoc cref="IEventRemoval"/>
/// <param name="database">The server.</param>
/// <param name="isPrimary">Whether the database must be the primary: a process that has missed a cut-over deletes nothing. False for a secondary, which follows the removals of its primary.</param>
/// <remarks>Whole chunks are dropped where every event of them goes. Their rows are counted and hashed before, without the writer lock: nothing changes before an edge that is behind the head.</remarks>
public sealed class TimescaleEventRemoval(TimescaleDatabase database, bool isPrimary = true) : IEventRemoval
{
    private static readonly string _selectEdges = $"SELECT {EventEdges.Columns} FROM store_info";

    private readonly EventHash _hash = new();

    /// <inheritdoc/>
    public Task<EventEdges> ReadEdgesAsync(CancellationToken cancellationToken) => database.ReadAsync(async (connection, token) => EventEdges.Of(await ReadEdgesAsync(connection, token)), cancellationToken);

    private static async Task<long[]> ReadEdgesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var select = new NpgsqlCommand(_selectEdges, connection);
        await using var reader = await select.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var edges = new long[Lanes.All.Count];
        for (var i = 0; i < edges.Length; i++) edges[i] = await reader.IsDBNullAsync(i, cancellationToken) ? 0 : reader.GetMicroseconds(i);
        return edges;
    }

    /// <inheritdoc/>
    public async Task<EventSlice> RemoveSliceAsync(Lane lane, long edge, CancellationToken cancellationToken)
    {
        if (!lane.KeepsInEffect() && await SummarizeChunkAsync(lane, edge, cancellationToken) is { } chunk)
            return await RunAsync(connection => DropAsync(connection, lane, chunk, cancellationToken), cancellationToken);
        var slice = await RunAsync(connection => DeleteAsync(connection, lane, edge, cancellationToken), cancellationToken);
        if (slice.Removed < EventRemovalSql.EventsPerSlice && lane.KeepsInEffect()) await DropEmptyAsync(LaneTable.Of(lane).Name, "canonical_truth_time", slice.Edge, cancellationToken);
        return slice;
    }

    private sealed record SummarizedChunk(TimescaleChunk Chunk, long EdgeBefore, long Rows, long Hash);

    // The first chunk of a lane that ends at or before an edge.
    private Task<SummarizedChunk?> SummarizeChunkAsync(Lane lane, long edge, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, token);
            var (before, head) = ((await ReadEdgesAsync(connection, token))[(int)lane], await TimescaleEventSteps.ReadHeadAsync(connection, token));
            var chunks = await TimescaleChunks.ListAsync(connection, LaneTable.Of(lane).Name, Math.Min(edge, head.Position + 1), token);
            if (chunks.Count == 0) return null;
            await using (var noLimit = new NpgsqlCommand("SET LOCAL statement_timeout = 0", connection)) await noLimit.ExecuteNonQueryAsync(token);
            var (rows, hash) = await SumAsync(connection, lane, $"SELECT {LaneTable.Of(lane).Columns} FROM {LaneTable.Of(lane).Name} WHERE canonical_truth_time < $1", chunks[0].End, token);
            return new SummarizedChunk(chunks[0], before, rows, hash);
        },
        cancellationToken);

    private static async Task<EventSlice> DropAsync(NpgsqlConnection connection, Lane lane, SummarizedChunk summarized, CancellationToken cancellationToken)
    {
        var before = (await ReadEdgesAsync(connection, cancellationToken))[(int)lane];
        if (before != summarized.EdgeBefore) return new(0, before); // Another process was faster.
        await TimescaleChunks.DropAsync(connection, summarized.Chunk, cancellationToken);
        var edge = Math.Max(before, summarized.Chunk.End);
        await FinishAsync(connection, lane, edge, summarized.Rows, summarized.Hash, cancellationToken);
        return new(summarized.Rows, edge);
    }

    private async Task<EventSlice> DeleteAsync(NpgsqlConnection connection, Lane lane, long wanted, CancellationToken cancellationToken)
    {
        var table = LaneTable.Of(lane);
        var before = (await ReadEdgesAsync(connection, cancellationToken))[(int)lane];
        var head = await TimescaleEventSteps.ReadHeadAsync(connection, cancellationToken);
        var goal = head.Position == 0 ? 0 : Math.Min(wanted, head.Position + 1);
        if (goal <= before) return new(0, before);
        var edge = goal;
        await using (var find = new NpgsqlCommand(string.Create(CultureInfo.InvariantCulture, $"""
            SELECT canonical_truth_time FROM {table.Name} WHERE canonical_truth_time >= $1 AND canonical_truth_time < $2
            ORDER BY canonical_truth_time OFFSET {EventRemovalSql.EventsPerSlice - 1} LIMIT 1
            """), connection) { Parameters = { PgTime.Microseconds(before), PgTime.Microseconds(goal) } })
        await using (var reader = await find.ExecuteReaderAsync(cancellationToken))
            if (await reader.ReadAsync(cancellationToken)) edge = reader.GetMicroseconds(0) + 1;
        var (rows, hash) = await SumAsync(connection, lane, $"DELETE FROM {table.Name} WHERE {EventRemovalSql.GoesBefore(lane, "$1")} RETURNING {table.Columns}", edge, cancellationToken);
        await FinishAsync(connection, lane, edge, rows, hash, cancellationToken);
        return new(rows, edge);
    }

    private static async Task FinishAsync(NpgsqlConnection connection, Lane lane, long edge, long rows, long hash, CancellationToken cancellationToken)
    {
        // Hashes add up modulo 2⁶⁴, which the server's sums do not.
        await using (var select = new NpgsqlCommand("SELECT removed_events_hash FROM store_info", connection)) hash = unchecked(hash + (long)(await select.ExecuteScalarAsync(cancellationToken))!);
        await using var finish = new NpgsqlBatch(connection);
        if (lane == Lane.Command) finish.BatchCommands.Add(new("DELETE FROM command_requests WHERE accepted_at < $1") { Parameters = { PgTime.Microseconds(edge) } });
        finish.BatchCommands.Add(new($"UPDATE store_info SET {EventEdges.ColumnOf(lane)} = $1, removed_events = removed_events + $2, removed_events_hash = $3")
        {
            Parameters = { PgTime.Microseconds(edge), new NpgsqlParameter<long> { TypedValue = rows }, new NpgsqlParameter<long> { TypedValue = hash } },
        });
        await finish.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<(long Rows, long Hash)> SumAsync(NpgsqlConnection connection, Lane lane, string sql, long edge, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0, Parameters = { PgTime.Microseconds(edge) } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var (table, canonical, rows, hash) = (LaneTable.Of(lane), new CanonicalJson(), 0L, 0L);
        for (; await reader.ReadAsync(cancellationToken); rows++)
        {
            var laneEvent = TimescaleLane.Read(table, reader, canonical);
            hash = unchecked(hash + _hash.Of(laneEvent, laneEvent.CanonicalTime));
        }
        return (rows, hash);
    }

    /// <inheritdoc/>
    public async Task<IndexSlice> RemoveIndexSliceAsync(IndexBounds bounds, IndexPosition after, CancellationToken cancellationToken)
    {
        var dropped = after == IndexPosition.Start ? await DropIndexChunksAsync(bounds, cancellationToken) : 0;
        var slice = await RunAsync(connection => RemoveIndexSliceAsync(connection, bounds, after, cancellationToken), cancellationToken);
        if (slice.Next is null) await DropEmptyAsync("event_index", "source_truth_time", bounds.Last, cancellationToken);
        return slice with { Removed = slice.Removed + dropped };
    }

    // The index has the rows of all lanes: a chunk is dropped when all of them are past.
    private async Task<long> DropIndexChunksAsync(IndexBounds bounds, CancellationToken cancellationToken)
    {
        var (all, end) = (0L, bounds.SourceBefore.Min());
        var chunks = end == long.MinValue ? [] : await database.ReadAsync((connection, token) => TimescaleChunks.ListAsync(connection, "event_index", end, token), cancellationToken);
        foreach (var chunk in chunks)
        {
            var (rows, staying) = await database.ReadAsync((connection, token) => CountIndexAsync(connection, chunk, bounds, token), cancellationToken);
            if (staying > 0) continue;
            await RunAsync(
                async connection =>
                {
                    await TimescaleChunks.DropAsync(connection, chunk, cancellationToken);
                    return rows;
                },
                cancellationToken);
            all += rows;
        }
        return all;
    }

    private static async Task<(long Rows, long Staying)> CountIndexAsync(NpgsqlConnection connection, TimescaleChunk chunk, IndexBounds bounds, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var edges = await ReadEdgesAsync(connection, cancellationToken);
        await using (var noLimit = new NpgsqlCommand("SET LOCAL statement_timeout = 0", connection)) await noLimit.ExecuteNonQueryAsync(cancellationToken);
        await using var count = new NpgsqlCommand { Connection = connection, CommandTimeout = 0 };
        count.CommandText = $"SELECT count(*), count(*) FILTER (WHERE NOT ({Gone(count.Parameters, bounds, edges)})) FROM event_index "
            + $"WHERE source_truth_time >= {count.Parameters.PlaceTime(chunk.Start)} AND source_truth_time < {count.Parameters.PlaceTime(chunk.End)}";
        await using var reader = await count.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), reader.GetInt64(1));
    }

    // A row outlives its event.
    private static string Gone(NpgsqlParameterCollection parameters, IndexBounds bounds, long[] edges) => string.Join(" OR ", Lanes.All.Select(lane =>
        $"(lane = {(int)lane} AND source_truth_time < {parameters.PlaceTime(bounds.SourceBefore[(int)lane])} AND first_seen < {parameters.PlaceTime(edges[(int)lane])}"
        + (lane.KeepsInEffect() ? $" AND NOT EXISTS (SELECT 1 FROM {LaneTable.Of(lane).Name} l WHERE l.canonical_truth_time = first_seen AND l.event_id = event_index.event_id))" : ")")));

    private static async Task<IndexSlice> RemoveIndexSliceAsync(NpgsqlConnection connection, IndexBounds bounds, IndexPosition after, CancellationToken cancellationToken)
    {
        IndexPosition? last = null;
        await using (var find = new NpgsqlCommand(string.Create(CultureInfo.InvariantCulture, $"""
            SELECT source_truth_time, event_id FROM event_index WHERE source_truth_time >= $1 AND (source_truth_time, event_id) > ($1, $2) AND source_truth_time < $3
            ORDER BY source_truth_time, event_id OFFSET {EventRemovalSql.IndexRowsPerSlice - 1} LIMIT 1
            """), connection) { Parameters = { PgTime.Microseconds(after.SourceTime), Bytes(after.Id), PgTime.Microseconds(bounds.Last) } })
        await using (var reader = await find.ExecuteReaderAsync(cancellationToken))
            if (await reader.ReadAsync(cancellationToken)) last = new(reader.GetMicroseconds(0), new((byte[])reader[1]));
        var edges = await ReadEdgesAsync(connection, cancellationToken);
        await using var delete = new NpgsqlCommand { Connection = connection, CommandTimeout = 0 };
        var end = last is { } to ? $"(source_truth_time, event_id) <= ({Time(to.SourceTime)}, {Id(to.Id)}) AND source_truth_time <= {Time(to.SourceTime)}" : $"source_truth_time < {Time(bounds.Last)}";
        var start = $"(source_truth_time, event_id) > ({Time(after.SourceTime)}, {Id(after.Id)}) AND source_truth_time >= {Time(after.SourceTime)}";
        delete.CommandText = $"DELETE FROM event_index WHERE {start} AND {end} AND ({Gone(delete.Parameters, bounds, edges)})";
        return new(await delete.ExecuteNonQueryAsync(cancellationToken), last);

        string Time(long time) => delete.Parameters.PlaceTime(time);

        string Id(EventId id) => delete.Parameters.Place(id.ToArray());
    }

    // Chunks whose rows were deleted one by one. The lock of the events keeps writers away; a chunk that has a row stays.
    private async Task DropEmptyAsync(string table, string time, long end, CancellationToken cancellationToken)
    {
        var chunks = await database.ReadAsync(
            async (connection, token) =>
            {
                var empty = new List<TimescaleChunk>();
                foreach (var chunk in await TimescaleChunks.ListAsync(connection, table, end, token))
                    if (await IsEmptyAsync(connection, chunk, time, token)) empty.Add(chunk);
                return empty;
            },
            cancellationToken);
        try
        {
            foreach (var chunk in chunks)
            {
                await RunAsync(
                    async connection =>
                    {
                        var isEmpty = await IsEmptyAsync(connection, chunk, time, cancellationToken);
                        if (isEmpty) await TimescaleChunks.DropAsync(connection, chunk, cancellationToken);
                        return isEmpty;
                    },
                    cancellationToken);
            }
        }
        catch (StoreUnavailableException)
        {
            // Somebody reads it. It costs nothing and goes with a later removal; the rows are deleted, and whoever counts them must hear of it.
        }
    }

    private static async Task<bool> IsEmptyAsync(NpgsqlConnection connection, TimescaleChunk chunk, string time, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlCommand($"SELECT NOT EXISTS (SELECT 1 FROM {chunk.Hypertable} WHERE {time} >= $1 AND {time} < $2)", connection)
        {
            Parameters = { PgTime.Microseconds(chunk.Start), PgTime.Microseconds(chunk.End) },
        };
        return (bool)(await find.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <inheritdoc/>
    public Task<EventRemovalPreview> PreviewAsync(Lane lane, long edge, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            var table = LaneTable.Of(lane);
            await using var command = new NpgsqlCommand(string.Create(CultureInfo.InvariantCulture, $"""
                SELECT (SELECT count(*) FROM {table.Name} WHERE canonical_truth_time < $1), (SELECT min(canonical_truth_time) FROM {table.Name}),
                    (SELECT avg(octet_length({table.Content}{(lane.HoldsJson() ? "::text" : "")}))::float8
                     FROM (SELECT {table.Content} FROM {table.Name} WHERE canonical_truth_time < $1 LIMIT {EventRemovalSql.SampledEvents}) AS sample)
                """), connection) { Parameters = { PgTime.Microseconds(edge) } };
            await using var reader = await command.ExecuteReaderAsync(token);
            await reader.ReadAsync(token);
            return new EventRemovalPreview(reader.GetInt64(0), await reader.IsDBNullAsync(2, token) ? 0 : (long)(reader.GetInt64(0) * reader.GetDouble(2)),
                await reader.IsDBNullAsync(1, token) ? null : reader.GetMicroseconds(1));
        },
        cancellationToken);

    private Task<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> remove, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            await using var transaction = await connection.BeginTransactionAsync(token);
            await using (var start = new NpgsqlBatch(connection) { BatchCommands = { new("SET LOCAL statement_timeout = 0"), new(TimescaleEventWriter.AcquireWriterLock) } })
                await start.ExecuteNonQueryAsync(token);
            if (isPrimary) await TimescaleRole.ThrowIfNotPrimaryAsync(connection, TimescaleRole.OfEvents, token);
            var result = await remove(connection);
            token.ThrowIfCancellationRequested();
            await transaction.CommitAsync(CancellationToken.None);
            return result;
        },
        cancellationToken);

    private static NpgsqlParameter<byte[]> Bytes(EventId id) => new() { TypedValue = id.ToArray() };
}
