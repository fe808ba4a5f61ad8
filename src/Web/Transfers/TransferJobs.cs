using SensorDash.Data.Events;
using SensorDash.Data.Ingest;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;

namespace SensorDash.Web.Transfers;

/// <summary>The transfers that this server runs for users, one at a time. They outlive the request that began them, and a stop of the server interrupts them: started again, they go on.</summary>
internal sealed partial class TransferJobs(
    ServerStores stores, DualWrite dualWrite, IngestHold<Reading> readingHold, IngestHold<LaneEvent> eventHold, CommitSignal commits, EventCommitSignal eventCommits,
    TimeProvider clock, ILogger<TransferJobs> logger) : IHostedLifecycleService, IDisposable
{
    private readonly Lock _lock = new();
    private TransferJob? _job;
    private CancellationTokenSource? _stop;
    private Task _running = Task.CompletedTask;
    private TransferJobState _stopsAs;
    private bool _isStopping;

    /// <summary>The transfer that runs, or the last one since the server started; null without.</summary>
    public TransferJob? Current
    {
        get
        {
            lock (_lock) return _job;
        }
    }

    /// <summary>Starts a transfer.</summary>
    /// <returns>Why it does not start; null if it does.</returns>
    public string? TryStart(TransferJob job)
    {
        lock (_lock)
        {
            if (_isStopping) return "the server is stopping";
            if (_job is { Status.IsOpen: true } other) return $"another transfer is {other.State.ToString().ToLowerInvariant()}: {other.Text}";
            Begin(job);
            return null;
        }
    }

    /// <summary>Goes on with a transfer that was paused.</summary>
    /// <returns>Why it does not; null if it does.</returns>
    public string? TryResume()
    {
        lock (_lock)
        {
            if (_isStopping || _job is not { State: TransferJobState.Paused } job) return "no transfer is paused";
            job.Continue();
            Begin(job);
            return null;
        }
    }

    /// <summary>Stops the transfer that runs, after at most one chunk; returns when it has stopped.</summary>
    /// <param name="isPause">Whether ingest waits until it goes on, so that it can.</param>
    public async Task StopAsync(bool isPause)
    {
        Task running;
        CancellationTokenSource? stop;
        lock (_lock)
        {
            if (_job is not { Status.IsOpen: true } job) return;
            if (job.State == TransferJobState.Paused && isPause) return;
            (running, stop, _stopsAs) = (_running, _stop, isPause ? TransferJobState.Paused : TransferJobState.Cancelled);
            if (job.State == TransferJobState.Paused)
            {
                job.End(TransferJobState.Cancelled, null);
                Release();
                return;
            }
        }
        try
        {
            if (stop is not null) await stop.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself, and another one has begun.
        }
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // Under the lock.
    private void Begin(TransferJob job)
    {
        _stop?.Dispose();
        _stop = new();
        _job = job;
        _running = RunAsync(job, _stop.Token);
    }

    private async Task RunAsync(TransferJob job, CancellationToken cancellationToken)
    {
        await Task.Yield(); // The request ends.
        var holds = false;
        try
        {
            if (job.Kind == TransferJobKind.Compare) await CompareAsync(job, cancellationToken);
            else await ImportAsync(job, cancellationToken);
            Log.Ended(logger, job.File, job.Target, job.State);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            holds = _stopsAs == TransferJobState.Paused;
            job.End(_stopsAs, null);
        }
        catch (Exception e) when (e is TransferException or StoreUnavailableException or StoreRejectedException or StoreFaultException or StoreStartupException or Operations.StartupException
            or IOException or UnauthorizedAccessException or System.Data.Common.DbException)
        {
            job.End(TransferJobState.Failed, e.Message);
            Log.NotContinued(logger, job.File, job.Target, e.Message);
        }
        catch (Exception e) // Any error: a transfer must never end the program.
        {
            job.End(TransferJobState.Failed, "An unexpected error; the log has it.");
            Log.Failed(logger, job.File, job.Target, e);
        }
        finally
        {
            if (!holds) Release();
            commits.PublishOther();
            eventCommits.PublishOther();
        }
    }

    private void Release()
    {
        readingHold.End();
        eventHold.End();
    }

    private async Task ImportAsync(TransferJob job, CancellationToken cancellationToken)
    {
        await using var source = stores.OpenSource(job.Arguments.From);
        await using var target = stores.OpenOwn(job.Arguments.To);
        var contents = await source.InspectAsync(cancellationToken);
        var run = new TransferRun(source, target, job.Arguments, clock, job.Show);
        using var rejects = job.Arguments.OpenRejects();
        if (job.Kind == TransferJobKind.Verify)
        {
            Conclude(job, await run.VerifyFollowedAsync(await run.FindAsync(cancellationToken), rejects, cancellationToken), contents);
            return;
        }
        var reason = $"{job.File} is being imported; rows that arrive now wait for its end";
        var parts = TransferRunner.PartsOf(contents, target);
        if (parts.Contains(TransferPart.Readings)) await readingHold.BeginAsync(reason, cancellationToken);
        if (parts.Contains(TransferPart.Events)) await eventHold.BeginAsync(reason, cancellationToken);
        var record = await run.CopyAsync(follows: false, rejects, cancellationToken);
        Conclude(job, await run.VerifyAsync(record, rejects, null, cancellationToken), contents);
    }

    private static void Conclude(TransferJob job, TransferOutcome outcome, TransferContents contents)
        => job.Conclude(outcome, Math.Max(0, outcome.Report.Parts.Sum(p => (p.Part == TransferPart.Readings ? contents.Readings ?? 0 : contents.Events ?? 0) - p.SourceRows) - outcome.Report.Rejects));

    // A second store is open once: by dual-write, or here.
    private async Task CompareAsync(TransferJob job, CancellationToken cancellationToken)
    {
        var transfer = dualWrite.Status.Transfer ?? throw new TransferException("The second store is not filled yet.");
        var wasPaused = dualWrite.Status.State == DualWriteState.Paused;
        await dualWrite.PauseAsync();
        try
        {
            await using var source = stores.Own.OpenReadings();
            await using var target = await stores.OpenSecondAsync(job.Arguments.To, cancellationToken);
            var record = (await new TransferLedger(target.Store.RunLedgerAsync).ListAsync(cancellationToken)).Single(r => r.Id == transfer);
            using var rejects = new RejectLog(null, isStrict: true);
            var run = new TransferRun(source, target.Store, job.Arguments, clock, job.Show);
            job.Conclude(await run.VerifyFollowedAsync(record, rejects, cancellationToken), 0);
        }
        finally
        {
            if (!wasPaused) dualWrite.Resume();
        }
    }

    public void Dispose() => _stop?.Dispose();

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Before anything else stops: ingest drains what was held.</summary>
    async Task IHostedLifecycleService.StoppingAsync(CancellationToken cancellationToken)
    {
        lock (_lock) _isStopping = true;
        await StopAsync(isPause: false);
    }

    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(71, LogLevel.Information, "Transfer {File} → {Target}: {State}.")]
        public static partial void Ended(ILogger logger, string? file, string target, TransferJobState state);

        [LoggerMessage(72, LogLevel.Warning, "Transfer {File} → {Target} does not go on: {Reason}")]
        public static partial void NotContinued(ILogger logger, string? file, string target, string reason);

        [LoggerMessage(73, LogLevel.Error, "Transfer {File} → {Target} failed.")]
        public static partial void Failed(ILogger logger, string? file, string target, Exception error);
    }
}
