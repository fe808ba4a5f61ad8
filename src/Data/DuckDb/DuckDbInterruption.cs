using DuckDB.NET.Native;

namespace SensorDash.Data.DuckDb;

/// <summary>Turns a token's cancellation into interrupts of one connection, from its start until it is disposed.</summary>
internal sealed class DuckDbInterruption : IDisposable
{
    // DuckDB ignores an interrupt that arrives between the call and the start of its query, so it is repeated until the call returns.
    private static readonly TimeSpan _repeatEvery = TimeSpan.FromMilliseconds(5);

    private readonly DuckDBNativeConnection _connection;
    private readonly CancellationTokenRegistration _registration;

    // Under the lock: after _hasEnded is set no interrupt is sent, so none can cancel the connection's next query.
    private readonly Lock _lock = new();
    private Timer? _repeat;
    private bool _hasEnded;

    private DuckDbInterruption(DuckDBNativeConnection connection, CancellationToken cancellationToken)
    {
        _connection = connection;
        _registration = cancellationToken.UnsafeRegister(static state => ((DuckDbInterruption)state!).Begin(), this);
    }

    /// <summary>Null for a token that cannot be cancelled.</summary>
    /// <exception cref="OperationCanceledException">The token is already cancelled.</exception>
    public static DuckDbInterruption? Watch(DuckDBNativeConnection connection, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return cancellationToken.CanBeCanceled ? new(connection, cancellationToken) : null;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _hasEnded = true;
            _repeat?.Dispose();
        }
        _registration.Dispose();
    }

    private void Begin()
    {
        lock (_lock)
        {
            if (_hasEnded) return;
            _repeat = new Timer(static state => ((DuckDbInterruption)state!).Interrupt(), this, _repeatEvery, _repeatEvery);
        }
        Interrupt();
    }

    private void Interrupt()
    {
        lock (_lock)
        {
            // A closed connection has no query left to interrupt.
            if (!_hasEnded && !_connection.IsClosed) _connection.Interrupt();
        }
    }
}
