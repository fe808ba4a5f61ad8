using Microsoft.Data.Sqlite;
using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.Sqlite;

/// <inheritdoc cref="IRangeReader"/>
/// <remarks>Readings lie by node. A range with many readings of each node is read node by node, with two searches for each; in the order of time it is a search for each row.</remarks>
internal sealed class SqliteRangeReader(SqliteDatabase database) : IRangeReader
{
    // Blocks of readings below the large-object threshold of 85,000 bytes.
    private const int ReadingsAtOnce = 1_500;
    private const int EventsAtOnce = 500;

    // Rows per node from which reading node by node is faster.
    private const int RowsPerNode = 4;

    private const string TimeAt = """
        SELECT timestamp FROM sensor_readings INDEXED BY ix_sensor_readings_timestamp WHERE timestamp >= $from AND timestamp < $to ORDER BY timestamp LIMIT 1 OFFSET $rows
        """;

    private const string ByTime = $"""
        SELECT {SqliteReadingRow.ColumnsWithBatch} FROM sensor_readings r INDEXED BY ix_sensor_readings_timestamp LEFT JOIN nodes n ON n.address = r.node_address
        WHERE r.timestamp >= $from AND r.timestamp < $to
        """;

    // The nodes of the readings, not those of the table of nodes, which another program may have changed. CROSS JOIN keeps the order of the loops.
    private const string ByNode = $"""
        WITH RECURSIVE there (node) AS (SELECT min(node_address) FROM sensor_readings
            UNION ALL SELECT (SELECT min(node_address) FROM sensor_readings WHERE node_address > there.node) FROM there WHERE there.node IS NOT NULL)
        SELECT {SqliteReadingRow.ColumnsWithBatch} FROM there LEFT JOIN nodes n ON n.address = there.node CROSS JOIN sensor_readings r
        WHERE r.node_address = there.node AND r.timestamp >= $from AND r.timestamp < $to
        """;

    public Task<long> FindEndAsync(TransferRange range, int limit, CancellationToken cancellationToken) => database.ReadLongAsync(
        connection =>
        {
            if (Time(connection, range, limit) is not { } last) return range.To;
            return last > Time(connection, range, 0) ? last : last + 1;
        },
        cancellationToken);

    public Task VisitReadingsAsync(TransferRange range, VisitRows<Reading> visit, CancellationToken cancellationToken) => database.ReadLongAsync(
        connection =>
        {
            using var transaction = connection.BeginTransaction(deferred: true);
            using var reader = OpenReadings(connection, range);
            var (block, count, rows) = (new Reading[ReadingsAtOnce], 0, reader.Handle!);
            while (reader.Read())
            {
                block[count++] = SqliteReadingRow.Read(rows);
                if (count < block.Length) continue;
                visit(block);
                count = 0;
            }
            visit(block.AsSpan(0, count));
            return 0;
        },
        cancellationToken);

    /// <summary>The readings of a range, in the transaction of a connection: rows of <see cref="SqliteReadingRow.ColumnsWithBatch"/>.</summary>
    internal static SqliteDataReader OpenReadings(SqliteConnection connection, TransferRange range)
    {
        using var nodes = connection.CreateCommand();
        nodes.CommandText = "SELECT count(*) FROM nodes";
        var isDense = Time(connection, range, RowsPerNode * (long)nodes.ExecuteScalar()!) is not null;
        var command = Command(connection, isDense ? ByNode : ByTime, range); // Its reader keeps it open.
        return command.ExecuteReader();
    }

    public Task VisitEventsAsync(TransferRange range, VisitRows<LaneEvent> visit, CancellationToken cancellationToken) => database.ReadLongAsync(
        connection =>
        {
            using var transaction = connection.BeginTransaction(deferred: true); // One snapshot of all lanes.
            var (block, count) = (new LaneEvent[EventsAtOnce], 0);
            foreach (var table in Lanes.All.Select(LaneTable.Of))
            {
                using var command = Command(connection, $"SELECT {table.Columns} FROM {table.Name} NOT INDEXED WHERE canonical_truth_time >= $from AND canonical_truth_time < $to", range);
                using var reader = command.ExecuteReader();
                while (reader.Read())
                {
                    block[count++] = table.Read(reader);
                    if (count < block.Length) continue;
                    visit(block);
                    count = 0;
                }
            }
            visit(block.AsSpan(0, count));
            return 0;
        },
        cancellationToken);

    // The measured time of a reading by its number in the order of time; null if there are not so many.
    private static long? Time(SqliteConnection connection, TransferRange range, long number)
    {
        using var command = Command(connection, TimeAt, range);
        command.Parameters.AddWithValue("$rows", number);
        return (long?)command.ExecuteScalar();
    }

    private static SqliteCommand Command(SqliteConnection connection, string sql, TransferRange range)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$from", range.From);
        command.Parameters.AddWithValue("$to", range.To);
        return command;
    }
}
