using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <summary>Deletes readings from a SQLite file in the caller's transaction. Each removal is a separate batch with a negative count.</summary>
internal static class SqliteReadingRemoval
{
    // About 50 ms on a Raspberry Pi: senders hardly notice the delay.
    private const int RowsPerStep = 10_000;

    private const string InsertRemoval = """
        INSERT INTO ingest_batches (id, committed_at, row_count, first_timestamp, last_timestamp, removed_node, removed_before, rows_hash)
        SELECT coalesce(max(id), 0) + 1, ?1, ?2, 0, 0, ?3, ?4, ?5 FROM ingest_batches
        """;

    private const string SelectStepEnd = """
        SELECT timestamp + 1 FROM sensor_readings INDEXED BY ix_sensor_readings_timestamp WHERE timestamp < ?1 ORDER BY timestamp LIMIT 1 OFFSET ?2
        """;

    private const string CountByNode = """
        SELECT node_address, count(*) FROM sensor_readings INDEXED BY ix_sensor_readings_timestamp WHERE timestamp < ?1 GROUP BY node_address
        """;

    private const string SelectNodes = $"SELECT address, total_readings FROM nodes WHERE {SqliteNodeStore.MeetsCriteria} ORDER BY address LIMIT ?5";

    private const string SelectNodeStepEnd = "SELECT timestamp FROM sensor_readings WHERE node_address = ?1 ORDER BY timestamp LIMIT 1 OFFSET ?2";

    private const string SelectOfNode = $"SELECT {Columns} FROM sensor_readings WHERE node_address = ?1 AND timestamp < ?2";

    private const string SelectOlder = $"SELECT {Columns} FROM sensor_readings INDEXED BY ix_sensor_readings_timestamp WHERE timestamp < ?1";

    private const string Columns = "node_address, timestamp, temperature_centidegrees, humidity_centipercent, flags, received_at, NULL";

    // A node without readings keeps its latest measured time.
    private const string UpdateNode = """
        UPDATE nodes SET total_readings = total_readings - ?2,
            first_seen_at = coalesce((SELECT min(timestamp) FROM sensor_readings WHERE node_address = ?1), last_seen_at)
        WHERE address = ?1
        """;

    /// <summary>Deletes a node with its readings and metadata.</summary>
    /// <returns>False when the node does not exist.</returns>
    public static bool DeleteNode(SqliteWriter writer, int address, long nowMicroseconds)
    {
        if (writer.Run("DELETE FROM nodes WHERE address = ?", address) == 0) return false;
        writer.Run("DELETE FROM node_metadata WHERE address = ?", address);
        var hash = Hash(writer, writer.Bound(SelectOfNode, address, long.MaxValue));
        var rows = writer.Run("DELETE FROM sensor_readings WHERE node_address = ?", address);
        writer.Run(InsertRemoval, nowMicroseconds, -rows, address, null, unchecked(-hash));
        return true;
    }

    /// <inheritdoc cref="INodeStore.DeleteStepAsync"/>
    public static NodeCount DeleteNodes(SqliteWriter writer, NodeCriteria criteria, long nowMicroseconds)
    {
        var chosen = new List<(int Address, long Readings)>();
        var select = writer.Bound(SelectNodes, criteria.FirstAddress, criteria.LastAddress, criteria.LastSeenBefore, criteria.MaxReadings, NodeCriteria.NodesPerStep);
        while (writer.ReadRow(select)) chosen.Add((raw.sqlite3_column_int(select, 0), raw.sqlite3_column_int64(select, 1)));
        raw.sqlite3_reset(select);
        var removed = NodeCount.None;
        foreach (var (address, readings) in chosen)
        {
            if (removed != NodeCount.None && removed.Readings + readings > NodeCriteria.ReadingsPerStep) break;
            if (readings > NodeCriteria.ReadingsPerStep) return new(0, RemoveOldest(writer, address, nowMicroseconds));
            DeleteNode(writer, address, nowMicroseconds);
            removed += new NodeCount(1, readings);
        }
        return removed;
    }

    private static long RemoveOldest(SqliteWriter writer, int address, long nowMicroseconds)
        => RemoveOldest(writer, address, TimeOf(writer, address, NodeCriteria.ReadingsPerStep)!.Value, nowMicroseconds);

