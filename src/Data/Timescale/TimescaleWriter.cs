using Npgsql;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <summary>A connection for one kind of rows that this process writes, one batch after the other.</summary>
/// <remarks>Kept between batches: its prepared statements are, and a flood of readers can take every connection but this one.</remarks>
internal sealed class TimescaleWriter(TimescaleDatabase database) : IDisposable, IAsyncDisposable
{
    private readonly SemaphoreSlim _writeLock = new(1);
    private NpgsqlConnection? _connection;

    /// <summary>Runs <paramref name="write"/> when it is this caller's turn; the transaction is its own.</summary>
    /// <exception cref="StoreUnavailableException">Nothing is known to be stored; the same may be tried again.</exception>
    /// <exception cref="StoreRejectedException">A row cannot be stored; nothing is stored.</exception>
    public async Task<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> write, CancellationToken cancellationToken)
    {
        await _writeLock.WaitAsync(cancellationToken);
        try
        {
            return await write(await OpenAsync(cancellationToken));
        }
        catch (Exception e)
        {
            // The state of the connection is not known: it may be broken, or in a transaction that the server ends with it.
            await CloseAsync();
            if (e is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
                throw new StoreUnavailableException("Another program wrote these rows without the writer lock; retrying.", e);
            if (e is NpgsqlException npgsql) throw TimescaleErrors.Translate(npgsql, cancellationToken);
            throw;
        }
        finally
        {
            _writeLock.Release();
        }
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        if (_connection is { FullState: System.Data.ConnectionState.Open }) return _connection;
        await CloseAsync();
        return _connection = await database.OpenAsync(cancellationToken);
    }

    private async Task CloseAsync()
    {
        if (_connection is { } connection) await connection.DisposeAsync();
        _connection = null;
    }

    public void Dispose()
    {
        _connection?.Dispose();
        _writeLock.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _writeLock.Dispose();
    }
}
