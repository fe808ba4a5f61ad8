using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb.SidePath;

/// <summary>The side path for its callers: its state, its lag, and requests to rebuild it.
/// <see cref="DuckDbSync"/> does the work and reports its progress here.</summary>
public sealed partial class DuckDbSidePathSource(
    IReadingChangeFeed store, IOptions<AnalyticsOptions> options, TimeProvider clock, ILogger<DuckDbSidePathSource> logger) : IDuckDbSource
{
    // A query waits this long for the last rows; then it uses the store.
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(2);

    // A small machine cannot apply more rows within that time, so waiting would be useless.
    private const long MaxRowsWaitedFor = 500_000;

    // A corrupt file is rebuilt immediately, but not repeatedly on a disk that corrupts each new file.
    private static readonly TimeSpan _betweenMends = TimeSpan.FromHours(1);

    private const string CatchingUpNotice = "DuckDB is catching up; until then, queries use the database.";

    private readonly Lock _lock = new();
    private readonly DuckDbReaders _readers = new(); // Across reopenings: a reopened file may still be the same database.
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

    /// <summary>Its lag behind the store, as last measured.</summary>
    internal SubscriberLag SubscriberLag { get; } = new(store, clock);

    /// <summary>The last applied batch.</summary>
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

    /// <summary>Readings in the file before it is opened, with its path; null without a readable file.</summary>
    public (string Path, long Rows)? ReadStored(CancellationToken cancellationToken)
        => State != AnalyticsState.Off && DuckDbSidePath.CountStored(options.Value, cancellationToken) is { } rows ? (options.Value.Path, rows) : null;

    /// <summary>Renames the file before it is opened: it is a copy of readings of a database that is damaged.</summary>
    /// <returns>Its new path; null without a file.</returns>
    public string? SetAside() => File.Exists(options.Value.Path) ? FileAside.Move(options.Value.Path, clock, DuckDbRepair.WalEnding) : null;

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
        // Errors of memory, interrupts and a closing file are transient; these errors mean that the content of the file is unreadable.
        if (error.InnerException is not DuckDbException { Kind: DuckDbErrorKind.IO or DuckDbErrorKind.Fatal }) return;
        if (State == AnalyticsState.Ready) TryMend();
    }

    /// <summary>Rebuilds a corrupt file.</summary>
    /// <returns>False when that was done less than an hour ago.</returns>
    internal bool TryMend()
    {
        lock (_lock)
        {
            if (_mendedAt is { } last && clock.GetElapsedTime(last) < _betweenMends) return false;
            _mendedAt = clock.GetTimestamp();
        }
        Log.Damaged(logger);
        Rebuild();
        return true;
    }

    /// <inheritdoc/>
    public async Task<long?> TryCatchUpAsync(CancellationToken cancellationToken)
    {
        var (state, _, applied) = Snapshot();
        if (state is AnalyticsState.Off or AnalyticsState.Failed) return null;
        if (state == AnalyticsState.CatchingUp)
        {
            await SubscriberLag.ReadThrottledAsync(applied, cancellationToken);
            if (SubscriberLag.Last.Rows > MaxRowsWaitedFor) return null;
        }
        var (wanted, behind) = await SubscriberLag.ReadAsync(applied, cancellationToken);
        if (wanted < applied) Wake(); // The database was restored to an earlier state.
        return wanted >= applied && behind <= MaxRowsWaitedFor && await WaitForAsync(wanted, _ => true, cancellationToken) ? wanted : null;
    }

    /// <inheritdoc/>
    public async Task<DuckDbReader?> TryConnectAsync(long batch, CancellationToken cancellationToken)
    {
        DuckDbReader? reader = null;
        // Under the lock, so that the file cannot be closed between the two.
        await WaitForAsync(batch, database => (reader = _readers.Connect(database, cancellationToken)) is not null, cancellationToken);
        return reader;
    }

    // False when DuckDB does not have the batch soon.
    private async Task<bool> WaitForAsync(long batch, Func<DuckDbDatabase, bool> use, CancellationToken cancellationToken)
    {
        var since = clock.GetTimestamp();
        while (true)
        {
            Task progress;
            lock (_lock)
            {
                if (_state == AnalyticsState.Ready && _sidePath is { } sidePath && sidePath.Applied.Batch >= batch) return use(sidePath.Database);
                if (_state == AnalyticsState.Failed) return false;
                progress = _progress.Task;
            }
            Wake();
            var left = _timeout - clock.GetElapsedTime(since);
            if (left <= TimeSpan.Zero) return false;
            try
            {
                await progress.WaitAsync(left, clock, cancellationToken);
            }
            catch (TimeoutException)
            {
                return false;
            }
        }
    }

    /// <summary>Completes when a caller next waits for rows or requests a rebuild.</summary>
    internal Task WakeSignal()
    {
        lock (_lock)
        {
            if (_wake.Task.IsCompleted) _wake = NewSignal();
            return _wake.Task;
        }
    }

    /// <summary>Wakes the callers that wait for rows: there are more, or no more will come.</summary>
    internal void Progress()
    {
        lock (_lock)
        {
            _progress.TrySetResult();
            _progress = NewSignal();
        }
    }

    /// <summary>Whether the file is about to be deleted.</summary>
    internal bool IsRebuildWanted
    {
        get
        {
            lock (_lock) return _rebuildsWanted != _rebuildsDone;
        }
    }

    /// <summary>Starts a rebuild if one is requested: it ends all readers, so that the file can be deleted.</summary>
    /// <returns>The argument of <see cref="EndRebuild"/>; null when no rebuild is requested.</returns>
    internal int? BeginRebuild()
    {
        int wanted;
        lock (_lock)
        {
            if (_rebuildsWanted == _rebuildsDone) return null;
            (wanted, _appliedWhenClosed) = (_rebuildsWanted, 0);
        }
        _readers.Evict(); // Otherwise the deleted file would be opened again.
        return wanted;
    }

    /// <summary>The file is deleted. A rebuild requested in the meantime runs again.</summary>
    internal void EndRebuild(int wanted)
    {
        lock (_lock) _rebuildsDone = wanted;
    }

    /// <summary>Owns the opened file until <see cref="Close"/>.</summary>
    internal void Open(DuckDbSidePath sidePath)
    {
        lock (_lock)
        {
            _sidePath = sidePath;
            if (_state != AnalyticsState.Ready) (_state, _notice) = (AnalyticsState.CatchingUp, CatchingUpNotice);
        }
    }

    /// <summary>All rows are applied, so queries use DuckDB.</summary>
    /// <returns>False when a rebuild is requested: the file is about to be deleted.</returns>
    internal bool TrySetReady()
    {
        lock (_lock)
        {
            if (_rebuildsWanted != _rebuildsDone) return false;
            (_state, _notice) = (AnalyticsState.Ready, null);
            return true;
        }
    }

    /// <summary>The file is about to be replaced, because it is of another store: nobody begins to read until the new one is filled. <see cref="Close"/> ends those who read.</summary>
    internal void BeginReplacement()
    {
        lock (_lock) (_state, _notice) = (AnalyticsState.CatchingUp, CatchingUpNotice);
    }

    /// <summary>The file is unavailable.</summary>
    /// <returns>False when it was already unavailable for the same reason.</returns>
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
    /// <param name="isReopened">It is reopened immediately: its last applied batch stays valid, and its readers continue.</param>
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
