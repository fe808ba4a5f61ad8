using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using SensorDash.Data.Readings;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <summary>A reading in a query of SQLite.</summary>
/// <remarks>
/// Its values come straight from SQLite. The data reader checks its own state at every value, and the library below it counts the uses of the statement and tells the garbage collector of
/// each call: both take longer than SQLite's work for the whole row.
/// </remarks>
internal static partial class SqliteReadingRow
{
    /// <summary>Columns of a query of sensor_readings r and nodes n.</summary>
    public const string Columns = "r.node_address, r.timestamp, r.temperature_centidegrees, r.humidity_centipercent, r.flags, r.received_at, n.device_id";

    private const string Library = "e_sqlite3";

    /// <summary>Reads the current row.</summary>
    public static Reading Read(SqliteDataReader reader) => Read(reader.Handle!);

    /// <summary>Reads the current row of a statement.</summary>
    public static Reading Read(sqlite3_stmt statement)
    {
        var row = statement.DangerousGetHandle(); // The caller disposes the statement later.
        return new((int)Integer(row, 0), Integer(row, 1), (short?)IntegerOrNull(row, 2), (short?)IntegerOrNull(row, 3), (uint)Integer(row, 4), Integer(row, 5), (ulong?)IntegerOrNull(row, 6));
    }

    private static long? IntegerOrNull(nint row, int column) => TypeOf(row, column) == raw.SQLITE_NULL ? null : Integer(row, column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_int64")]
    [SuppressGCTransition]
    private static partial long Integer(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_type")]
    [SuppressGCTransition]
    private static partial int TypeOf(nint statement, int column);
}
