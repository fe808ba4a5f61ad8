using System.Data.Common;
using Microsoft.Extensions.Options;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Web.Commands.Transfer;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Transfers;

/// <summary>Keeps a second store equal: copies the history, then applies every committed batch from the batch log. Ingest never waits for it; an outage of the secondary only adds lag.</summary>
internal sealed partial class DualWrite(
    OwnStores own, ServerStores stores, IConfiguration configuration, IWebHostEnvironment environment, IOptions<TransferSettings> settings, CommitSignal commits, EventCommitSignal eventCommits, ShadowReads shadow,
    TimeProvider clock, ILogger<DualWrite> logger) : BackgroundService
{
    // Commits of so long go to the secondary together.
    private static readonly TimeSpan _gather = TimeSpan.FromMilliseconds(50);

    // Without any notification the log is read this often: another process may write to the same database.
    private static readonly TimeSpan _look = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan _firstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestRetry = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _betweenPasses = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private TaskCompletionSource _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource? _run;
    private Task _ended = Task.CompletedTask;
    private bool _isPaused;

    public DualWriteStatus Status { get; private set; } = DualWriteStatus.Off;

    /// <summary>Readings only, if a DuckDB file holds them before or after.</summary>
    public StoreScope Scope => own.HasDuckDb || Status.Secondary?.StartsWith("duckdb:", StringComparison.Ordinal) == true ? StoreScope.Readings : StoreScope.All;

    /// <summary>Goes on after <see cref="PauseAsync"/> or an error.</summary>
    public void Resume()
    {
        lock (_lock)
        {
            _isPaused = false;
            _change.TrySetResult();
        }
    }

    /// <summary>Stops until <see cref="Resume"/>, and closes the secondary.</summary>
    public async Task PauseAsync()
    {
        Task ended;
        CancellationTokenSource? run;
        lock (_lock)
        {
            _isPaused = true;
            (run, ended) = (_run, _ended);
        }
        try
        {
            if (run is not null) await run.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself.
        }
        await ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Status.State != DualWriteState.Off) Status = Status with { State = DualWriteState.Paused, Message = "Dual-write is paused." };
    }

    /// <summary>There is no secondary any more.</summary>
    public void End() => Status = DualWriteStatus.Off;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // Let the rest of the host start.
        for (var pause = _firstRetry; !stoppingToken.IsCancellationRequested;)
        {
            Task change;
            lock (_lock)
            {
                if (_change.Task.IsCompleted) _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
                change = _change.Task;
            }
            TimeSpan? wait = await TryRunAsync(stoppingToken) ? pause : null;
            if (Status.State == DualWriteState.Off) return;
            var isWoken = await WaitAsync(change, wait, stoppingToken);
            pause = isWoken || Status.Transfer is not null ? _firstRetry : pause * 2 < _longestRetry ? pause * 2 : _longestRetry;
        }
    }

    // Whether to try again by itself.
    private async Task<bool> TryRunAsync(CancellationToken stoppingToken)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var run = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        lock (_lock)
        {
            if (_isPaused) return false;
            (_run, _ended) = (run, ended.Task);
        }
        try
        {
            await RunAsync(run.Token);
            return false;
        }
        catch (OperationCanceledException) when (run.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception e) when (e is StoreUnavailableException or StoreStartupException or StartupException or DbException or IOException)
        {
            if (Status.State != DualWriteState.Unavailable) Log.Unavailable(logger, Status.Secondary, e.Message);
            Status = Status with { State = DualWriteState.Unavailable, Message = e.Message };
            return true;
        }
        catch (Exception e)
        {
            // Any error: dual-write must never end the program.
            if (e is TransferException) Log.Refused(logger, Status.Secondary, e.Message);
            else Log.Failed(logger, Status.Secondary, e);
            Status = Status with { State = DualWriteState.Failed, Message = e.Message };
            return false;
        }
        finally
        {
            lock (_lock) _run = null;
            ended.SetResult();
        }
    }

    private async Task<bool> WaitAsync(Task change, TimeSpan? time, CancellationToken cancellationToken)
    {
        try
        {
            if (time is { } limit) await change.WaitAsync(limit, clock, cancellationToken);
            else await change.WaitAsync(cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var scope = own.HasDuckDb ? StoreScope.Readings : StoreScope.All;
        var state = await own.Roles(scope).ReadAsync(scope, cancellationToken);
        if (!own.HasDuckDb && state.Successor is null) state = await own.Roles(StoreScope.Readings).ReadAsync(StoreScope.Readings, cancellationToken);
        var text = settings.Value.Secondary.Length > 0 ? settings.Value.Secondary : state.Successor;
        if (text is null)
        {
            Status = DualWriteStatus.Off;
            return;
        }
        var address = StoreSettings.Complete(TransferAddress.Parse(text, environment.ContentRootPath), new TransferStores(configuration, clock).Timescale);
        // After an outage it stays unavailable until the secondary is open: a retry may fail like the one before.
        Status = Status.State == DualWriteState.Unavailable ? new(DualWriteState.Unavailable, address.Text, Status.Message) : new(DualWriteState.Copying, address.Text, null);
        await using var source = own.OpenReadings();
        await using var target = await stores.OpenSecondAsync(address, cancellationToken);
        var pair = new DualWritePair(own, Scope, source, target.Store, address);
        await pair.PrepareRolesAsync(cancellationToken);
        Status = Status with { State = DualWriteState.Copying, Message = null };
        var record = await pair.CopyAsync(clock, step => Status = Status with { Copied = (step.Rows, step.Total) }, cancellationToken);
        Status = Status with { Transfer = record.Id, VerifiedAt = record.State == TransferState.Verified ? record.VerifiedAt : null };
        Log.Following(logger, address.Text);
        await FollowAsync(pair, record, cancellationToken);
    }

    private async Task FollowAsync(DualWritePair pair, TransferRecord record, CancellationToken cancellationToken)
    {
        var applier = new BatchApplier(pair.SourceParts, pair.Target, record.Id, clock);
        var comparison = new RunningComparison(pair.SourceParts, pair.TargetParts, pair.WithEvents, CatchUpAsync);
        var (due, rate) = (clock.GetTimestamp(), settings.Value.CompareRowsPerSecond);
        var pause = TimeSpan.Zero;
        while (true)
        {
            var commit = Task.WhenAny(commits.NextCommit, eventCommits.NextCommit);
            var state = await ApplyAsync(applier, cancellationToken);
            if (!state.IsCurrent && state.Rows > 10_000) continue;
            if (rate > 0 && clock.GetElapsedTime(due) >= pause)
            {
                var (rows, isLast) = await comparison.StepAsync(cancellationToken);
                if (comparison.Status.Mismatches > Status.Comparison.Mismatches) Log.Different(logger, pair.Address.Text, comparison.Status.LastMismatch);
                Status = Status with { Comparison = comparison.Status };
                if (isLast) record = await NoteAsync(pair, record, comparison.Status, cancellationToken);
                (due, pause) = (clock.GetTimestamp(), isLast ? _betweenPasses : TimeSpan.FromSeconds((double)rows / rate));
            }
            await shadow.CompareAsync(pair.SourceParts.Readings, pair.TargetParts.Readings, CatchUpAsync, cancellationToken);
            Status = Status with { ShadowReads = (shadow.Count, shadow.Mismatches) };
            await Task.Delay(_gather, clock, cancellationToken);
            var left = rate > 0 && pause < _look ? pause : _look;
            if (!commit.IsCompleted && left > TimeSpan.Zero) await Task.WhenAny(commit, Task.Delay(left, clock, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }

        // What the source has now; while it is written the target may never be current.
        async Task CatchUpAsync(CancellationToken token)
        {
            for (var left = 3; left > 0 && !(await ApplyAsync(applier, token)).IsCurrent; left--)
            {
            }
        }
    }

    private async Task<TransferFollowState> ApplyAsync(BatchApplier applier, CancellationToken cancellationToken)
    {
        var state = await applier.ApplyAsync(cancellationToken);
        // Not before: nobody knows how far it is behind, for example after an outage.
        Status = Status with { State = DualWriteState.Following, LagRows = state.Rows, LagSince = state.OldestCommittedAt };
        return state;
    }

    // In the ledger, so that a restart does not forget that the stores were equal.
    private async Task<TransferRecord> NoteAsync(DualWritePair pair, TransferRecord record, ComparisonStatus comparison, CancellationToken cancellationToken)
    {
        var isEqual = comparison.Mismatches == 0;
        record = record with { State = isEqual ? TransferState.Verified : TransferState.Different, VerifiedAt = clock.NowMicroseconds() };
        await new TransferLedger(pair.Target.RunLedgerAsync).SaveAsync(record, cancellationToken);
        Status = Status with { VerifiedAt = isEqual ? record.VerifiedAt : null };
        return record;
    }

    private static partial class Log
    {
        [LoggerMessage(61, LogLevel.Information, "Dual-write: {Secondary} follows this store.")]
        public static partial void Following(ILogger logger, string secondary);

        [LoggerMessage(62, LogLevel.Warning, "Dual-write: {Secondary} is unavailable; it falls behind until it can be reached: {Reason}")]
        public static partial void Unavailable(ILogger logger, string? secondary, string reason);

        [LoggerMessage(63, LogLevel.Error, "Dual-write to {Secondary} does not go on: {Reason}")]
        public static partial void Refused(ILogger logger, string? secondary, string reason);

        [LoggerMessage(64, LogLevel.Error, "Dual-write to {Secondary} failed.")]
        public static partial void Failed(ILogger logger, string? secondary, Exception error);

        [LoggerMessage(65, LogLevel.Error, "Dual-write: {Secondary} differs from this store in {Chunk}. 'Compare row by row' under System → Move data names the rows.")]
        public static partial void Different(ILogger logger, string secondary, string? chunk);
    }
}
