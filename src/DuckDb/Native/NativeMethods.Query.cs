using System.Runtime.InteropServices;

namespace SensorDash.DuckDb.Native;

internal static unsafe partial class NativeMethods
{
    // duckdb_state duckdb_query(duckdb_connection, const char *query, duckdb_result *out); out is ours even on error.
    [LibraryImport(Library, EntryPoint = "duckdb_query", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeState Query(ConnectionHandle connection, string sql, ResultHandle result);

    // void duckdb_destroy_result(duckdb_result *result); frees what the struct holds, not the struct.
    [LibraryImport(Library, EntryPoint = "duckdb_destroy_result")]
    internal static partial void DestroyResult(NativeResult* result);

    // const char *duckdb_result_error(duckdb_result *result); lives as long as the result; null when there is none.
    [LibraryImport(Library, EntryPoint = "duckdb_result_error")]
    internal static partial byte* ResultError(ResultHandle result);

    // duckdb_error_type duckdb_result_error_type(duckdb_result *result); by value.
    [LibraryImport(Library, EntryPoint = "duckdb_result_error_type")]
    internal static partial DuckDbErrorKind ResultErrorType(ResultHandle result);

    // idx_t duckdb_column_count(duckdb_result *result);
    [LibraryImport(Library, EntryPoint = "duckdb_column_count")]
    internal static partial ulong ColumnCount(ResultHandle result);

    // const char *duckdb_column_name(duckdb_result *result, idx_t col); lives as long as the result.
    [LibraryImport(Library, EntryPoint = "duckdb_column_name")]
    internal static partial byte* ColumnName(ResultHandle result, ulong column);

    // duckdb_logical_type duckdb_column_logical_type(duckdb_result *result, idx_t col); ours.
    [LibraryImport(Library, EntryPoint = "duckdb_column_logical_type")]
    internal static partial nint ColumnLogicalType(ResultHandle result, ulong column);

    // idx_t duckdb_rows_changed(duckdb_result *result); materialized results only.
    [LibraryImport(Library, EntryPoint = "duckdb_rows_changed")]
    internal static partial ulong RowsChanged(ResultHandle result);

    // bool duckdb_result_is_streaming(duckdb_result result); result by value, still ours.
    [LibraryImport(Library, EntryPoint = "duckdb_result_is_streaming")]
    internal static partial byte ResultIsStreaming(NativeResult result);

    // duckdb_data_chunk duckdb_fetch_chunk(duckdb_result result); result by value, still ours; the chunk is ours; null at the end
    // and on error.
    [LibraryImport(Library, EntryPoint = "duckdb_fetch_chunk")]
    internal static partial nint FetchChunk(NativeResult result);
}
