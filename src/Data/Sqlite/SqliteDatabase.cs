using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Sqlite;

/// <summary>The SQLite file: its path and its connections.</summary>
public sealed class SqliteDatabase : IDisposable
{
    // Enough for the two cores of a small hub, and few enough that their page caches fit in its memory.
    private const int MaxReaders = 4;

    // Readers for slow queries. Queries of up to half a minute leave the other readers to interactive ones.
    private const int MaxLongReaders = 2;

    // Streams read in short steps, but there may be hundreds of them.
    private const int MaxStreamReaders = 1;

    // A few hundred rows: a fraction of a millisecond, and too rare to cost time.
    private const int StepsBetweenLooks = 10_000;

    /// <summary>Size of the pages of a file that is to write little: each commit writes a page per node, however few readings are new.</summary>
    internal const int SmallPageBytes = 512;

    private readonly string _pragmas;
    private readonly long _logBytes;

    // Not disposed: a read may outlive the database, and releases them then.
    private readonly SemaphoreSlim _readers = new(MaxReaders), _longReaders = new(MaxLongReaders), _streamReaders = new(MaxStreamReaders);
    private readonly ConcurrentBag<SqliteConnection> _idle = [];
    private volatile bool _isClosed;

    public SqliteDatabase(IOptions<SqliteOptions> options)
    {
        Path = System.IO.Path.GetFullPath(options.Value.Path);
        ConnectionString = new SqliteConnectionStringBuilder { DataSource = Path, DefaultTimeout = BusyTimeoutSeconds }.ToString();
        // WAL survives a killed process at any level; FULL also survives a power failure.
        SyncsEveryCommit = options.Value.SyncsEveryCommit;
        var synchronous = SyncsEveryCommit ? "FULL" : "NORMAL";
        // A reader can delay the copying, and the log grows; afterwards its file is cut to the limit.
        _logBytes = (long)options.Value.LogMiB << 20;
        _pragmas = $"PRAGMA page_size={options.Value.PageBytes}; PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous}; PRAGMA foreign_keys=ON; PRAGMA journal_size_limit={_logBytes}; "
            + $"PRAGMA cache_size=-{options.Value.CacheMiB * 1024}; PRAGMA temp_store=MEMORY";
        if (options.Value.ReadOnlyConnection is { } readOnly)
            (IsReadOnly, ConnectionString, _pragmas) = (true, readOnly, $"PRAGMA query_only=ON; PRAGMA cache_size=-{options.Value.CacheMiB * 1024}; PRAGMA temp_store=MEMORY");
        Writer = new SqliteWriter(this);
    }

    /// <summary>Endings of the files that belong to the database file.</summary>
    internal static readonly string[] Companions = ["-wal", "-shm", "-journal"];

    /// <summary>Maximum wait of a statement for a lock of another process before the call fails as unavailable.</summary>
    public const int BusyTimeoutSeconds = 2;

    /// <summary>Absolute path of the database file.</summary>
    public string Path { get; }

    /// <summary>The file that says at the next start that a query found damage.</summary>
    internal string SuspectPath => Path + ".suspect";

    /// <summary>Whether nothing may be written to the file.</summary>
    public bool IsReadOnly { get; }

    /// <summary>Whether a commit is on the disk before the next one begins.</summary>
    internal bool SyncsEveryCommit { get; }

    /// <summary>For EF Core and for readers; pooled by the driver.</summary>
    public string ConnectionString { get; }

    /// <summary>Admits readers; the writer is separate.</summary>
    public PoolUse Pool => new(MaxReaders - _readers.CurrentCount, _idle.Count, MaxReaders);

    /// <summary>Damage that a query or a write found since startup; null when none did.</summary>
    public string? Damage { get; private set; }

    /// <summary>The connection that writes all batches.</summary>
    public SqliteWriter Writer { get; }

