using SensorDash.DuckDb.Native;

namespace SensorDash.DuckDb;

/// <summary>
/// An open database. Safe to use from several threads; each takes a connection of its own. Disposing it closes the file once the
/// last of its connections is disposed too.
/// </summary>
/// <remarks>On Linux and macOS the process loses DuckDB's lock on the file when anything else in it opens and closes the same
/// file, to copy it or to ask its content: leave an open database's file to DuckDB.</remarks>
public sealed class DuckDbDatabase : IDisposable
{
    private const string InMemoryPath = ":memory:";
    private readonly DatabaseHandle _handle;

    private DuckDbDatabase(DatabaseHandle handle, string? path)
    {
        _handle = handle;
        Path = path;
    }

    /// <summary>Full path of the file; null in memory.</summary>
    public string? Path { get; }

    /// <summary>
    /// Opens a database file, or creates it. A file that this process has open already is shared, with the same options only.
    /// Reading a write-ahead log that a killed process left can take long, and cannot be cancelled.
    /// </summary>
    /// <param name="path">Full or relative to the current folder; null or ":memory:" for a new database in memory that nothing
    /// else sees.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="DuckDbException"><see cref="DuckDbErrorKind.IO"/>: another process has the file open, it is missing, or
    /// it is no DuckDB file. <see cref="DuckDbErrorKind.Connection"/>: open in this process with other options.
    /// <see cref="DuckDbErrorKind.Settings"/> and others: a setting is refused.</exception>
    /// <exception cref="DuckDbLibraryException">DuckDB's native library is missing or of an unknown version.</exception>
    public static unsafe DuckDbDatabase Open(string? path = null, DuckDbOptions? options = null)
    {
        if (path is { Length: 0 })
            throw new ArgumentException("The path is empty; a database in memory is asked for with null.", nameof(path));
        if (path is not null) NativeText.Whole(path, nameof(path));
        DuckDbLibrary.Load();

        var file = path is null or InMemoryPath ? null : System.IO.Path.GetFullPath(path);
        using var config = CreateConfig(options ?? new DuckDbOptions());
        // Two openings of one file that know nothing of each other would corrupt it: the operating system's lock holds per
        // process only.
        var state = file is null
            ? NativeMethods.Open(null, out var database, config, out var error)
            : NativeMethods.OpenShared(DuckDbLibrary.InstanceCache, file, out database, config, out error);
        if (state == NativeState.Error) throw DuckDbException.FromText(NativeText.Take(error));
        return new DuckDbDatabase(new DatabaseHandle(database), file);
    }

    /// <summary>Cheap: no file is opened, no thread started.</summary>
    /// <exception cref="ObjectDisposedException">The database is disposed.</exception>
    public DuckDbConnection Connect()
    {
        if (NativeMethods.Connect(_handle, out var connection) == NativeState.Error)
            throw new DuckDbException(
                DuckDbErrorKind.Connection, "DuckDB gave no connection: the database is unusable since an earlier fatal error.");
        return new DuckDbConnection(new ConnectionHandle(connection, _handle));
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private static ConfigHandle CreateConfig(DuckDbOptions options)
    {
        if (NativeMethods.CreateConfig(out var native) == NativeState.Error)
            throw new DuckDbException(DuckDbErrorKind.OutOfMemory, "DuckDB could not create its settings.");
        var config = new ConfigHandle(native);
        try
        {
            foreach (var (name, value) in options.ToSettings())
            {
                NativeText.Whole(name, nameof(options));
                NativeText.Whole(value, nameof(options));
                if (NativeMethods.SetConfig(config, name, value) == NativeState.Error)
                    throw new DuckDbException(
                        DuckDbErrorKind.Settings, $"DuckDB knows no start-up setting '{name}', or it does not take '{value}'.");
            }
            return config;
        }
        catch
        {
            config.Dispose();
            throw;
        }
    }
}
