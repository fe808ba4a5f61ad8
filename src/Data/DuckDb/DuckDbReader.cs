using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb;

/// <summary>A connection for one question, which <see cref="DuckDbReaders.Evict"/> may take away between two looks at it. For one thread at a
/// time, which is blocked while DuckDB works.</summary>
internal sealed class DuckDbReader : IDisposable
{
    // A chunk of DuckDB's.
    private const int RowsAtOnce = 2048;

    private readonly DuckDbReaders _readers;
    private readonly DuckDbConnection _connection;
    private readonly CancellationToken _asker;
    private readonly CancellationTokenSource _stop;

    // Held while anything of the connection is used: what DuckDB gave is memory of its own, gone with the connection.
    private readonly Lock _gate = new();
    private DuckDbRows? _rows;
    private bool _isDisconnected;

    internal DuckDbReader(DuckDbReaders readers, DuckDbConnection connection, CancellationToken cancellationToken)
    {
        (_readers, _connection, _asker) = (readers, connection, cancellationToken);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    /// <summary>Uses the connection; nothing of it may be kept.</summary>
    /// <exception cref="StoreUnavailableException">DuckDB cannot answer, or its file is being closed.</exception>
    public T Use<T>(Func<DuckDbConnection, CancellationToken, T> use)
    {
        try
        {
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_isDisconnected, this);
                return use(_connection, _stop.Token);
            }
        }
        catch (OperationCanceledException e)
        {
            _asker.ThrowIfCancellationRequested();
            throw Unavailable(e);
        }
        catch (Exception e) when (e is DuckDbException or ObjectDisposedException)
        {
            throw Unavailable(e);
        }
    }

    /// <summary>Begins a query, whose rows <see cref="Next"/> brings; the query before it is over.</summary>
    /// <inheritdoc cref="Use" path="/exception"/>
    public void Begin(string sql) => Use((connection, stop) => _rows = connection.Query(sql, stop));

    /// <summary>Reads the next rows, some thousands at most.</summary>
    /// <param name="read">Gets each row; nothing of it may be kept.</param>
    /// <returns>False after the last row.</returns>
    /// <inheritdoc cref="Use" path="/exception"/>
    public bool Next(Action<DuckDbRows> read) => Use((_, _) =>
    {
        var count = 0;
        for (; count < RowsAtOnce && _rows!.Read(); count++) read(_rows);
        return count > 0;
    });

    public void Dispose()
    {
        Disconnect(); // First: whoever is in the list has a connection, or had one.
        _readers.Remove(this);
        _stop.Dispose();
    }

    /// <summary>Ends the query that runs, within milliseconds. Only for a reader that is in the list.</summary>
    internal void Interrupt() => _stop.Cancel();

    internal void Disconnect()
    {
        lock (_gate)
        {
            _isDisconnected = true;
            _connection.Dispose();
        }
    }

    /// <summary>The product's exception for a question that another engine can answer: DuckDB is out of its memory limit, say, or just being rebuilt.</summary>
    internal static StoreUnavailableException Unavailable(Exception error) => new("DuckDB cannot answer.", error);
}