    /// <summary>Creates the folder of the file, so that the first startup needs no preparation.</summary>
    public void CreateFolder() => Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);

    /// <summary>Opens a pooled connection with the product's settings applied.</summary>
    /// <exception cref="StoreUnavailableException">The file is locked or temporarily unavailable.</exception>
    public async Task<SqliteConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = _pragmas;
            await command.ExecuteNonQueryAsync(cancellationToken);
            if (IsReadOnly) return connection;
            command.CommandText = "PRAGMA page_size";
            command.CommandText = $"PRAGMA wal_autocheckpoint={_logBytes / (long)(await command.ExecuteScalarAsync(cancellationToken))!}";
            await command.ExecuteNonQueryAsync(cancellationToken);
            return connection;
        }
        catch (SqliteException e)
        {
            await connection.DisposeAsync();
            throw SqliteErrors.Translate(e);
        }
    }

    /// <summary>Runs a read on a pooled connection. SQLite has no asynchronous calls: <paramref name="read"/> blocks its thread until the token cancels it.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled before the read ended.</exception>
    /// <exception cref="StoreUnavailableException">The file is locked or temporarily unavailable.</exception>
    public async Task<T> ReadAsync<T>(Func<SqliteConnection, T> read, CancellationToken cancellationToken)
    {
        await _readers.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (!_idle.TryTake(out var connection)) connection = await OpenAsync(cancellationToken);
            try
            {
                T result;
                using (StopOn(connection, cancellationToken)) result = read(connection);
                _idle.Add(connection);
                if (_isClosed) CloseIdle(); // The program stopped during the read.
                return result;
            }
            catch (SqliteException e)
            {
                await connection.DisposeAsync();
                cancellationToken.ThrowIfCancellationRequested();
                throw Noted(SqliteErrors.Translate(e));
            }
            catch
            {
                await connection.DisposeAsync();
                throw;
            }
        }
        finally
        {
            _readers.Release();
        }
    }

    /// <summary>As <see cref="ReadAsync{T}(Func{SqliteConnection, T}, CancellationToken)"/>, for a read that may scan a whole table; some readers are always reserved for other reads.</summary>
    public Task<T> ReadLongAsync<T>(Func<SqliteConnection, T> read, CancellationToken cancellationToken) => ReadAsync(_longReaders, read, cancellationToken);

    /// <summary>As <see cref="ReadAsync{T}(Func{SqliteConnection, T}, CancellationToken)"/>, for a step of a stream: streams that are behind leave readers to all others.</summary>
    public Task<T> ReadStreamAsync<T>(Func<SqliteConnection, T> read, CancellationToken cancellationToken) => ReadAsync(_streamReaders, read, cancellationToken);

    private async Task<T> ReadAsync<T>(SemaphoreSlim admission, Func<SqliteConnection, T> read, CancellationToken cancellationToken)
    {
        await admission.WaitAsync(cancellationToken);
        try
        {
            return await ReadAsync(read, cancellationToken);
        }
        finally
        {
            admission.Release();
        }
    }

    /// <summary>Remembers damage, for health checks.</summary>
    /// <returns>The error.</returns>
    internal Exception Noted(Exception error)
    {
        if (error is not StoreDamagedException || Damage is not null) return error;
        Damage = error.Message;
        if (IsReadOnly) return error; // Nothing is written beside a file that is only read, such as a backup.
        try
        {
            File.WriteAllText(SuspectPath, error.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next start then checks less of a large file.
        }
        return error;
    }

    /// <summary>Cancels statements of <paramref name="connection"/> when the token is cancelled, until the result is disposed.</summary>
    /// <remarks>SQLite polls it after a number of steps: an interrupt between two statements would be lost.</remarks>
    internal static StatementStop StopOn(SqliteConnection connection, CancellationToken cancellationToken)
    {
        if (!cancellationToken.CanBeCanceled) return default;
        cancellationToken.ThrowIfCancellationRequested();
        var handle = connection.Handle;
        SQLitePCL.raw.sqlite3_progress_handler(handle, StepsBetweenLooks, _ => cancellationToken.IsCancellationRequested ? 1 : 0, null);
        return new(handle);
    }

    /// <summary>Checks a token until it is disposed.</summary>
    internal readonly struct StatementStop(SQLitePCL.sqlite3? handle) : IDisposable
    {
        public void Dispose()
        {
            if (handle is not null) SQLitePCL.raw.sqlite3_progress_handler(handle, 0, null, null);
        }
    }

    /// <summary>Closes the connections; a second call does nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isClosed, true)) return;
        Writer.Dispose();
        CloseIdle();
    }

    private void CloseIdle()
    {
        while (_idle.TryTake(out var connection)) connection.Dispose();
    }
}
