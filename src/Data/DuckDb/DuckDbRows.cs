using DuckDB.NET.Data;

namespace SensorDash.Data.DuckDb;

/// <summary>The rows of a query, read forward, once. Use it on the thread of its connection. Dispose it before you use the connection again.</summary>
internal sealed class DuckDbRows : IDisposable
{
    private readonly DuckDBDataReader _reader;
    private readonly DuckDbInterruption? _interruption;
    private readonly CancellationToken _cancellationToken;
    private bool _isDisposed;

    private DuckDbRows(DuckDBDataReader reader, DuckDbInterruption? interruption, CancellationToken cancellationToken)
        => (_reader, _interruption, _cancellationToken) = (reader, interruption, cancellationToken);

    /// <summary>Goes to the next row.</summary>
    /// <returns>False after the last one.</returns>
    /// <exception cref="DuckDbException">The query failed while rows were read.</exception>
    /// <exception cref="OperationCanceledException">The query's token was cancelled.</exception>
    public bool Read()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        try
        {
            if (_reader.Read()) return true;
        }
        catch (Exception e) when (DuckDbException.Translate(e, _cancellationToken) is { } translated)
        {
            throw translated;
        }
        // An interrupted query may simply end; this must not look like the last row.
        _cancellationToken.ThrowIfCancellationRequested();
        return false;
    }

    /// <summary>A value of the row.</summary>
    /// <typeparam name="T">The column's type; a nullable one for a column that may be null. A list of DOUBLE is a <see cref="List{T}"/> of
    /// <see cref="double"/>; lists of other types are boxed, so cast them in SQL.</typeparam>
    /// <exception cref="InvalidCastException">The column has another type, or its value is null.</exception>
    public T Get<T>(int column)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _reader.GetFieldValue<T>(column);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _interruption?.Dispose();
        _reader.Dispose();
    }

    internal static DuckDbRows Begin(DuckDBConnection connection, string sql, CancellationToken cancellationToken)
    {
        var interruption = DuckDbInterruption.Watch(connection.NativeConnection, cancellationToken);
        try
        {
            using var command = new DuckDBCommand(sql, connection) { UseStreamingMode = true };
            return new(command.ExecuteReader(), interruption, cancellationToken);
        }
        catch (Exception e)
        {
            interruption?.Dispose();
            if (DuckDbException.Translate(e, cancellationToken) is { } translated) throw translated;
            throw;
        }
    }
}
