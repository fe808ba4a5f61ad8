using System.Runtime.InteropServices;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <summary>The values of the current row of a statement, straight from SQLite, for readers of many rows.</summary>
/// <remarks>
/// The data reader checks its own state at every value, and the library below it counts the uses of the statement and tells the garbage collector of each call: both take longer than SQLite's
/// work for the whole row. The caller keeps the statement open.
/// </remarks>
internal static unsafe partial class SqliteColumns
{
    private const string Library = "e_sqlite3";

    /// <summary>What the methods take.</summary>
    public static nint Of(sqlite3_stmt statement) => statement.DangerousGetHandle();

    [LibraryImport(Library, EntryPoint = "sqlite3_column_type")]
    [SuppressGCTransition]
    public static partial int TypeOf(nint row, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_int64")]
    [SuppressGCTransition]
    public static partial long Integer(nint row, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_double")]
    [SuppressGCTransition]
    public static partial double Real(nint row, int column);

    public static long? IntegerOrNull(nint row, int column) => TypeOf(row, column) == raw.SQLITE_NULL ? null : Integer(row, column);

    /// <summary>A text or blob as it is stored, valid until the next row.</summary>
    public static ReadOnlySpan<byte> Bytes(nint row, int column)
    {
        var bytes = Blob(row, column); // First: the length is that of the value as a blob.
        return new(bytes, Length(row, column));
    }

    // They may read pages of the file, so the garbage collector is told.
    [LibraryImport(Library, EntryPoint = "sqlite3_column_blob")]
    private static partial void* Blob(nint row, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_bytes")]
    [SuppressGCTransition]
    private static partial int Length(nint row, int column);
}
