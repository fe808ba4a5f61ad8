using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.DuckDb;

namespace SensorDash.Data.DuckDb.SidePath;

/// <summary>Keeps the DuckDB file in step with the store: follows its batches in order, sorts when idle, starts over when told to.</summary>
public sealed partial class DuckDbSync(
    IReadingChangeFeed store, CommitSignal commits, IOptions<AnalyticsOptions> options, TimeProvider clock, ILogger<DuckDbSync> logger)
    : BackgroundService, IDuckDbSource
{
    // A DuckDB commit costs milliseconds of disk: a trickle of readings is gathered for a moment, unless somebody asks.
    private static readonly TimeSpan _gather = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _retry = TimeSpan.FromSeconds(15);

    // A question waits this long for the last rows; then the store answers it.
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(2);

    // More than these are not applied within that time on a small machine, so waiting would only be lost time.
    private const long MaxRowsWaitedFor = 500_000;

    // A file that is found damaged is filled again at once, but on a disk that damages each one not again and again.
    private static readonly TimeSpan _betweenMends = TimeSpan.FromHours(1);

    // DuckDB keeps what writing and sorting took, and gives it back when the file is opened anew: after so many rows for each MiB it may use.
    private const long RowsPerMiB = 2_000;

    private long RowsBeforeReopening => options.Value.MemoryLimitMiB * RowsPerMiB;

    private const string CatchingUpNotice = "DuckDB is catching up; answers come from the store until then.";

    private readonly Lock _lock = new();
    private readonly DuckDbReaders _readers = new(); // Of every opening: reopened, the file may be the same database still.
    private TaskCompletionSource _wake = NewSignal(), _progress = NewSignal();
    private DuckDbSidePath? _sidePath;
    private AnalyticsState _state = options.Value.Enabled ? AnalyticsState.CatchingUp : AnalyticsState.Off;
    private string? _notice;
    private int _rebuildsWanted, _rebuildsDone;
    private long? _mendedAt;
    private long _appliedWhenClosed;
    private readonly SubscriberLag _lag = new(store, clock);

    /// <summary>Whether DuckDB answers, without asking the store how far behind it is.</summary>
    public AnalyticsState State => Snapshot().State;

    /// <inheritdoc/>
    public (long Rows, double Seconds)? Lag
    {
        get
        {
            lock (_lock) return _state == AnalyticsState.Off ? null : _lag.Last;
        }
    }

    /// <summary>How the side path is doing now.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be reached just now.</exception>
    public async Task<AnalyticsStatus> ReadStatusAsync(CancellationToken cancellationToken)
    {
        var (state, notice, applied) = Snapshot();
        if (state == AnalyticsState.Off) return new(state, "Analytics:Enabled is off; answers come from the store.", 0, 0, 0);
        if (state == AnalyticsState.CatchingUp) await _lag.ReadThrottledAsync(applied, cancellationToken);
        else await _lag.ReadAsync(applied, cancellationToken);
        var (rows, seconds) = _lag.Last;
        return new(state, notice, applied, rows, seconds);
    }

    /// <summary>Throws the file away and fills it again from the store. Returns at once; <see cref="ReadStatusAsync"/> tells how far it is.</summary>
    public void Rebuild()
    {
        lock (_lock)
        {
            if (_state == AnalyticsState.Off) return;
            _rebuildsWanted++;
            (_state, _notice) = (AnalyticsState.CatchingUp, CatchingUpNotice);
        }
        Wake();
    }

    /// <inheritdoc/>
    public void QueryFailed(StoreUnavailableException error)
    {
        // Memory, interrupts and a file that is just being closed come and go; these mean that what is in the file cannot be read.
        if (error.InnerException is not DuckDbException
            { Kind: DuckDbErrorKind.IO or DuckDbErrorKind.Fatal or DuckDbErrorKind.Internal or DuckDbErrorKind.DataCorruption or DuckDbErrorKind.Serialization })
            return;
        lock (_lock)
        {
            if (_state != AnalyticsState.Ready || (_mendedAt is { } last && clock.GetElapsedTime(last) < _betweenMends)) return;
            _mendedAt = clock.GetTimestamp();
        }
        Log.Damaged(logger);
        Rebuild();
    }

    /// <summary>The side path with everything in it that the store has now, or null when that cannot be had soon.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be reached just now.</exception>
    public async Task<DuckDbAccess?> TryGetCurrentAsync(CancellationToken cancellationToken)
    {
        var (state, _, applied) = Snapshot();
        if (state is AnalyticsState.Off or AnalyticsState.Failed) return null;
        if (state == AnalyticsState.CatchingUp)
        {
            await _lag.ReadThrottledAsync(applied, cancellationToken);
            if (_lag.Last.Rows > MaxRowsWaitedFor) return null;
        }
        var (wanted, behind) = await _lag.ReadAsync(applied, cancellationToken);
        if (behind > MaxRowsWaitedFor) return null;
        var since = clock.GetTimestamp();
        while (true)
        {
            Task progress;
            lock (_lock)
            {
                if (_state == AnalyticsState.Ready && _sidePath is { } sidePath && sidePath.Applied.Batch >= wanted) return new(sidePath.Database, _readers);
                if (_state == AnalyticsState.Failed) return null;
                progress = _progress.Task;
            }
            Wake();
            var left = _timeout - clock.GetElapsedTime(since);
            if (left <= TimeSpan.Zero) return null;
            try
            {
                await progress.WaitAsync(left, clock, cancellationToken);
            }
            catch (TimeoutException)
            {
                return null;
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_state == AnalyticsState.Off) return;
        await Task.Yield(); // The rest of the host starts meanwhile.
        while (!stoppingToken.IsCancellationRequested)
        {
            var wake = WakeSignal(); // Before the attempt: what is asked for while it fails is not slept through.
            try
            {
                await ApplyChangesAsync(stoppingToken);
                Close(isReopened: true);
                // The lists that went through here; the collector does not know how little memory the machine has.
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
            }
            catch (StoreUnavailableException)
            {
                await WaitAsync(wake, _retry, stoppingToken);
            }
            catch (Exception e) // Whatever it is: nothing that goes wrong here may stop the hub.
            {
                Fail(e);
                await WaitAsync(wake, _retry, stoppingToken);
            }
            finally
            {
                Close();
            }
        }
    }

    // Returns when the file is to be opened anew.
    private async Task ApplyChangesAsync(CancellationToken stoppingToken)
    {
        if (IsRebuildWanted())
        {
            int wanted;
            lock (_lock) (wanted, _appliedWhenClosed) = (_rebuildsWanted, 0);
            _readers.Evict(); // Else the deleted file would be the one that is opened.
            DuckDbSidePath.Delete(options.Value, stoppingToken);
            lock (_lock) _rebuildsDone = wanted; // One that was asked for meanwhile is done once more.
        }
        await _lag.ReadThrottledAsync(Snapshot().Applied, stoppingToken); // Also when the file then cannot be opened.
        var sidePath = DuckDbSidePath.Open(options.Value, stoppingToken);
        lock (_lock)
        {
            _sidePath = sidePath;
            if (_state != AnalyticsState.Ready) (_state, _notice) = (AnalyticsState.CatchingUp, CatchingUpNotice);
        }
        // Another store, or an older copy of this one, has other batches under the same ids.
        var applied = sidePath.Applied;
        if (applied.Batch > 0 && await store.FindCommittedAtAsync(applied.Batch, stoppingToken) != applied.CommittedAt)
        {
            Log.OtherStore(logger);
            sidePath.Clear(stoppingToken);
        }
        for (var written = 0L; ;)
        {
            var (commit, wake) = (commits.NextCommit, WakeSignal());
            while (await store.ReadChangesAsync(sidePath.Applied.Batch, stoppingToken) is var changes && changes.UpTo > sidePath.Applied.Batch)
            {
                written += changes.Added.Count;
                sidePath.Apply(changes, stoppingToken);
                await _lag.ReadThrottledAsync(changes.UpTo, stoppingToken);
                Progress();
                if (written >= RowsBeforeReopening) return;
            }
            await _lag.ReadAsync(sidePath.Applied.Batch, stoppingToken);
            lock (_lock)
            {
                if (IsRebuildWanted()) return; // Ready it would be for one moment, with what is to be thrown away.
                (_state, _notice) = (AnalyticsState.Ready, null);
            }
            Progress();
            if (sidePath.SortOneMonth(stoppingToken))
            {
                if (sidePath.CountRows(stoppingToken) >= RowsBeforeReopening) return;
                continue;
            }
            await WaitAsync(Task.WhenAny(commit, wake), Timeout.InfiniteTimeSpan, stoppingToken);
            if (!wake.IsCompleted) await WaitAsync(wake, _gather, stoppingToken);
            lock (_lock) if (_wake.Task.IsCompleted) _wake = NewSignal();
        }
    }

    private void Fail(Exception error)
    {
        // What nobody foresaw is for the log: clients read the notice.
        var isKnown = error is DuckDbException or DuckDbLibraryException or IOException or InvalidDataException or UnauthorizedAccessException;
        var reason = isKnown ? error.Message : "The log says why.";
        var notice = $"DuckDB cannot be used ({reason}) Responses come from the store, slower over many nodes.";
        bool isNews;
        lock (_lock) (isNews, _state, _notice) = (_notice != notice, AnalyticsState.Failed, notice);
        // It is tried again every few seconds, and the log need not say so each time.
        if (isNews) Log.Failed(logger, isKnown ? LogLevel.Warning : LogLevel.Error, error);
        Progress();
    }

    // While it is opened anew, how far it had got still holds.
    private void Close(bool isReopened = false)
    {
        lock (_lock)
        {
            if (_sidePath is null) return;
            _appliedWhenClosed = isReopened ? _sidePath.Applied.Batch : 0;
            _sidePath.Dispose();
            _sidePath = null;
        }
        if (!isReopened) _readers.Evict();
    }

    private bool IsRebuildWanted()
    {
        lock (_lock) return _rebuildsWanted != _rebuildsDone;
    }

    private (AnalyticsState State, string? Notice, long Applied) Snapshot()
    {
        lock (_lock) return (_state, _notice, _sidePath?.Applied.Batch ?? _appliedWhenClosed);
    }

    private Task WakeSignal()
    {
        lock (_lock)
        {
            if (_wake.Task.IsCompleted) _wake = NewSignal();
            return _wake.Task;
        }
    }

    private void Wake()
    {
        lock (_lock) _wake.TrySetResult();
    }

    private void Progress()
    {
        lock (_lock)
        {
            _progress.TrySetResult();
            _progress = NewSignal();
        }
    }

    private async Task WaitAsync(Task signal, TimeSpan most, CancellationToken cancellationToken)
    {
        try
        {
            await signal.WaitAsync(most, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The time was the other thing waited for.
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static partial class Log
    {
        [LoggerMessage(EventId = 20, Message = "The DuckDB side path cannot be used; analytics are answered by the store.")]
        public static partial void Failed(ILogger logger, LogLevel level, Exception error);

        [LoggerMessage(21, LogLevel.Warning, "The DuckDB file belongs to another store, or to a newer state of this one; it is filled again.")]
        public static partial void OtherStore(ILogger logger);

        [LoggerMessage(23, LogLevel.Warning, "The DuckDB file is damaged; it is filled again.")]
        public static partial void Damaged(ILogger logger);
    }
}
