using Npgsql;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <summary>The connection of one writer of this process, for one batch after the other.</summary>
/// <remarks>Kept between batches, with its prepared statements, so that many readers cannot take it.</remarks>
/// <param name="database">The server.</param>
/// <param name="writerLock">Number of the writer lock that the writes acquire first.</param>
internal sealed class TimescaleWriter(TimescaleDatabase database, int writerLock) : IDisposable, IAsyncDisposable
{
    // While the server waits for the data of a COPY, none of its own limits ends a frozen client: neither that of statements nor that of idle transactions.
    // A process that works never lets the server wait for it so long.
    private const string EndFrozenHolder = """
        SELECT pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.classid = 0 AND l.objid::bigint = $1
            AND l.objsubid = 1 AND l.granted AND a.wait_event_type = 'Client' AND a.state_change < clock_timestamp() - make_interval(secs => $2)
        """;

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
            if (e is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable }) await EndFrozenHolderAsync(cancellationToken);
            if (e is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
                throw new StoreUnavailableException("Another program wrote these rows without the writer lock; retrying.", e);
            if (TimescaleErrors.IsOfDriver(e)) throw TimescaleErrors.Translate(e, cancellationToken);
            throw;
        }
        finally
        {
            _writeLock.Release();
        }
    }

    // So that others wait no longer than the limit; the next attempt finds the lock free.
    private async Task EndFrozenHolderAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await database.DataSource.OpenConnectionAsync(cancellationToken);
            await using var end = new NpgsqlCommand(EndFrozenHolder, connection);
            end.Parameters.Add(new NpgsqlParameter<long> { TypedValue = writerLock });
            end.Parameters.Add(new NpgsqlParameter<double> { TypedValue = database.WriterTimeout });
            await end.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (Exception e) when (TimescaleErrors.IsOfDriver(e))
        {
            // The caller reports that the lock is held, and tries again.
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
