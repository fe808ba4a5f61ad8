using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb.SidePath;

/// <summary>The side path for its callers: whether it is ready, how far behind it is, and the requests to rebuild it.
/// <see cref="DuckDbSync"/> does the work, and says here how far it is.</summary>
public sealed partial class DuckDbSidePathSource(
    IReadingChangeFeed store, IOptions<AnalyticsOptions> options, TimeProvider clock, ILogger<DuckDbSidePathSource> logger) : IDuckDbSource
{
    // A query waits this long for the last rows; then the store answers it.
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(2);

    // More than these are not applied within that time on a small machine, so waiting would only be lost time.
    private const long MaxRowsWaitedFor = 500_000;

    // A file that is found damaged is filled again at once, but on a disk that damages each one not again and again.
    private static readonly TimeSpan _betweenMends = TimeSpan.FromHours(1);

    private const string CatchingUpNotice = "DuckDB is catching up; until then, queries use the database.";

    private readonly Lock _lock = new();
    private readonly DuckDbReaders _readers = new(); // Of every opening: reopened, the file may be the same database still.
    private TaskCompletionSource _wake = NewSignal(), _progress = NewSignal();
    private DuckDbSidePath? _sidePath;
    private AnalyticsState _state = options.Value.Enabled ? AnalyticsState.CatchingUp : AnalyticsState.Off;
    private string? _notice;
    private int _rebuildsWanted, _rebuildsDone;
    private long? _mendedAt;
    private long _appliedWhenClosed;

    /// <inheritdoc/>
    public AnalyticsState State => Snapshot().State;

    /// <inheritdoc/>
    public (long Rows, double Seconds)? Lag => State == AnalyticsState.Off ? null : SubscriberLag.Last;

    /// <summary>How far behind the store it is, as last looked at.</summary>
    internal SubscriberLag SubscriberLag { get; } = new(store, clock);

    /// <summary>The last batch whose rows are in.</summary>
    internal long Applied => Snapshot().Applied;

    /// <inheritdoc/>
    public async Task<AnalyticsStatus> ReadStatusAsync(CancellationToken cancellationToken)
    {
        var (state, notice, applied) = Snapshot();
        if (state == AnalyticsState.Off) return new(state, "Analytics:Enabled is off; queries use the database.", 0, 0, 0);
        if (state == AnalyticsState.CatchingUp) await SubscriberLag.ReadThrottledAsync(applied, cancellationToken);
        else await SubscriberLag.ReadAsync(applied, cancellationToken);
        var (rows, seconds) = SubscriberLag.Last;
        return new(state, notice, applied, rows, seconds);
    }

    /// <inheritdoc/>
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
        if (error.InnerException is not DuckDbException { Kind: DuckDbErrorKind.IO or DuckDbErrorKind.Fatal }) return;
        lock (_lock)
        {
            if (_state != AnalyticsState.Ready || (_mendedAt is { } last && clock.GetElapsedTime(last) < _betweenMends)) return;
            _mendedAt = clock.GetTimestamp();
        }
        Log.Damaged(logger);
        Rebuild();
    }

    /// <inheritdoc/>
    public async Task<DuckDbAccess?> TryGetCurrentAsync(CancellationToken cancellationToken)
    {
        var (state, _, applied) = Snapshot();
        if (state is AnalyticsState.Off or AnalyticsState.Failed) return null;
        if (state == AnalyticsState.CatchingUp)
        {
            await SubscriberLag.ReadThrottledAsync(applied, cancellationToken);
            if (SubscriberLag.Last.Rows > MaxRowsWaitedFor) return null;
        }
        var (wanted, behind) = await SubscriberLag.ReadAsync(applied, cancellationToken);
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

    /// <summary>Ends when a caller waits for rows or wants a rebuild, from now on.</summary>
    internal Task WakeSignal()
    {
        lock (_lock)
        {
            if (_wake.Task.IsCompleted) _wake = NewSignal();
            return _wake.Task;
        }
    }

    /// <summary>Tells the callers that wait for rows that there are more, or none to come.</summary>
    internal void Progress()
    {
        lock (_lock)
        {
            _progress.TrySetResult();
            _progress = NewSignal();
        }
    }

    /// <summary>Begins a rebuild if one is wanted: nobody reads the file any more, so that it can be deleted.</summary>
    /// <returns>What <see cref="EndRebuild"/> takes; null when none is wanted.</returns>
    internal int? BeginRebuild()
    {
        int wanted;
        lock (_lock)
        {
            if (_rebuildsWanted == _rebuildsDone) return null;
            (wanted, _appliedWhenClosed) = (_rebuildsWanted, 0);
        }
        _readers.Evict(); // Else the deleted file would be the one that is opened.
        return wanted;
    }

    /// <summary>The file is deleted. A rebuild that was asked for meanwhile is done once more.</summary>
    internal void EndRebuild(int wanted)
    {
        lock (_lock) _rebuildsDone = wanted;
    }

    /// <summary>Takes over the opened file, until <see cref="Close"/>.</summary>
    internal void Open(DuckDbSidePath sidePath)
    {
        lock (_lock)
        {
            _sidePath = sidePath;
            if (_state != AnalyticsState.Ready) (_state, _notice) = (AnalyticsState.CatchingUp, CatchingUpNotice);
        }
    }

    /// <summary>Everything is applied, so queries are answered.</summary>
    /// <returns>False when a rebuild is wanted: it would be ready for one moment, with what is to be thrown away.</returns>
    internal bool TrySetReady()
    {
        lock (_lock)
        {
            if (_rebuildsWanted != _rebuildsDone) return false;
            (_state, _notice) = (AnalyticsState.Ready, null);
            return true;
        }
    }

    /// <summary>The file cannot be used.</summary>
    /// <returns>False when that was so before, for the same reason.</returns>
    internal bool SetFailed(string notice)
    {
        lock (_lock)
        {
            var isNews = _notice != notice;
            (_state, _notice) = (AnalyticsState.Failed, notice);
            return isNews;
        }
    }

    /// <summary>Closes the file, if one is open.</summary>
    /// <param name="isReopened">It is opened again at once: how far it had got still holds, and its readers read on.</param>
    internal void Close(bool isReopened)
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

    private (AnalyticsState State, string? Notice, long Applied) Snapshot()
    {
        lock (_lock) return (_state, _notice, _sidePath?.Applied.Batch ?? _appliedWhenClosed);
    }

    private void Wake()
    {
        lock (_lock) _wake.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static partial class Log
    {
        [LoggerMessage(23, LogLevel.Warning, "The DuckDB file is corrupt; rebuilding it.")]
        public static partial void Damaged(ILogger logger);
    }
}
