using System.Runtime.InteropServices;

namespace SensorDash.DuckDb.Native;

internal static partial class NativeMethods
{
    // duckdb_state duckdb_appender_create(duckdb_connection, const char *schema, const char *table, duckdb_appender *out); out is
    // ours even on error.
    [LibraryImport(Library, EntryPoint = "duckdb_appender_create", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeState CreateAppender(
        ConnectionHandle connection, string? schema, string table, out nint appender);

    // idx_t duckdb_appender_column_count(duckdb_appender appender);
    [LibraryImport(Library, EntryPoint = "duckdb_appender_column_count")]
    internal static partial ulong AppenderColumnCount(AppenderHandle appender);

    // duckdb_logical_type duckdb_appender_column_type(duckdb_appender appender, idx_t col_idx); ours.
    [LibraryImport(Library, EntryPoint = "duckdb_appender_column_type")]
    internal static partial nint AppenderColumnType(AppenderHandle appender, ulong column);

    // duckdb_error_data duckdb_appender_error_data(duckdb_appender appender); ours.
    [LibraryImport(Library, EntryPoint = "duckdb_appender_error_data")]
    internal static partial nint AppenderErrorData(AppenderHandle appender);

    // duckdb_state duckdb_append_data_chunk(duckdb_appender appender, duckdb_data_chunk chunk); copies the chunk.
    [LibraryImport(Library, EntryPoint = "duckdb_append_data_chunk")]
    internal static partial NativeState AppendDataChunk(AppenderHandle appender, DataChunkHandle chunk);

    // duckdb_state duckdb_appender_flush(duckdb_appender appender);
    [LibraryImport(Library, EntryPoint = "duckdb_appender_flush")]
    internal static partial NativeState FlushAppender(AppenderHandle appender);

    // duckdb_state duckdb_appender_clear(duckdb_appender appender); forgets what is not flushed.
    [LibraryImport(Library, EntryPoint = "duckdb_appender_clear")]
    internal static partial NativeState ClearAppender(nint appender);

    // duckdb_state duckdb_appender_destroy(duckdb_appender *appender); flushes what is left (clear it first to drop it), ends our
    // ownership.
    [LibraryImport(Library, EntryPoint = "duckdb_appender_destroy")]
    internal static partial NativeState DestroyAppender(ref nint appender);
}
