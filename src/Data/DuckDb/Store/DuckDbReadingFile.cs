using Microsoft.Extensions.Options;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.DuckDb;

namespace SensorDash.Data.DuckDb.Store;

/// <summary>The DuckDB file that is the store of readings: how it is opened, read, and opened again after a fatal error.</summary>
public sealed class DuckDbReadingFile(IOptions<ReadingsOptions> options) : IDisposable
{
    // A file of another format is refused, never guessed at.
    private const int Format = 1;

    // DuckDB answers one question with all its threads; more questions at once only share its memory limit.
    private const int MaxReaders = 4;

    private const string Schema = $"""
        CREATE TABLE store_state (format INTEGER NOT NULL);
        INSERT INTO store_state VALUES (1);
        CREATE TABLE nodes (address INTEGER PRIMARY KEY, device_id BIGINT, node_type VARCHAR NOT NULL, first_seen_at BIGINT NOT NULL,
            last_seen_at BIGINT NOT NULL, total_readings BIGINT NOT NULL, duplicates_seen BIGINT NOT NULL);
        CREATE TABLE ingest_batches (id BIGINT NOT NULL, committed_at BIGINT NOT NULL, row_count INTEGER NOT NULL, first_timestamp BIGINT NOT NULL,
            last_timestamp BIGINT NOT NULL, removed_node INTEGER, removed_before BIGINT);
        {DuckDbMonths.Schema}
        """;

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _readers = new(MaxReaders);
    private readonly Stack<DuckDbConnection> _idle = []; // All of the open database.
    private readonly DuckDbReaders _askers = new();
    private DuckDbDatabase? _database;

    /// <summary>The database has been closed: whoever keeps a connection gives it up, else DuckDB would give the same dead database again.</summary>
    internal event Action? Closed;

    /// <summary>Absolute path of the file.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(options.Value.DuckDb.Path);

    /// <summary>Opens the file, or makes an empty store; does nothing when it is open.</summary>
    /// <exception cref="StoreUnavailableException">Another process has it open, it cannot be read, or it is no store of this version;
    /// the message says which.</exception>
    public void Open(CancellationToken cancellationToken)
    {
        lock (_lock) OpenUnlocked(cancellationToken);
    }

    /// <summary>Runs a read on a snapshot of the file. DuckDB has no asynchronous calls: <paramref name="read"/> blocks its thread.</summary>
    /// <exception cref="StoreUnavailableException">The file cannot be read just now.</exception>
    internal async Task<T> ReadAsync<T>(Func<DuckDbConnection, T> read, CancellationToken cancellationToken)
    {
        await _readers.WaitAsync(cancellationToken);
        try
        {
            var (database, connection) = Rent(cancellationToken);
            try
            {
                // One snapshot: the months, and the tables that they name, belong together.
                T result;
                using (var transaction = connection.BeginTransaction(cancellationToken))
                {
                    result = read(connection);
                    transaction.Commit(CancellationToken.None);
                }
                Return(database, connection);
                return result;
            }
            catch (DuckDbException e)
            {
                connection.Dispose();
                throw Translate(e);
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }
        finally
        {
            _readers.Release();
        }
    }

    /// <summary>For questions over many readings.</summary>
    /// <exception cref="StoreUnavailableException">The file cannot be opened just now.</exception>
    internal DuckDbAccess Access(CancellationToken cancellationToken) => new(Database(cancellationToken), _askers);

    /// <summary>The open database; a new one after a fatal error.</summary>
    internal DuckDbDatabase Database(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            OpenUnlocked(cancellationToken);
            return _database!;
        }
    }

    /// <summary>Whether this is the open database; not after a fatal error.</summary>
    internal bool IsOpen(DuckDbDatabase database)
    {
        lock (_lock) return database == _database;
    }

    /// <summary>Whether DuckDB refuses all further work on the database. Whoever has such an error disposes the connection, then translates it.</summary>
    internal static bool IsFatal(DuckDbException error)
        => error.Kind is DuckDbErrorKind.Fatal or DuckDbErrorKind.Connection or DuckDbErrorKind.Internal;

    /// <summary>The product's exception for an error of DuckDB, decided by its kind. After a fatal one the file is opened again.</summary>
    internal Exception Translate(DuckDbException error)
    {
        switch (error.Kind)
        {
            case DuckDbErrorKind.Constraint or DuckDbErrorKind.Conversion or DuckDbErrorKind.OutOfRange:
                return new StoreRejectedException($"DuckDB refused a row: {error.Message}", error);
            case DuckDbErrorKind.Interrupt:
                return new OperationCanceledException("The query was interrupted.", error);
        }
        if (IsFatal(error)) Close();
        return new StoreUnavailableException($"DuckDB cannot be used just now: {error.Message}", error);
    }

