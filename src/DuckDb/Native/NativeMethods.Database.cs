using System.Runtime.InteropServices;

namespace SensorDash.DuckDb.Native;

internal static unsafe partial class NativeMethods
{
    // duckdb_instance_cache duckdb_create_instance_cache(); ours, and never destroyed: it lives as long as the process.
    [LibraryImport(Library, EntryPoint = "duckdb_create_instance_cache")]
    internal static partial nint CreateInstanceCache();

    // duckdb_state duckdb_get_or_create_from_cache(duckdb_instance_cache, const char *path, duckdb_database *out, duckdb_config,
    // char **error); out is ours; free error with duckdb_free.
    [LibraryImport(Library, EntryPoint = "duckdb_get_or_create_from_cache", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeState OpenShared(
        nint cache, string path, out nint database, ConfigHandle config, out byte* error);

    // duckdb_state duckdb_open_ext(const char *path, duckdb_database *out, duckdb_config, char **error); as above; a null path is
    // in memory.
    [LibraryImport(Library, EntryPoint = "duckdb_open_ext", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeState Open(string? path, out nint database, ConfigHandle config, out byte* error);

    // void duckdb_close(duckdb_database *database); ends our ownership.
    [LibraryImport(Library, EntryPoint = "duckdb_close")]
    internal static partial void Close(ref nint database);

    // duckdb_state duckdb_create_config(duckdb_config *out_config); out is ours.
    [LibraryImport(Library, EntryPoint = "duckdb_create_config")]
    internal static partial NativeState CreateConfig(out nint config);

    // duckdb_state duckdb_set_config(duckdb_config config, const char *name, const char *option); copies both.
    [LibraryImport(Library, EntryPoint = "duckdb_set_config", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeState SetConfig(ConfigHandle config, string name, string option);

    // void duckdb_destroy_config(duckdb_config *config); ends our ownership.
    [LibraryImport(Library, EntryPoint = "duckdb_destroy_config")]
    internal static partial void DestroyConfig(ref nint config);

    // duckdb_state duckdb_connect(duckdb_database database, duckdb_connection *out_connection); out is ours.
    [LibraryImport(Library, EntryPoint = "duckdb_connect")]
    internal static partial NativeState Connect(DatabaseHandle database, out nint connection);

    // void duckdb_disconnect(duckdb_connection *connection); ends our ownership.
    [LibraryImport(Library, EntryPoint = "duckdb_disconnect")]
    internal static partial void Disconnect(ref nint connection);

    // void duckdb_interrupt(duckdb_connection connection); from any thread.
    [LibraryImport(Library, EntryPoint = "duckdb_interrupt")]
    internal static partial void Interrupt(ConnectionHandle connection);
}
