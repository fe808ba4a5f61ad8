namespace SensorDash.Web.Operations;

/// <summary>Work in the background, one job at a time. A job outlives the request that began it; a stop of the server cancels it and waits for its end.</summary>
internal abstract class SingleJob : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private volatile bool _isDisposed;

    /// <summary>Held while it is decided whether a job begins.</summary>
    protected Lock Gate { get; } = new();

    /// <summary>The job that runs, or the last one; completed without.</summary>
    protected Task Running { get; private set; } = Task.CompletedTask;

    protected bool IsStopping => _stop.IsCancellationRequested;

    /// <summary>Begins a job, which catches every error itself. The caller holds <see cref="Gate"/>, and no other job runs.</summary>
    protected void Begin(Func<CancellationToken, Task> job)
    {
        var token = _stop.Token;
        Running = Task.Run(() => job(token), CancellationToken.None);
    }

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    async Task IHostedService.StopAsync(CancellationToken cancellationToken)
    {
        if (!_isDisposed) await _stop.CancelAsync(); // A host may be disposed before it is stopped.
        Task running;
        lock (Gate) running = Running;
        await running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        _isDisposed = true;
        _stop.Dispose();
    }
}
