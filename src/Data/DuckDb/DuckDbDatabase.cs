using DuckDB.NET.Data;

namespace SensorDash.Data.DuckDb;

/// <summary>An open DuckDB file. Safe to use from several threads, each with its own connection. The file is closed when this and its last
/// connection are disposed.</summary>
/// <remarks>
/// DuckDB.NET opens a file with its first connection, closes it with the last, and ignores the options of the others: this class holds one connection,
/// so that the file stays open with its options. On Linux and macOS the process loses its lock on the file when anything else in it opens and
/// closes the file, so only DuckDB may access an open file.
/// </remarks>
internal sealed class DuckDbDatabase : IDisposable
{
    private readonly Lock _lock = new();
    private readonly string _connectionString;
    private readonly DuckDBConnection _anchor;
    private bool _isDisposed;

    private DuckDbDatabase(string connectionString, DuckDBConnection anchor) => (_connectionString, _anchor) = (connectionString, anchor);

    /// <summary>Opens or creates a file. A file that is open in this process is shared, with the options of the first call. Reading the log that
    /// a killed process left can take long, and cannot be cancelled.</summary>
    /// <exception cref="DuckDbException"><see cref="DuckDbErrorKind.Locked"/>, <see cref="DuckDbErrorKind.IO"/>,
    /// <see cref="DuckDbErrorKind.NoLibrary"/> and others.</exception>
    public static DuckDbDatabase Open(string path, DuckDbOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            // The driver treats another spelling of a path as another file, which would then be open twice.
            var connectionString = options.ToConnectionString(Path.GetFullPath(path));
            var anchor = OpenConnection(connectionString);
            try
            {
                if (options.AfterOpening is { } statements)
                {
                    using var command = new DuckDBCommand(statements, anchor);
                    command.ExecuteNonQuery();
                }
                return new(connectionString, anchor);
            }
            catch
            {
                anchor.Dispose();
                throw;
            }
        }
        catch (Exception e) when (DuckDbException.Translate(e, CancellationToken.None) is { } translated)
        {
            throw translated;
        }
    }

    /// <summary>Opens a connection without a file operation.</summary>
    /// <exception cref="DuckDbException"><see cref="DuckDbErrorKind.Fatal"/>.</exception>
    /// <exception cref="ObjectDisposedException">The database is disposed.</exception>
    public DuckDbConnection Connect()
    {
        // Not while Dispose runs: the driver would open the file again for this connection.
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            try
            {
                return new(OpenConnection(_connectionString));
            }
            catch (Exception e) when (DuckDbException.Translate(e, CancellationToken.None) is { } translated)
            {
                throw translated;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _anchor.Dispose();
        }
    }

    private static DuckDBConnection OpenConnection(string connectionString)
    {
        var connection = new DuckDBConnection(connectionString);
        connection.Open();
        return connection;
    }
}
