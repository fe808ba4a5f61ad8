using Microsoft.Data.Sqlite;
using SensorDash.Data.Readings;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <summary>A reading in a query of SQLite.</summary>
internal static class SqliteReadingRow
{
    /// <summary>Columns of a query of sensor_readings r and nodes n.</summary>
    public const string Columns = "r.node_address, r.timestamp, r.temperature_centidegrees, r.humidity_centipercent, r.flags, r.received_at, n.device_id";

    /// <summary>Reads the current row. The data reader checks its own state at every value, which takes longer than SQLite's whole row.</summary>
    public static Reading Read(SqliteDataReader reader) => Read(reader.Handle!);

    /// <summary>Reads the current row of a statement.</summary>
    public static Reading Read(sqlite3_stmt row) => new(
        raw.sqlite3_column_int(row, 0),
        raw.sqlite3_column_int64(row, 1),
        (short?)IntegerOrNull(row, 2),
        (short?)IntegerOrNull(row, 3),
        (uint)raw.sqlite3_column_int64(row, 4),
        raw.sqlite3_column_int64(row, 5),
        (ulong?)IntegerOrNull(row, 6));

    private static long? IntegerOrNull(sqlite3_stmt row, int column)
        => raw.sqlite3_column_type(row, column) == raw.SQLITE_NULL ? null : raw.sqlite3_column_int64(row, column);
}
