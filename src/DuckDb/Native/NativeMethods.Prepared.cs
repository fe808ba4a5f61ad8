using System.Runtime.InteropServices;

namespace SensorDash.DuckDb.Native;

internal static unsafe partial class NativeMethods
{
    // duckdb_state duckdb_prepare(duckdb_connection, const char *query, duckdb_prepared_statement *out); out is ours even on
    // error.
    [LibraryImport(Library, EntryPoint = "duckdb_prepare", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeState Prepare(ConnectionHandle connection, string sql, out nint statement);

    // void duckdb_destroy_prepare(duckdb_prepared_statement *prepared_statement); ends our ownership.
    [LibraryImport(Library, EntryPoint = "duckdb_destroy_prepare")]
    internal static partial void DestroyPrepare(ref nint statement);

    // const char *duckdb_prepare_error(duckdb_prepared_statement); lives as long as the statement; null when there is none.
    [LibraryImport(Library, EntryPoint = "duckdb_prepare_error")]
    internal static partial byte* PrepareError(StatementHandle statement);

    // idx_t duckdb_nparams(duckdb_prepared_statement);
    [LibraryImport(Library, EntryPoint = "duckdb_nparams")]
    internal static partial ulong ParameterCount(StatementHandle statement);

    // const char *duckdb_parameter_name(duckdb_prepared_statement, idx_t index); free with duckdb_free.
    [LibraryImport(Library, EntryPoint = "duckdb_parameter_name")]
    internal static partial byte* ParameterName(StatementHandle statement, ulong index);

    // duckdb_state duckdb_clear_bindings(duckdb_prepared_statement);
    [LibraryImport(Library, EntryPoint = "duckdb_clear_bindings")]
    internal static partial NativeState ClearBindings(StatementHandle statement);

    // duckdb_state duckdb_bind_boolean(duckdb_prepared_statement, idx_t, bool);
    [LibraryImport(Library, EntryPoint = "duckdb_bind_boolean")]
    internal static partial NativeState BindBoolean(StatementHandle statement, ulong index, byte value);

    // duckdb_state duckdb_bind_int32(duckdb_prepared_statement, idx_t, int32_t);
    [LibraryImport(Library, EntryPoint = "duckdb_bind_int32")]
    internal static partial NativeState BindInt32(StatementHandle statement, ulong index, int value);

    // duckdb_state duckdb_bind_int64(duckdb_prepared_statement, idx_t, int64_t);
    [LibraryImport(Library, EntryPoint = "duckdb_bind_int64")]
    internal static partial NativeState BindInt64(StatementHandle statement, ulong index, long value);

    // duckdb_state duckdb_bind_uint64(duckdb_prepared_statement, idx_t, uint64_t);
    [LibraryImport(Library, EntryPoint = "duckdb_bind_uint64")]
    internal static partial NativeState BindUInt64(StatementHandle statement, ulong index, ulong value);

    // duckdb_state duckdb_bind_double(duckdb_prepared_statement, idx_t, double);
    [LibraryImport(Library, EntryPoint = "duckdb_bind_double")]
    internal static partial NativeState BindDouble(StatementHandle statement, ulong index, double value);

    // duckdb_state duckdb_bind_timestamp(duckdb_prepared_statement, idx_t, duckdb_timestamp); a struct of one int64:
    // microseconds.
    [LibraryImport(Library, EntryPoint = "duckdb_bind_timestamp")]
    internal static partial NativeState BindTimestamp(StatementHandle statement, ulong index, NativeTimestamp value);

    // duckdb_state duckdb_bind_varchar_length(duckdb_prepared_statement, idx_t, const char *, idx_t length); copies.
    [LibraryImport(Library, EntryPoint = "duckdb_bind_varchar_length")]
    internal static partial NativeState BindVarchar(StatementHandle statement, ulong index, byte* value, ulong length);

    // duckdb_state duckdb_bind_blob(duckdb_prepared_statement, idx_t, const void *, idx_t length); copies.
    [LibraryImport(Library, EntryPoint = "duckdb_bind_blob")]
    internal static partial NativeState BindBlob(StatementHandle statement, ulong index, byte* value, ulong length);

    // duckdb_state duckdb_bind_null(duckdb_prepared_statement, idx_t);
    [LibraryImport(Library, EntryPoint = "duckdb_bind_null")]
    internal static partial NativeState BindNull(StatementHandle statement, ulong index);

    // duckdb_state duckdb_execute_prepared(duckdb_prepared_statement, duckdb_result *out); out is ours even on error.
    [LibraryImport(Library, EntryPoint = "duckdb_execute_prepared")]
    internal static partial NativeState ExecutePrepared(StatementHandle statement, ResultHandle result);

    // duckdb_state duckdb_execute_prepared_streaming(duckdb_prepared_statement, duckdb_result *out); as above. Marked as going
    // away some day; 1.5 has no other way to stream.
    [LibraryImport(Library, EntryPoint = "duckdb_execute_prepared_streaming")]
    internal static partial NativeState ExecutePreparedStreaming(StatementHandle statement, ResultHandle result);
}
