using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb.Store;

/// <summary>The DuckDB file that is the store of readings: opens it, reads it, and reopens it after a fatal error.</summary>
public sealed partial class DuckDbReadingFile(IOptions<ReadingsOptions> options, TimeProvider clock, ILogger<DuckDbReadingFile> logger) : IDisposable
{
    // DuckDB runs one query on all its threads; concurrent queries only share its memory limit.
    private const int MaxReaders = 4;

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _reads = new(MaxReaders);
    private readonly DuckDbReaders _readers = new();
    private DuckDbDatabase? _database;

    /// <summary>Absolute path of the file.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(options.Value.DuckDb.Path);

    /// <summary>What was repaired when the file was opened, for users; null if nothing was.</summary>
    public string? Repair { get; private set; }

    /// <summary>Opens the file or creates an empty store; does nothing when it is open.</summary>
    /// <exception cref="StoreUnavailableException">Another process has it open, it cannot be read, or it is not a store of this version;
    /// the message says which.</exception>
    public void Open(CancellationToken cancellationToken)
    {
        lock (_lock) OpenUnlocked(cancellationToken);
    }

    /// <summary>Runs a read on a snapshot of the file. DuckDB has no asynchronous calls: <paramref name="read"/> blocks its thread.</summary>
    /// <exception cref="StoreUnavailableException">The file is temporarily unavailable.</exception>
    internal async Task<T> ReadAsync<T>(Func<DuckDbConnection, T> read, CancellationToken cancellationToken)
    {
        await _reads.WaitAsync(cancellationToken);
        try
        {
            // One snapshot: the list of months must match their tables.
            using var connection = Connect(out _, cancellationToken);
            using var transaction = connection.BeginTransaction(cancellationToken);
            var result = read(connection);
            transaction.Commit();
            return result;
        }
        catch (DuckDbException e)
        {
            throw Translate(e);
        }
        finally
        {
            _reads.Release();
        }
    }

    /// <summary>For queries over many readings.</summary>
    /// <exception cref="StoreUnavailableException">The file cannot be opened.</exception>
    internal DuckDbReader ConnectReader(CancellationToken cancellationToken)
    {
        lock (_lock) return _readers.Connect(OpenUnlocked(cancellationToken), cancellationToken);
    }

    /// <summary>A connection for one operation. Do not keep it: after a fatal error the file can be reopened only after the last connection closes.</summary>
    /// <param name="database">The database of the connection; a new one after a fatal error.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <exception cref="DuckDbException">Pass it to <see cref="Translate"/> after the connection is disposed, as every error of the connection.</exception>
    /// <exception cref="StoreUnavailableException">The file cannot be opened.</exception>
    internal DuckDbConnection Connect(out DuckDbDatabase database, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            database = OpenUnlocked(cancellationToken);
            return database.Connect();
        }
    }

    /// <summary>The product's exception for an error of DuckDB, by its kind. After a fatal error the file is reopened.</summary>
    internal Exception Translate(DuckDbException error)
    {
        if (error.Kind == DuckDbErrorKind.Rejected) return new StoreRejectedException($"DuckDB rejected a row: {error.Message}", error);
        if (error.Kind == DuckDbErrorKind.Fatal) Close();
        return new StoreUnavailableException($"DuckDB is temporarily unavailable: {error.Message}", error);
    }

    public void Dispose()
    {
        Close();
        _reads.Dispose();
    }

    private DuckDbDatabase OpenUnlocked(CancellationToken cancellationToken)
    {
        if (_database is not null) return _database;
        DuckDbDatabase? database = null;
        try
        {
            if (!options.Value.DuckDb.IsReadOnly) Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
            database = OpenRepaired();
            using var connection = database.Connect();
            DuckDbStoreSchema.Prepare(connection, cancellationToken);
            return _database = database;
        }
        catch (Exception e) when (e is DuckDbException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            database?.Dispose();
            var reason = e is DuckDbException { Kind: DuckDbErrorKind.Locked } ? "another process has it open: " : "";
            throw new StoreUnavailableException($"The store of readings {Path} cannot be opened: {reason}{e.Message}{Advice(e)}", e);
        }
        catch
        {
            database?.Dispose();
            throw;
        }
    }

    private DuckDbDatabase OpenRepaired()
    {
        var settings = new DuckDbOptions(options.Value.DuckDb.MemoryLimitMiB, options.Value.DuckDb.Threads) { IsReadOnly = options.Value.DuckDb.IsReadOnly, BackupFolder = options.Value.DuckDb.BackupFolder };
        try
        {
            return DuckDbDatabase.Open(Path, settings);
        }
        catch (DuckDbException e)
        {
            if (settings.IsReadOnly || DuckDbRepair.TryRepair(Path, e, clock) is not { } repair) throw;
            Log.Repaired(logger, Path, repair);
            Repair = repair;
            return DuckDbDatabase.Open(Path, settings);
        }
    }

    private static string Advice(Exception error) => error is DuckDbException { Kind: DuckDbErrorKind.IO }
        ? " SensorDash changed nothing. Restore the file from a backup, or set Readings:DuckDb:Path to a new file." : "";

    private void Close()
    {
        lock (_lock)
        {
            _database?.Dispose();
            _database = null;
            _readers.Evict();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(43, LogLevel.Warning, "{Path}: {Repair}")]
        public static partial void Repaired(ILogger logger, string path, string repair);
    }
}