    private static long RemoveOldest(SqliteWriter writer, int address, long before, long nowMicroseconds)
    {
        var hash = Hash(writer, writer.Bound(SelectOfNode, address, before));
        var rows = writer.Run("DELETE FROM sensor_readings WHERE node_address = ? AND timestamp < ?", address, before);
        writer.Run(UpdateNode, address, rows);
        writer.Run(InsertRemoval, nowMicroseconds, -rows, address, before, unchecked(-hash));
        return rows;
    }

    /// <summary>Deletes the oldest readings before a time, about <see cref="RowsPerStep"/> of them.</summary>
    /// <returns>Deleted readings; 0 when there are none.</returns>
    public static long RemoveBefore(SqliteWriter writer, long before, long nowMicroseconds)
    {
        var stepEnd = writer.Bound(SelectStepEnd, before, RowsPerStep - 1);
        if (writer.ReadRow(stepEnd)) before = Math.Min(before, raw.sqlite3_column_int64(stepEnd, 0));
        raw.sqlite3_reset(stepEnd);
        return RemoveAllBefore(writer, before, nowMicroseconds);
    }

    /// <summary>Deletes readings of the first of some nodes before a time of each, about <see cref="RowsPerStep"/> of them.</summary>
    public static (long Readings, int Nodes) RemoveBefore(SqliteWriter writer, IReadOnlyList<NodeRemoval> nodes, long nowMicroseconds)
    {
        var removed = 0L;
        for (var i = 0; i < nodes.Count; i++)
        {
            if (i == NodeCriteria.NodesPerStep || removed >= RowsPerStep) return (removed, i);
            var (node, before) = (nodes[i].Node, nodes[i].Before ?? long.MaxValue);
            if (TimeOf(writer, node, 0) is not { } oldest || oldest >= before) continue;
            var end = TimeOf(writer, node, RowsPerStep - removed);
            removed += RemoveOldest(writer, node, Math.Min(before, end ?? before), nowMicroseconds);
            if (end < before) return (removed, i);
        }
        return (removed, nodes.Count);
    }

    // The measured time of a reading of a node by its number, oldest first; null if it has not so many.
    private static long? TimeOf(SqliteWriter writer, int node, long number)
    {
        var find = writer.Bound(SelectNodeStepEnd, node, number);
        long? time = writer.ReadRow(find) ? raw.sqlite3_column_int64(find, 0) : null;
        raw.sqlite3_reset(find);
        return time;
    }

    /// <summary>Deletes what another store has deleted.</summary>
    public static void Apply(SqliteWriter writer, ReadingChanges changes, long nowMicroseconds)
    {
        foreach (var (node, before) in changes.RemovedNodes)
        {
            if (before is { } time) RemoveOldest(writer, node, time, nowMicroseconds);
            else DeleteNode(writer, node, nowMicroseconds);
        }
        if (changes.RemovedBefore is { } limit) RemoveAllBefore(writer, limit, nowMicroseconds);
    }

    private static long RemoveAllBefore(SqliteWriter writer, long before, long nowMicroseconds)
    {
        var counts = new List<(long Node, long Rows)>();
        var counting = writer.Bound(CountByNode, before);
        while (writer.ReadRow(counting)) counts.Add((raw.sqlite3_column_int64(counting, 0), raw.sqlite3_column_int64(counting, 1)));
        raw.sqlite3_reset(counting);
        if (counts.Count == 0) return 0;
        var hash = Hash(writer, writer.Bound(SelectOlder, before));
        writer.Run("DELETE FROM sensor_readings WHERE timestamp < ?", before);
        foreach (var (node, rows) in counts) writer.Run(UpdateNode, node, rows);
        var removed = counts.Sum(c => c.Rows);
        writer.Run(InsertRemoval, nowMicroseconds, -removed, null, before, unchecked(-hash));
        return removed;
    }

    private static long Hash(SqliteWriter writer, sqlite3_stmt select)
    {
        var hash = 0L;
        while (writer.ReadRow(select)) hash = unchecked(hash + ReadingHash.Of(SqliteReadingRow.Read(select)));
        raw.sqlite3_reset(select);
        return hash;
    }
}
