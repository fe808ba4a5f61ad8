using Microsoft.Data.Sqlite;
using SensorDash.Data.Storage;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <summary>The only connection that writes batches to a SQLite file. Writers acquire the writer lock, so that none gets SQLITE_BUSY.</summary>
/// <remarks>Batches go through SQLite's own C functions: a driver command per row costs as much as the row.</remarks>
public sealed class SqliteWriter(SqliteDatabase database) : IWriterLock, IDisposable
{
    private readonly SemaphoreSlim _writeLock = new(1); // Not disposed: a writer may outlive the database, and releases it then.
    private readonly Dictionary<string, sqlite3_stmt> _statements = [];
    private SqliteConnection? _connection;
    private sqlite3? _handle;
    private volatile bool _isClosed;

    /// <summary>Runs <paramref name="work"/> in a transaction: committed when it returns, rolled back when it throws.</summary>
    /// <exception cref="StoreUnavailableException">Nothing is changed; retry unchanged.</exception>
    /// <exception cref="StoreRejectedException">A row cannot be stored; nothing is changed.</exception>
    internal async Task<T> TransactAsync<T>(Func<SqliteWriter, T> work, CancellationToken cancellationToken)
    {
        await AcquireWriterLockAsync(cancellationToken);
        try
        {
            await OpenAsync(cancellationToken);
            Execute("BEGIN IMMEDIATE"); // Takes the write lock, so it also fails when the file is read-only.
            try
            {
                T result;
                using (SqliteDatabase.StopOn(_connection!, cancellationToken)) result = work(this);
                Execute("COMMIT");
                return result;
            }
            catch
            {
                // Some errors, such as a full disk, have already rolled back.
                if (raw.sqlite3_get_autocommit(_handle) == 0) raw.sqlite3_exec(_handle, "ROLLBACK");
                throw;
            }
        }
        finally
        {
            _writeLock.Release();
        }
    }

    /// <summary>Runs <paramref name="act"/> with the connection, outside a transaction, while nobody writes.</summary>
    /// <exception cref="StoreUnavailableException">The file cannot be opened.</exception>
    internal async Task<T> UseAsync<T>(Func<sqlite3, T> act, CancellationToken cancellationToken)
    {
        await AcquireWriterLockAsync(cancellationToken);
        try
        {
            await OpenAsync(cancellationToken);
            return act(_handle!);
        }
        finally
        {
            _writeLock.Release();
        }
    }

    /// <inheritdoc/>
    public async Task<IDisposable> AcquireAsync(CancellationToken cancellationToken)
    {
        await AcquireWriterLockAsync(cancellationToken);
        return new Release(_writeLock);
    }

    private async Task AcquireWriterLockAsync(CancellationToken cancellationToken)
    {
        await _writeLock.WaitAsync(cancellationToken);
        if (!_isClosed) return;
        _writeLock.Release();
        throw new ObjectDisposedException(nameof(SqliteWriter));
    }

    /// <summary>The prepared form of <paramref name="sql"/>; only inside a transaction of <see cref="TransactAsync"/>.</summary>
    internal sqlite3_stmt Statement(string sql)
    {
        if (_statements.TryGetValue(sql, out var known)) return known;
        var code = raw.sqlite3_prepare_v2(_handle, sql, out var statement);
        if (code != raw.SQLITE_OK) throw Failure(code);
        return _statements[sql] = statement;
    }

    /// <summary>For reads of the driver inside a transaction of <see cref="TransactAsync"/>.</summary>
    internal SqliteConnection Connection => _connection!;

    /// <summary>Runs a statement without result rows.</summary>
    /// <returns>Changed rows.</returns>
    internal int Run(sqlite3_stmt statement)
    {
        Step(statement, raw.SQLITE_DONE);
        raw.sqlite3_reset(statement);
        return raw.sqlite3_changes(_handle);
    }

    /// <summary>Runs a statement with integer parameters.</summary>
    /// <returns>Changed rows.</returns>
    internal int Run(string sql, params ReadOnlySpan<long?> values) => Run(Bound(sql, values));

    /// <summary>The prepared form of a statement with integer parameters.</summary>
    internal sqlite3_stmt Bound(string sql, params ReadOnlySpan<long?> values)
    {
        var statement = Statement(sql);
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] is { } value) raw.sqlite3_bind_int64(statement, i + 1, value);
            else raw.sqlite3_bind_null(statement, i + 1);
        }
        return statement;
    }

    /// <summary>Runs a statement to its first row, if any; the caller must reset it.</summary>
    internal bool ReadRow(sqlite3_stmt statement)
    {
        var code = raw.sqlite3_step(statement);
        if (code == raw.SQLITE_ROW) return true;
        if (code == raw.SQLITE_DONE) return false;
        throw FailureOf(statement, code);
    }

    /// <summary>Runs a statement that is not worth keeping.</summary>
    /// <returns>Its rows: integers and texts.</returns>
    internal List<object?[]> Rows(string sql)
    {
        var code = raw.sqlite3_prepare_v2(_handle, sql, out var statement);
        if (code != raw.SQLITE_OK) throw Failure(code);
        using (statement)
        {
            var rows = new List<object?[]>();
            while (ReadRow(statement))
            {
                var row = new object?[raw.sqlite3_column_count(statement)];
                for (var i = 0; i < row.Length; i++)
                    row[i] = raw.sqlite3_column_type(statement, i) == raw.SQLITE_INTEGER ? raw.sqlite3_column_int64(statement, i) : raw.sqlite3_column_text(statement, i).utf8_to_string();
                rows.Add(row);
            }
            return rows;
        }
    }

    private void Step(sqlite3_stmt statement, int expected)
    {
        var code = raw.sqlite3_step(statement);
        if (code != expected) throw FailureOf(statement, code);
    }

    private Exception FailureOf(sqlite3_stmt statement, int code)
    {
        var failure = Failure(code);
        raw.sqlite3_reset(statement);
        return failure;
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (_connection is not null) return;
        var connection = await database.OpenAsync(cancellationToken);
        _handle = connection.Handle;
        raw.sqlite3_busy_timeout(_handle, SqliteDatabase.BusyTimeoutSeconds * 1000);
        _connection = connection;
    }

    /// <summary>Runs a statement that is not worth keeping.</summary>
    internal void Execute(string sql)
    {
        var code = raw.sqlite3_exec(_handle, sql);
        if (code != raw.SQLITE_OK) throw Failure(code);
    }

    private Exception Failure(int code) => database.Noted(SqliteErrors.Translate(code, raw.sqlite3_errmsg(_handle).utf8_to_string()));

    public void Dispose()
    {
        _isClosed = true;
        foreach (var statement in _statements.Values) statement.Dispose();
        _connection?.Dispose();
    }

    private sealed class Release(SemaphoreSlim writeLock) : IDisposable
    {
        private SemaphoreSlim? _held = writeLock;

        public void Dispose() => Interlocked.Exchange(ref _held, null)?.Release();
    }
}
