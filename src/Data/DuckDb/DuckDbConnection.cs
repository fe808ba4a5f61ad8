using DuckDB.NET.Data;

namespace SensorDash.Data.DuckDb;

/// <summary>One session with its transaction, for one thread at a time.</summary>
/// <remarks>
/// DuckDB works on the calling thread. A cancelled token interrupts it within milliseconds; the connection remains usable, but a transaction of the
/// caller's must be rolled back. A statement that completes before the interrupt arrives succeeds.
/// </remarks>
internal sealed class DuckDbConnection : IDisposable
{
    private readonly DuckDBConnection _connection;
    private DuckDbRows? _rows;
    private bool _isDisposed;

    internal DuckDbConnection(DuckDBConnection connection) => _connection = connection;

    /// <summary>Runs one or more statements, separated by semicolons.</summary>
    /// <returns>Inserted, updated or deleted rows.</returns>
    /// <exception cref="DuckDbException">A statement failed; earlier statements remain executed, unless they belong to a transaction.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public long Execute(string sql, CancellationToken cancellationToken)
        => Run(connection =>
        {
            using var command = new DuckDBCommand(sql, connection);
            return (long)command.ExecuteNonQuery();
        }, cancellationToken);

    /// <summary>Starts a query whose rows are computed while they are read, in constant memory. Any other statement on the connection ends
    /// it.</summary>
    /// <inheritdoc cref="Execute" path="/exception"/>
    public DuckDbRows Query(string sql, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        EndRows();
        return _rows = DuckDbRows.Begin(_connection, sql, cancellationToken);
    }

    /// <summary>Runs a query for many rows, many times faster than <see cref="Query"/>; blocks until all were received.</summary>
    /// <inheritdoc cref="DuckDbVectors.Read" path="/param"/>
    /// <inheritdoc cref="Execute" path="/exception"/>
    public void ReadVectors(string sql, DuckDbVectors.Receiver receive, CancellationToken cancellationToken)
        => Run(connection =>
        {
            DuckDbVectors.Read(connection.NativeConnection, sql, receive, cancellationToken);
            return true;
        }, cancellationToken);

    /// <summary>The first value of a query's first row; for a query that always returns a row.</summary>
    /// <inheritdoc cref="Execute" path="/exception"/>
    public T Scalar<T>(string sql, CancellationToken cancellationToken)
    {
        using var rows = Query(sql, cancellationToken);
        return rows.Read() ? rows.Get<T>(0) : throw new InvalidOperationException($"The query returns no row: {sql}");
    }

    /// <summary>The names of the tables of the file.</summary>
    /// <inheritdoc cref="Execute" path="/exception"/>
    public HashSet<string> ListTables(CancellationToken cancellationToken)
    {
        var tables = new HashSet<string>();
        using var rows = Query("SELECT table_name FROM duckdb_tables() WHERE NOT internal AND NOT temporary", cancellationToken);
        while (rows.Read()) tables.Add(rows.Get<string>(0));
        return tables;
    }

    /// <summary>Appends rows to a table, much faster than INSERT. After an error some of them may be in the table, so use it within a
    /// transaction.</summary>
    /// <param name="table">Table name, not quoted.</param>
    /// <param name="rows">Source of the rows.</param>
    /// <param name="write">Appends the values of all columns, in order.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <inheritdoc cref="Execute" path="/exception"/>
    public void Append<T>(string table, IEnumerable<T> rows, Action<IDuckDBAppenderRow, T> write, CancellationToken cancellationToken)
        => Run(connection =>
        {
            var appender = connection.CreateAppender(table);
            try
            {
                foreach (var row in rows) appender.AppendRow(row, write);
                appender.Close();
                return true;
            }
            catch
            {
                Release(appender);
                throw;
            }
        }, cancellationToken);

    /// <summary>Appends many rows to a table in chunks. After an error some of them may be in the table, so use it within a transaction.</summary>
    /// <inheritdoc cref="DuckDbChunk.Append" path="/param"/>
    /// <inheritdoc cref="Execute" path="/exception"/>
    public void AppendChunks(string table, int rows, Action<DuckDbChunk, int, int> write, CancellationToken cancellationToken)
        => Run(connection =>
        {
            DuckDbChunk.Append(connection.NativeConnection, table, rows, write, cancellationToken);
            return true;
        }, cancellationToken);

    /// <summary>Begins a transaction.</summary>
    /// <inheritdoc cref="Execute" path="/exception"/>
    public DuckDbTransaction BeginTransaction(CancellationToken cancellationToken)
    {
        Execute("BEGIN TRANSACTION", cancellationToken);
        return new(this);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        EndRows(); // First, because the connection frees their memory.
        _connection.Dispose();
    }

    private T Run<T>(Func<DuckDBConnection, T> work, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        EndRows();
        using var interruption = DuckDbInterruption.Watch(_connection.NativeConnection, cancellationToken);
        try
        {
            return work(_connection);
        }
        catch (Exception e) when (DuckDbException.Translate(e, cancellationToken) is { } translated)
        {
            throw translated;
        }
    }

    private void EndRows()
    {
        _rows?.Dispose();
        _rows = null;
    }

    // Disposing writes buffered rows, and an error in that would hide the first error.
    private static void Release(DuckDBAppender appender)
    {
        try
        {
            appender.Dispose();
        }
        catch (DuckDBException)
        {
            // Report the first error.
        }
    }
}
