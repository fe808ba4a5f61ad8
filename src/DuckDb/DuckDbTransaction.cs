namespace SensorDash.DuckDb;

/// <summary>A transaction of one connection. Disposed before <see cref="Commit"/>, it is rolled back.</summary>
public sealed class DuckDbTransaction : IDisposable
{
    private readonly DuckDbConnection _connection;
    private bool _ended;

    internal DuckDbTransaction(DuckDbConnection connection) => _connection = connection;

    /// <summary>Makes the changes durable and visible to others.</summary>
    /// <exception cref="DuckDbException">DuckDB rolled back instead, for a conflict or a constraint that is checked at the
    /// end.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the commit began; a commit that began is not
    /// interrupted.</exception>
    public void Commit(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_ended, this);
        // No token: after an interrupted commit nobody would know whether it happened.
        _connection.Execute("COMMIT", CancellationToken.None);
        _ended = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_ended) return;
        _ended = true;
        if (_connection.Handle.IsClosed) return;
        try
        {
            _connection.Execute("ROLLBACK", CancellationToken.None);
        }
        catch (DuckDbException)
        {
            // DuckDB ended the transaction itself, for the error that brought us here; that error is the one to show.
        }
    }
}
