using System.Runtime.InteropServices;

namespace SensorDash.DuckDb.Native;

/// <summary>DuckDB's C API, one file per area. Above each import stands its C prototype and who owns what it returns.</summary>
/// <remarks>No import suppresses the GC transition: all of them may allocate, lock or wait.</remarks>
internal static unsafe partial class NativeMethods
{
    internal const string Library = "duckdb";

    // const char *duckdb_library_version(void); static text.
    [LibraryImport(Library, EntryPoint = "duckdb_library_version")]
    internal static partial byte* LibraryVersion();

    // void duckdb_free(void *ptr); frees what a comment here calls "free with duckdb_free".
    [LibraryImport(Library, EntryPoint = "duckdb_free")]
    internal static partial void Free(void* pointer);

    // idx_t duckdb_vector_size(void); rows in a full chunk.
    [LibraryImport(Library, EntryPoint = "duckdb_vector_size")]
    internal static partial ulong VectorSize();

    // duckdb_error_type duckdb_error_data_error_type(duckdb_error_data error_data); by value.
    [LibraryImport(Library, EntryPoint = "duckdb_error_data_error_type")]
    internal static partial DuckDbErrorKind ErrorDataType(nint errorData);

    // const char *duckdb_error_data_message(duckdb_error_data error_data); lives as long as error_data.
    [LibraryImport(Library, EntryPoint = "duckdb_error_data_message")]
    internal static partial byte* ErrorDataMessage(nint errorData);

    // void duckdb_destroy_error_data(duckdb_error_data *error_data); ends our ownership.
    [LibraryImport(Library, EntryPoint = "duckdb_destroy_error_data")]
    internal static partial void DestroyErrorData(ref nint errorData);
}
