namespace SensorDash.Data.DuckDb;

/// <summary>A transaction of one connection. If it is disposed before <see cref="Commit"/>, it is rolled back.</summary>
/// <remarks>It runs SQL statements: the driver's transaction may throw when it is disposed, and hide the original error.</remarks>
internal sealed class DuckDbTransaction : IDisposable
{
    private readonly DuckDbConnection _connection;
    private bool _hasEnded;

    internal DuckDbTransaction(DuckDbConnection connection) => _connection = connection;

    /// <summary>Makes the changes durable and visible to others. It has no token: after an interrupted commit it would be unknown whether it
    /// happened.</summary>
    /// <exception cref="DuckDbException">DuckDB rolled back instead.</exception>
    public void Commit()
    {
        ObjectDisposedException.ThrowIf(_hasEnded, this);
        _connection.Execute("COMMIT", CancellationToken.None);
        _hasEnded = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_hasEnded) return;
        _hasEnded = true;
        try
        {
            _connection.Execute("ROLLBACK", CancellationToken.None);
        }
        catch (Exception e) when (e is DuckDbException or ObjectDisposedException)
        {
            // DuckDB ended the transaction itself because of the error, or the connection is closed.
        }
    }
}
