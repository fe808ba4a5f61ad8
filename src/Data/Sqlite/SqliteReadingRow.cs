using Microsoft.Data.Sqlite;
using SensorDash.Data.Readings;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <summary>A reading in a query of SQLite.</summary>
internal static class SqliteReadingRow
{
    /// <summary>Columns of a query of sensor_readings r and nodes n.</summary>
    public const string Columns = "r.node_address, r.timestamp, r.temperature_centidegrees, r.humidity_centipercent, r.flags, r.received_at, n.device_id";

    /// <summary>The same with the batch that brought it.</summary>
    public const string ColumnsWithBatch = Columns + ", r.batch_id";

    /// <summary>Reads the current row.</summary>
    public static Reading Read(SqliteDataReader reader) => Read(reader.Handle!);

    /// <summary>Reads the current row of a statement.</summary>
    public static Reading Read(sqlite3_stmt statement)
    {
        var row = SqliteColumns.Of(statement);
        return new(
            (int)SqliteColumns.Integer(row, 0),
            SqliteColumns.Integer(row, 1),
            (short?)SqliteColumns.IntegerOrNull(row, 2),
            (short?)SqliteColumns.IntegerOrNull(row, 3),
            (uint)SqliteColumns.Integer(row, 4),
            SqliteColumns.Integer(row, 5),
            (ulong?)SqliteColumns.IntegerOrNull(row, 6));
    }

    /// <summary>The batch of the current row of <see cref="ColumnsWithBatch"/>.</summary>
    public static long ReadBatch(sqlite3_stmt statement) => SqliteColumns.Integer(SqliteColumns.Of(statement), 7);
}
