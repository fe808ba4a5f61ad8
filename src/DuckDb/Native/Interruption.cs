namespace SensorDash.DuckDb.Native;

/// <summary>Turns a token's cancellation into interrupts of one connection, from its start until it is disposed.</summary>
internal sealed class Interruption : IDisposable
{
    // DuckDB forgets an interrupt that arrives between our call and the start of its query, so it is repeated until the call is
    // back.
    private static readonly TimeSpan _repeatEvery = TimeSpan.FromMilliseconds(5);

    private readonly ConnectionHandle _connection;
    private readonly CancellationTokenRegistration _registration;
    // Under the gate: once _ended is set no interrupt goes out, so none can hit the connection's next query.
    private readonly Lock _gate = new();
    private Timer? _repeat;
    private bool _ended;

    private Interruption(ConnectionHandle connection, CancellationToken cancellationToken)
    {
        _connection = connection;
        _registration = cancellationToken.UnsafeRegister(static state => ((Interruption)state!).Begin(), this);
    }

    /// <summary>Null, at no cost, for a token that cannot be cancelled.</summary>
    /// <exception cref="OperationCanceledException">The token is cancelled already.</exception>
    internal static Interruption? Watch(ConnectionHandle connection, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return cancellationToken.CanBeCanceled ? new Interruption(connection, cancellationToken) : null;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _ended = true;
            _repeat?.Dispose();
        }
        _registration.Dispose();
    }

    private void Begin()
    {
        lock (_gate)
        {
            if (_ended) return;
            _repeat = new Timer(static state => ((Interruption)state!).Repeat(), this, _repeatEvery, _repeatEvery);
        }
        Repeat();
    }

    private void Repeat()
    {
        lock (_gate)
        {
            // A closed connection has no query left to interrupt.
            if (!_ended && !_connection.IsClosed) NativeMethods.Interrupt(_connection);
        }
    }
}
