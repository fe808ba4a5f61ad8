using System.Runtime.InteropServices;

namespace SensorDash.DuckDb.Native;

internal static unsafe partial class NativeMethods
{
    // duckdb_data_chunk duckdb_create_data_chunk(duckdb_logical_type *types, idx_t column_count); ours; types stay the caller's.
    [LibraryImport(Library, EntryPoint = "duckdb_create_data_chunk")]
    internal static partial nint CreateDataChunk(nint* types, ulong columnCount);

    // void duckdb_destroy_data_chunk(duckdb_data_chunk *chunk); ends our ownership and its vectors.
    [LibraryImport(Library, EntryPoint = "duckdb_destroy_data_chunk")]
    internal static partial void DestroyDataChunk(ref nint chunk);

    // void duckdb_data_chunk_reset(duckdb_data_chunk chunk); data and validity pointers are to be asked for again.
    [LibraryImport(Library, EntryPoint = "duckdb_data_chunk_reset")]
    internal static partial void ResetDataChunk(DataChunkHandle chunk);

    // duckdb_vector duckdb_data_chunk_get_vector(duckdb_data_chunk chunk, idx_t col_idx); lives as long as the chunk.
    [LibraryImport(Library, EntryPoint = "duckdb_data_chunk_get_vector")]
    internal static partial nint GetVector(DataChunkHandle chunk, ulong column);

    // idx_t duckdb_data_chunk_get_size(duckdb_data_chunk chunk); rows.
    [LibraryImport(Library, EntryPoint = "duckdb_data_chunk_get_size")]
    internal static partial ulong GetChunkSize(DataChunkHandle chunk);

    // void duckdb_data_chunk_set_size(duckdb_data_chunk chunk, idx_t size); rows.
    [LibraryImport(Library, EntryPoint = "duckdb_data_chunk_set_size")]
    internal static partial void SetChunkSize(DataChunkHandle chunk, ulong size);

    // void *duckdb_vector_get_data(duckdb_vector vector); lives as long as the chunk.
    [LibraryImport(Library, EntryPoint = "duckdb_vector_get_data")]
    internal static partial byte* GetVectorData(nint vector);

    // uint64_t *duckdb_vector_get_validity(duckdb_vector vector); lives as long as the chunk; null when no row is null.
    [LibraryImport(Library, EntryPoint = "duckdb_vector_get_validity")]
    internal static partial ulong* GetVectorValidity(nint vector);

    // void duckdb_vector_ensure_validity_writable(duckdb_vector vector); creates the mask, all rows valid.
    [LibraryImport(Library, EntryPoint = "duckdb_vector_ensure_validity_writable")]
    internal static partial void EnsureValidityWritable(nint vector);

    // void duckdb_vector_assign_string_element_len(duckdb_vector, idx_t index, const char *str, idx_t str_len); copies; text that
    // is not UTF-8 becomes NULL.
    [LibraryImport(Library, EntryPoint = "duckdb_vector_assign_string_element_len")]
    internal static partial void AssignString(nint vector, ulong index, byte* value, ulong length);

    // duckdb_vector duckdb_list_vector_get_child(duckdb_vector vector); lives as long as the chunk.
    [LibraryImport(Library, EntryPoint = "duckdb_list_vector_get_child")]
    internal static partial nint GetListChild(nint vector);

    // idx_t duckdb_list_vector_get_size(duckdb_vector vector); elements of all lists together.
    [LibraryImport(Library, EntryPoint = "duckdb_list_vector_get_size")]
    internal static partial ulong GetListSize(nint vector);
}
