using SensorDash.DuckDb.Native;

namespace SensorDash.DuckDb;

/// <summary>
/// The rows of a query, read chunk by chunk, forward, once. It owns its chunks: each is valid until the next one is asked for.
/// For one thread at a time, and not while another thread uses its connection. Dispose it: it holds memory, and its connection
/// and database open.
/// </summary>
public sealed unsafe class DuckDbResult : IDisposable
{
    private readonly ResultHandle _handle;
    private readonly ConnectionHandle _connection;
    private readonly bool _isStreaming;
    private DuckDbChunk? _current;

    private DuckDbResult(ResultHandle handle, ConnectionHandle connection)
    {
        _handle = handle;
        _connection = connection;
        var count = (int)NativeMethods.ColumnCount(handle);
        var columns = new DuckDbColumnInfo[count];
        for (var i = 0; i < count; i++)
        {
            using var type = new LogicalTypeHandle(NativeMethods.ColumnLogicalType(handle, (ulong)i));
            columns[i] = new DuckDbColumnInfo(
                NativeText.Read(NativeMethods.ColumnName(handle, (ulong)i)), DuckDbColumnType.Read(type));
        }
        Columns = columns;
        // DuckDB reads the count from rows in memory; asked of a streaming result it reads memory that is something else.
        _isStreaming = NativeMethods.ResultIsStreaming(handle.Value) != 0;
        if (!_isStreaming) RowsChanged = (long)NativeMethods.RowsChanged(handle);
    }

    internal delegate NativeState Runner<in TQuery>(TQuery query, ResultHandle result);

    /// <summary>Names, which need not differ, and types.</summary>
    public IReadOnlyList<DuckDbColumnInfo> Columns { get; }

    /// <summary>Rows that the statement inserted, updated or deleted; 0 for any other, and for one with a RETURNING
    /// clause.</summary>
    public long RowsChanged { get; }

    /// <summary>The next chunk, of 1 to 2048 rows, or null after the last one. The chunk before it ends: its columns throw, and
    /// its spans must not be used.</summary>
    /// <exception cref="DuckDbException">A streaming result's query failed, or something else was run on its
    /// connection.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; a streaming result cannot go on after
    /// that.</exception>
    public DuckDbChunk? NextChunk(CancellationToken cancellationToken)
    {
        _current?.Release();
        _current = null;
        // Before anything is read through the struct: a disposed result's memory is gone.
        var shared = false;
        _handle.DangerousAddRef(ref shared);
        try
        {
            using var interruption = Interruption.Watch(_connection, cancellationToken);
            var native = NativeMethods.FetchChunk(_handle.Value);
            if (native != 0) return _current = new DuckDbChunk(new DataChunkHandle(native, _handle), Columns);
            if (NativeMethods.ResultError(_handle) != null)
                throw DuckDbException.FromResult(_handle).OrCanceled(cancellationToken);
            // An interrupted stream may just end; the caller must not take that for the last row.
            if (_isStreaming) cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
        finally
        {
            _handle.DangerousRelease();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _current?.Release();
        _handle.Dispose();
    }

    internal static DuckDbResult Run<TQuery>(
        ConnectionHandle connection, TQuery query, Runner<TQuery> run, CancellationToken cancellationToken)
    {
        using var interruption = Interruption.Watch(connection, cancellationToken);
        var handle = new ResultHandle(connection);
        try
        {
            if (run(query, handle) == NativeState.Success) return new DuckDbResult(handle, connection);
            throw DuckDbException.FromResult(handle).OrCanceled(cancellationToken);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}

/// <summary>One column of a result.</summary>
/// <param name="Name">As the query names it.</param>
/// <param name="Type">Never null.</param>
public sealed record DuckDbColumnInfo(string Name, DuckDbColumnType Type);
