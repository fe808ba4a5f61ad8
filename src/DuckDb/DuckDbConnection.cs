using SensorDash.DuckDb.Native;

namespace SensorDash.DuckDb;

/// <summary>
/// One session with its transaction. For one thread at a time; only <see cref="Interrupt"/> may come from another. Its
/// statements, results and appenders keep it, and the database file, open until they are disposed.
/// </summary>
/// <remarks>
/// A cancelled token interrupts the running query, which ends within milliseconds with <see cref="OperationCanceledException"/>;
/// the connection works on. Without a transaction of the caller's the query then changed nothing; inside one, the transaction is
/// spoiled and must be rolled back. A query that is done before the interrupt reaches it succeeds. An interrupt that no token
/// asked for gives a <see cref="DuckDbException"/> of kind <see cref="DuckDbErrorKind.Interrupt"/>.
/// </remarks>
public sealed class DuckDbConnection : IDisposable
{
    internal DuckDbConnection(ConnectionHandle handle) => Handle = handle;

    internal ConnectionHandle Handle { get; }

    /// <summary>Runs one or more statements, separated by semicolons, and drops what they return.</summary>
    /// <returns>Rows that the last statement inserted, updated or deleted; 0 for any other.</returns>
    /// <exception cref="DuckDbException">A statement failed; the ones before it are done, unless a transaction held
    /// them.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; see the type's remarks.</exception>
    public long Execute(string sql, CancellationToken cancellationToken)
    {
        using var result = Query(sql, cancellationToken);
        return result.RowsChanged;
    }

    /// <summary>Runs one or more statements; the last one's rows are the result, all of them in memory.</summary>
    /// <inheritdoc cref="Execute" path="/exception"/>
    public DuckDbResult Query(string sql, CancellationToken cancellationToken)
    {
        NativeText.Whole(sql, nameof(sql));
        return DuckDbResult.Run(Handle, sql, (text, result) => NativeMethods.Query(Handle, text, result), cancellationToken);
    }

    /// <summary>Runs one statement and computes its rows while they are read, in constant memory. Anything else run on this
    /// connection ends the result.</summary>
    /// <inheritdoc cref="Execute" path="/exception"/>
    public DuckDbResult QueryStreaming(string sql, CancellationToken cancellationToken)
    {
        using var statement = Prepare(sql, cancellationToken);
        return statement.QueryStreaming(cancellationToken);
    }

    /// <summary>Plans one statement, with parameters as <c>?</c>, <c>$1</c> or <c>$name</c>, to run it once or often.</summary>
    /// <inheritdoc cref="Execute" path="/exception"/>
    public unsafe DuckDbStatement Prepare(string sql, CancellationToken cancellationToken)
    {
        NativeText.Whole(sql, nameof(sql));
        using var interruption = Interruption.Watch(Handle, cancellationToken);
        var state = NativeMethods.Prepare(Handle, sql, out var native);
        if (native == 0)
            throw new DuckDbException(DuckDbErrorKind.Unknown, "DuckDB could not prepare the statement and gave no reason.");
        var statement = new StatementHandle(native, Handle);
        if (state == NativeState.Success) return new DuckDbStatement(statement, Handle);
        using (statement)
            throw DuckDbException.FromText(NativeText.Read(NativeMethods.PrepareError(statement))).OrCanceled(cancellationToken);
    }

    /// <summary>The fast way to write many rows into a table.</summary>
    /// <param name="schema">Null: "main".</param>
    /// <param name="table">As it is, unquoted.</param>
    /// <exception cref="DuckDbException"><see cref="DuckDbErrorKind.Catalog"/>: no such table.</exception>
    /// <exception cref="NotSupportedException">The table has a column of a type that an appender cannot write.</exception>
    public DuckDbAppender CreateAppender(string? schema, string table)
    {
        if (schema is not null) NativeText.Whole(schema, nameof(schema));
        NativeText.Whole(table, nameof(table));
        return DuckDbAppender.Create(Handle, schema, table);
    }

    /// <summary>Begins a transaction; see <see cref="DuckDbTransaction"/>.</summary>
    /// <exception cref="DuckDbException"><see cref="DuckDbErrorKind.Transaction"/>: one is open already.</exception>
    public DuckDbTransaction BeginTransaction(CancellationToken cancellationToken)
    {
        Execute("BEGIN TRANSACTION", cancellationToken);
        return new DuckDbTransaction(this);
    }

    /// <summary>Ends the query that runs on this connection now; does nothing when none runs. From any thread.</summary>
    public void Interrupt() => NativeMethods.Interrupt(Handle);

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();
}
