using Npgsql;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <summary>The connection of one writer of this process, for one batch after the other.</summary>
/// <remarks>Kept between batches, with its prepared statements, so that many readers cannot take it.</remarks>
internal sealed class TimescaleWriter(TimescaleDatabase database) : IDisposable, IAsyncDisposable
{
    private readonly SemaphoreSlim _writeLock = new(1);
    private NpgsqlConnection? _connection;

    /// <summary>Runs <paramref name="write"/> under the write lock of this process; <paramref name="write"/> manages its own transaction.</summary>
    /// <exception cref="StoreUnavailableException">It is unknown whether anything is stored; retry unchanged.</exception>
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
            // The state of the connection is unknown: it may be broken, or in a transaction that the server ends with it.
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
