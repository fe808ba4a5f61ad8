using SensorDash.Data.Storage;

namespace SensorDash.Data.Ingest;

/// <summary>Keeps what senders send out of the store while an import fills it: nothing else may write there, so that the copy is provably complete. Queued rows wait, as while a store is away.</summary>
public sealed class IngestHold<TRow>
    where TRow : IRow
{
    private readonly Lock _lock = new();
    private string? _reason;
    private int _running;
    private TaskCompletionSource? _idle;

    /// <summary>Why rows are held; null when they are not.</summary>
    public string? Reason => Volatile.Read(ref _reason);

    /// <summary>From now on no batch begins; returns when the last one has ended.</summary>
    /// <exception cref="OperationCanceledException">Rows are held all the same, until <see cref="End"/>.</exception>
    public async Task BeginAsync(string reason, CancellationToken cancellationToken)
    {
        Task idle;
        lock (_lock)
        {
            _reason = reason;
            idle = _running == 0 ? Task.CompletedTask : (_idle ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
        await idle.WaitAsync(cancellationToken);
    }

    /// <summary>Rows are stored again.</summary>
    public void End()
    {
        lock (_lock) _reason = null;
    }

    internal void Enter()
    {
        lock (_lock)
        {
            if (_reason is not null) throw new StoreUnavailableException(_reason);
            _running++;
        }
    }

    internal void Leave()
    {
        lock (_lock)
        {
            if (--_running > 0) return;
            _idle?.TrySetResult();
            _idle = null;
        }
    }
}

/// <summary>The store of ingest, unless its rows are held.</summary>
internal sealed class HeldRowStore<TRow>(IRowStore<TRow> store, IngestHold<TRow> hold) : IRowStore<TRow>
    where TRow : IRow
{
    public async Task<int> AppendAsync(ReadOnlyMemory<TRow> batch, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
    {
        hold.Enter();
        try
        {
            return await store.AppendAsync(batch, outcomes, cancellationToken);
        }
        finally
        {
            hold.Leave();
        }
    }
}
