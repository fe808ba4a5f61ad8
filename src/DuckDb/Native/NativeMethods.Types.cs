using System.Runtime.InteropServices;

namespace SensorDash.DuckDb.Native;

internal static unsafe partial class NativeMethods
{
    // duckdb_type duckdb_get_type_id(duckdb_logical_type type);
    [LibraryImport(Library, EntryPoint = "duckdb_get_type_id")]
    internal static partial DuckDbType GetTypeId(LogicalTypeHandle type);

    // uint8_t duckdb_decimal_width(duckdb_logical_type type);
    [LibraryImport(Library, EntryPoint = "duckdb_decimal_width")]
    internal static partial byte DecimalWidth(LogicalTypeHandle type);

    // uint8_t duckdb_decimal_scale(duckdb_logical_type type);
    [LibraryImport(Library, EntryPoint = "duckdb_decimal_scale")]
    internal static partial byte DecimalScale(LogicalTypeHandle type);

    // duckdb_type duckdb_decimal_internal_type(duckdb_logical_type type);
    [LibraryImport(Library, EntryPoint = "duckdb_decimal_internal_type")]
    internal static partial DuckDbType DecimalInternalType(LogicalTypeHandle type);

    // duckdb_type duckdb_enum_internal_type(duckdb_logical_type type);
    [LibraryImport(Library, EntryPoint = "duckdb_enum_internal_type")]
    internal static partial DuckDbType EnumInternalType(LogicalTypeHandle type);

    // uint32_t duckdb_enum_dictionary_size(duckdb_logical_type type);
    [LibraryImport(Library, EntryPoint = "duckdb_enum_dictionary_size")]
    internal static partial uint EnumDictionarySize(LogicalTypeHandle type);

    // char *duckdb_enum_dictionary_value(duckdb_logical_type type, idx_t index); free with duckdb_free.
    [LibraryImport(Library, EntryPoint = "duckdb_enum_dictionary_value")]
    internal static partial byte* EnumDictionaryValue(LogicalTypeHandle type, ulong index);

    // duckdb_logical_type duckdb_list_type_child_type(duckdb_logical_type type); ours.
    [LibraryImport(Library, EntryPoint = "duckdb_list_type_child_type")]
    internal static partial nint ListChildType(LogicalTypeHandle type);

    // void duckdb_destroy_logical_type(duckdb_logical_type *type); ends our ownership.
    [LibraryImport(Library, EntryPoint = "duckdb_destroy_logical_type")]
    internal static partial void DestroyLogicalType(ref nint type);
}
