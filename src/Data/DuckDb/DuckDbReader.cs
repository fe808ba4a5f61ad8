using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb;

/// <summary>A connection for one query, which <see cref="DuckDbReaders.Evict"/> may close between two uses. For one thread at a
/// time, which is blocked while DuckDB works.</summary>
public sealed class DuckDbReader : IDisposable
{
    // One chunk of DuckDB.
    private const int RowsAtOnce = 2048;

    private readonly DuckDbReaders _readers;
    private readonly DuckDbConnection _connection;
    private readonly CancellationToken _asker;
    private readonly CancellationTokenSource _stop;

    // Locked while the connection is in use: DuckDB's results are native memory, freed with the connection.
    private readonly Lock _gate = new();
    private DuckDbRows? _rows;
    private bool _isDisconnected;

    internal DuckDbReader(DuckDbReaders readers, DuckDbConnection connection, CancellationToken cancellationToken)
    {
        (_readers, _connection, _asker) = (readers, connection, cancellationToken);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    /// <summary>Uses the connection; do not keep any of its objects.</summary>
    /// <exception cref="StoreUnavailableException">The query failed, or the file is being closed.</exception>
    internal T Use<T>(Func<DuckDbConnection, CancellationToken, T> use)
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

    /// <summary>Starts a query; <see cref="Next"/> reads its rows. It ends the previous query.</summary>
    /// <inheritdoc cref="Use" path="/exception"/>
    internal void Begin(string sql) => Use((connection, stop) => _rows = connection.Query(sql, stop));

    /// <summary>Reads the next rows, at most a few thousand.</summary>
    /// <param name="read">Receives each row; do not keep it.</param>
    /// <returns>False after the last row.</returns>
    /// <inheritdoc cref="Use" path="/exception"/>
    internal bool Next(Action<DuckDbRows> read) => Use((_, _) =>
    {
        var count = 0;
        for (; count < RowsAtOnce && _rows!.Read(); count++) read(_rows);
        return count > 0;
    });

    public void Dispose()
    {
        Disconnect(); // First: readers in the list have, or had, a connection.
        _readers.Remove(this);
        _stop.Dispose();
    }

    /// <summary>Cancels the running query within milliseconds. Only for a reader that is in the list.</summary>
    internal void Interrupt() => _stop.Cancel();

    internal void Disconnect()
    {
        lock (_gate)
        {
            _isDisconnected = true;
            _connection.Dispose();
        }
    }

    /// <summary>The product's exception for a query that another engine can run: for example, DuckDB exceeded its memory limit, or a rebuild runs.</summary>
    internal static StoreUnavailableException Unavailable(Exception error) => new("DuckDB is temporarily unavailable.", error);
}
