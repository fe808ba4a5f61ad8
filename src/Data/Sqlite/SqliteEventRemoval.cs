using SensorDash.Data.Events;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <inheritdoc cref="IEventRemoval"/>
public sealed class SqliteEventRemoval(SqliteDatabase database) : IEventRemoval
{
    private static readonly string _selectEdges = $"SELECT {EventEdges.Columns} FROM store_info";

    private const string SelectHead = "SELECT coalesce((SELECT last_canonical_time FROM event_batches ORDER BY id DESC LIMIT 1), 0)";

    private const string SelectIndex = """
        SELECT source_truth_time, event_id, lane, first_seen FROM event_index WHERE (source_truth_time, event_id) > (?1, ?2) AND source_truth_time < ?3
        ORDER BY source_truth_time, event_id LIMIT ?4
        """;

    private const string DeleteIndex = "DELETE FROM event_index WHERE source_truth_time = ? AND event_id = ?";

    private readonly EventHash _hash = new();

    /// <inheritdoc/>
    public Task<EventEdges> ReadEdgesAsync(CancellationToken cancellationToken) => database.ReadAsync(
        connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = _selectEdges;
            using var reader = command.ExecuteReader();
            reader.Read();
            Span<long> edges = stackalloc long[Lanes.All.Count];
            for (var i = 0; i < edges.Length; i++) edges[i] = reader.IsDBNull(i) ? 0 : reader.GetInt64(i);
            return EventEdges.Of(edges);
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<EventSlice> RemoveSliceAsync(Lane lane, long edge, CancellationToken cancellationToken)
        => database.Writer.TransactAsync(writer => RemoveSlice(writer, lane, edge), cancellationToken);

    private EventSlice RemoveSlice(SqliteWriter writer, Lane lane, long wanted)
    {
        var (table, column) = (LaneTable.Of(lane).Name, EventEdges.ColumnOf(lane));
        var before = Number(writer, writer.Statement($"SELECT coalesce({column}, 0) FROM store_info"))!.Value;
        var goal = Math.Min(wanted, Number(writer, writer.Statement(SelectHead))!.Value + 1);
        if (goal <= before) return new(0, before);
        var last = Number(writer, writer.Bound(
            $"SELECT canonical_truth_time FROM {table} NOT INDEXED WHERE canonical_truth_time >= ?1 AND canonical_truth_time < ?2 ORDER BY canonical_truth_time LIMIT 1 OFFSET ?3",
            before, goal, EventRemovalSql.EventsPerSlice - 1));
        var edge = last + 1 ?? goal;
        var (removed, hash) = Remove(writer, lane, edge);
        if (lane == Lane.Command) writer.Run("DELETE FROM command_requests WHERE accepted_at < ?", edge);
        // Hashes add up modulo 2⁶⁴, which SQLite's sums do not.
        hash = unchecked(hash + Number(writer, writer.Statement("SELECT removed_events_hash FROM store_info"))!.Value);
        writer.Run($"UPDATE store_info SET {column} = ?, removed_events = removed_events + ?, removed_events_hash = ?", edge, removed, hash);
        return new(removed, edge);
    }

    private (long Rows, long Hash) Remove(SqliteWriter writer, Lane lane, long edge)
    {
        var table = LaneTable.Of(lane);
        var going = new List<(long Time, byte[] Id)>();
        var (rows, hash) = (0L, 0L);
        using (var select = writer.Connection.CreateCommand())
        {
            select.CommandText = $"SELECT {table.Columns} FROM {table.Name} NOT INDEXED WHERE {EventRemovalSql.GoesBefore(lane, "$edge")}";
            select.Parameters.AddWithValue("$edge", edge);
            using var reader = select.ExecuteReader();
            for (; reader.Read(); rows++)
            {
                var laneEvent = table.Read(reader);
                hash = unchecked(hash + _hash.Of(laneEvent, laneEvent.CanonicalTime));
                if (lane.KeepsInEffect()) going.Add((laneEvent.CanonicalTime, laneEvent.Id.ToArray()));
            }
        }
        if (!lane.KeepsInEffect()) writer.Run($"DELETE FROM {table.Name} WHERE canonical_truth_time < ?", edge);
        foreach (var (time, id) in going)
        {
            var delete = writer.Bound($"DELETE FROM {table.Name} WHERE canonical_truth_time = ?1 AND event_id = ?2", time);
            raw.sqlite3_bind_blob(delete, 2, id);
            writer.Run(delete);
        }
        return (rows, hash);
    }

    /// <inheritdoc/>
    public Task<IndexSlice> RemoveIndexSliceAsync(IndexBounds bounds, IndexPosition after, CancellationToken cancellationToken)
        => database.Writer.TransactAsync(writer => RemoveIndexSlice(writer, bounds, after), cancellationToken);

    private static IndexSlice RemoveIndexSlice(SqliteWriter writer, IndexBounds bounds, IndexPosition after)
    {
        var edges = new long[Lanes.All.Count];
        var select = writer.Statement(_selectEdges);
        writer.ReadRow(select);
        for (var i = 0; i < edges.Length; i++) edges[i] = raw.sqlite3_column_int64(select, i); // 0 for null.
        raw.sqlite3_reset(select);
        var rows = new List<(long Time, byte[] Id, Lane Lane, long Seen)>();
        select = writer.Bound(SelectIndex, after.SourceTime, null, bounds.Last, EventRemovalSql.IndexRowsPerSlice);
        raw.sqlite3_bind_blob(select, 2, after.Id.ToArray());
        while (writer.ReadRow(select))
            rows.Add((raw.sqlite3_column_int64(select, 0), raw.sqlite3_column_blob(select, 1).ToArray(), (Lane)raw.sqlite3_column_int(select, 2), raw.sqlite3_column_int64(select, 3)));
        raw.sqlite3_reset(select);
        var removed = 0L;
        foreach (var (time, id, lane, seen) in rows)
        {
            // A row outlives its event.
            if (time >= bounds.SourceBefore[(int)lane] || seen >= edges[(int)lane] || (lane.KeepsInEffect() && IsStored(writer, lane, seen, id))) continue;
            var delete = writer.Bound(DeleteIndex, time);
            raw.sqlite3_bind_blob(delete, 2, id);
            removed += writer.Run(delete);
        }
        return new(removed, rows.Count < EventRemovalSql.IndexRowsPerSlice ? null : new(rows[^1].Time, new(rows[^1].Id)));
    }

    private static bool IsStored(SqliteWriter writer, Lane lane, long canonicalTime, byte[] id)
    {
        var find = writer.Bound($"SELECT 1 FROM {LaneTable.Of(lane).Name} WHERE canonical_truth_time = ?1 AND event_id = ?2", canonicalTime);
        raw.sqlite3_bind_blob(find, 2, id);
        var isStored = writer.ReadRow(find);
        raw.sqlite3_reset(find);
        return isStored;
    }

    /// <inheritdoc/>
    public Task<EventRemovalPreview> PreviewAsync(Lane lane, long edge, CancellationToken cancellationToken) => database.ReadLongAsync(
        connection =>
        {
            var table = LaneTable.Of(lane);
            using var command = connection.CreateCommand();
            command.CommandText = $"""
                SELECT (SELECT count(*) FROM {table.Name} WHERE canonical_truth_time < $edge), (SELECT min(canonical_truth_time) FROM {table.Name}),
                    (SELECT avg(length({table.Content})) FROM (SELECT {table.Content} FROM {table.Name} NOT INDEXED WHERE canonical_truth_time < $edge LIMIT {EventRemovalSql.SampledEvents}))
                """;
            command.Parameters.AddWithValue("$edge", edge);
            using var reader = command.ExecuteReader();
            reader.Read();
            return new EventRemovalPreview(reader.GetInt64(0), reader.IsDBNull(2) ? 0 : (long)(reader.GetInt64(0) * reader.GetDouble(2)), reader.IsDBNull(1) ? null : reader.GetInt64(1));
        },
        cancellationToken);

    private static long? Number(SqliteWriter writer, sqlite3_stmt select)
    {
        long? value = writer.ReadRow(select) ? raw.sqlite3_column_int64(select, 0) : null;
        raw.sqlite3_reset(select);
        return value;
    }
}