    /// <summary>Whether a file could not be opened because another process works with it.</summary>
    internal static bool IsHeldByAnother(DuckDbException error)
        => error.Kind == DuckDbErrorKind.IO && (error.Message.Contains("Could not set lock", StringComparison.Ordinal)
            || error.Message.Contains("used by another process", StringComparison.Ordinal)); // Linux and macOS; Windows.

    /// <summary>Keeps a store from being taken for a file that is derived and may be emptied.</summary>
    /// <exception cref="InvalidDataException">It is a store.</exception>
    internal static void ThrowIfStore(DuckDbConnection connection, string path, CancellationToken cancellationToken)
    {
        if (Tables(connection, cancellationToken).Contains("store_state"))
            throw new InvalidDataException($"{path} is a store of readings (Readings:DuckDb:Path). Analytics:Path must name another file.");
    }

    public void Dispose()
    {
        Close();
        _readers.Dispose();
    }

    private (DuckDbDatabase Database, DuckDbConnection Connection) Rent(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            OpenUnlocked(cancellationToken);
            try
            {
                return (_database!, _idle.TryPop(out var connection) ? connection : _database!.Connect());
            }
            catch (DuckDbException e)
            {
                throw Translate(e);
            }
        }
    }

    private void Return(DuckDbDatabase database, DuckDbConnection connection)
    {
        lock (_lock)
        {
            if (database == _database) _idle.Push(connection);
            else connection.Dispose();
        }
    }

    private void OpenUnlocked(CancellationToken cancellationToken)
    {
        if (_database is not null) return;
        DuckDbDatabase? database = null;
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
            database = DuckDbDatabase.Open(Path, OptionsFor(options.Value.DuckDb.MemoryLimitMiB, options.Value.DuckDb.Threads));
            using var connection = database.Connect();
            PrepareSchema(connection, cancellationToken);
            _database = database;
        }
        catch (Exception e) when (e is DuckDbException or DuckDbLibraryException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            database?.Dispose();
            var reason = e is DuckDbException duckDb && IsHeldByAnother(duckDb) ? "another process has it open: " : "";
            throw new StoreUnavailableException($"The store of readings {Path} cannot be opened: {reason}{e.Message}", e);
        }
        catch
        {
            database?.Dispose();
            throw;
        }
    }

    private static void PrepareSchema(DuckDbConnection connection, CancellationToken cancellationToken)
    {
        var tables = Tables(connection, cancellationToken);
        if (tables.Contains("store_state"))
        {
            using var state = connection.Query("SELECT format FROM store_state", cancellationToken);
            var format = state.NextChunk(cancellationToken) is { } chunk ? chunk[0].Values<int>()[0] : 0;
            if (format != Format) throw new InvalidDataException($"it has format {format}, and this version of SensorDash knows format {Format} only.");
            return;
        }
        if (tables.Count > 0) throw new InvalidDataException("it is a DuckDB file of something else. Readings:DuckDb:Path must name a new file or a store.");
        using var transaction = connection.BeginTransaction(cancellationToken);
        connection.Execute(Schema, cancellationToken);
        DuckDbMonths.Clear(connection, cancellationToken); // Shows an empty table of readings.
        transaction.Commit(cancellationToken);
    }

    private static HashSet<string> Tables(DuckDbConnection connection, CancellationToken cancellationToken)
    {
        var tables = new HashSet<string>();
        using var result = connection.Query("SELECT table_name FROM duckdb_tables() WHERE NOT internal AND NOT temporary", cancellationToken);
        while (result.NextChunk(cancellationToken) is { } chunk)
            for (var row = 0; row < chunk.RowCount; row++) tables.Add(chunk[0].GetString(row)!);
        return tables;
    }

    /// <param name="memoryLimitMiB">Null: DuckDB's own.</param>
    /// <param name="threads">Null or 0: one per core.</param>
    internal static DuckDbOptions OptionsFor(int? memoryLimitMiB, int? threads)
        => new() { MemoryLimitMiB = memoryLimitMiB, Threads = threads is null or 0 ? null : threads };

    private void Close()
    {
        lock (_lock)
        {
            while (_idle.TryPop(out var connection)) connection.Dispose();
            _database?.Dispose();
            _database = null;
            Closed?.Invoke();
            _askers.Evict();
        }
    }
}
