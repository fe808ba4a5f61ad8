namespace SensorDash.Web.Operations;

/// <summary>Work in the background, one job at a time. A job outlives the request that began it; a stop of the server cancels it and waits for its end.</summary>
internal abstract class SingleJob : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();

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
        await _stop.CancelAsync();
        Task running;
        lock (Gate) running = Running;
        await running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Cancels the job. The source of the cancellation stays, because a host may be disposed before it is stopped, or meanwhile; without a timer it holds nothing.</summary>
    public void Dispose() => _stop.Cancel();
}
