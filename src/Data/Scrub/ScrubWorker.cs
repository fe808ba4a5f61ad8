using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Scrub;

/// <summary>Reads the stores again and again in the background, in short steps with pauses between them, and remembers where it is.</summary>
public sealed partial class ScrubWorker(
    ScrubSources sources, ScrubRecords records, IScrubClaim claim, [FromKeyedServices("readings")] IBatchLog batches, IOptions<ScrubOptions> options, IStoreErrors errors, TimeProvider clock,
    ILogger<ScrubWorker> logger)
    : BackgroundService
{
    // While batches after the cursor are not merged, it knows what each of them deleted.
    private const string FollowerName = "scrub";

    private const int MaxRowsOfAStep = 2_000;

    // A start has more urgent things to read, and the first minute ends with a sample of the figures.
    private static readonly TimeSpan _afterStart = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan _retry = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan _afterFault = TimeSpan.FromHours(1);

    // A write of a page or two: 300 KB a day on a memory card, and only while a pass runs.
    private static readonly TimeSpan _saveEvery = TimeSpan.FromMinutes(10);

    // Another process that has not saved for so long has stopped.
    private static readonly TimeSpan _ownerLimit = TimeSpan.FromMinutes(30);

    private readonly string _owner = Guid.NewGuid().ToString("N");
    private readonly BatchFollower _follower = new(batches, FollowerName, clock);
    private volatile ScrubRecord _record = ScrubRecord.None;
    private long _rows;

    /// <summary>What is known of the passes of this and other processes; it is looked at once a minute or more often.</summary>
    public ScrubRecord Record => _record;

    /// <summary>Rows read since startup.</summary>
    public long Rows => Interlocked.Read(ref _rows);

    public bool IsEnabled => options.Value.Enabled;

    /// <summary>When the next pass begins, Unix microseconds; null while one runs, or if none will.</summary>
    public long? NextAt => !IsEnabled || _record.Running is not null ? null : _record.Last is { } last ? last.StartedAt + options.Value.Interval.WholeMicroseconds() : null;

    /// <summary>What has rotted by the pass that runs, or by the last one.</summary>
    public long Findings => Math.Max(_record.Running?.FindingCount ?? 0, _record.Last?.FindingCount ?? 0);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // Let the rest of the host start.
        var hasRead = false;
        for (var wait = TimeSpan.Zero; await PauseAsync(wait, stoppingToken);)
        {
            try
            {
                if (hasRead)
                {
                    wait = await RunAsync(stoppingToken);
                    continue;
                }
                _record = await records.ReadAsync(stoppingToken); // What was found before the start.
                (hasRead, wait) = (true, _afterStart);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                await LeaveAsync();
                return;
            }
            catch (Exception e) when (errors.IsUnavailable(e))
            {
                wait = _retry; // Ingest says so already.
            }
            catch (Exception e) // Any error: no error here may stop the hub.
            {
                Log.Failed(logger, e);
                wait = _afterFault;
            }
        }
    }

    /// <returns>How long there is nothing to do.</returns>
    private async Task<TimeSpan> RunAsync(CancellationToken cancellationToken)
    {
        _record = await records.ReadAsync(cancellationToken);
        if (!IsEnabled)
        {
            await batches.UnfollowAsync(FollowerName, cancellationToken);
            return Timeout.InfiniteTimeSpan;
        }
        var now = clock.NowMicroseconds();
        var isOfOther = _record.Running is not null && _record.Owner != _owner && _record.Owner.Length > 0 && now - _record.SavedAt < _ownerLimit.WholeMicroseconds();
        if (isOfOther) return _retry;
        if (_record.Running is null && NextAt is { } next && next > now) return Shorter(TimeSpan.FromMicroseconds(next - now), _afterFault);
        await PassAsync(new(sources, _record.Running ?? ScrubPass.Begin(clock), clock), cancellationToken);
        return TimeSpan.Zero;
    }

    private async Task PassAsync(ScrubPass pass, CancellationToken cancellationToken)
    {
        var (rate, told, saved) = (options.Value.RowsPerSecond, pass.State.Findings.Count, 0L);
        var limit = Math.Min(rate, MaxRowsOfAStep);
        for (int? rows = 0; rows is not null;)
        {
            try
            {
                if (saved == 0 || clock.GetElapsedTime(saved) >= _saveEvery)
                {
                    if (!await SaveAsync(new(pass.State, _record.Last, _owner, clock.NowMicroseconds()), cancellationToken)) return;
                    saved = clock.GetTimestamp();
                }
                if (pass.State is { Part: ScrubPart.Readings, Readings: { } readings }) await _follower.NoteAsync(readings.Since, cancellationToken);
                var started = clock.GetTimestamp();
                await using (var claimed = await ClaimAsync(cancellationToken)) rows = await pass.StepAsync(limit, cancellationToken);
                for (; told < pass.State.Findings.Count; told++) Log.Found(logger, pass.State.Findings[told].Table, pass.State.Findings[told].Row, pass.State.Findings[told].Problem);
                Interlocked.Add(ref _rows, rows ?? 0);
                // After a check of an engine, which reads as fast as it can, as long a pause.
                await PauseAsync(rows > 0 ? TimeSpan.FromSeconds((double)rows.Value / rate) : clock.GetElapsedTime(started), cancellationToken);
            }
            catch (Exception e) when (errors.IsUnavailable(e) && !cancellationToken.IsCancellationRequested)
            {
                await PauseAsync(_retry, cancellationToken); // The step is done again.
            }
            cancellationToken.ThrowIfCancellationRequested();
        }
        _follower.Forget();
        await batches.UnfollowAsync(FollowerName, cancellationToken);
        if (!await SaveAsync(new(null, pass.State, _owner, clock.NowMicroseconds()), cancellationToken)) return;
        if (pass.State.FindingCount == 0) Log.Clean(logger, pass.State.Rows);
        else Log.Rotten(logger, pass.State.Rows, pass.State.FindingCount);
        foreach (var note in pass.State.Notes) Log.NotChecked(logger, note);
    }

    // So that the next process goes on here at once. After a kill it reads again what was read since the last save.
    private async Task LeaveAsync()
    {
        if (_record is not { Running: { } running } || _record.Owner != _owner) return;
        try
        {
            await records.TryWriteAsync(new(running, _record.Last, "", clock.NowMicroseconds()), CancellationToken.None);
        }
        catch (Exception e) when (errors.IsUnavailable(e) || e is ObjectDisposedException)
        {
            // The store may be gone already.
        }
    }

    // The page and the metrics see the pass itself, so they are always current.
    private async Task<bool> SaveAsync(ScrubRecord record, CancellationToken cancellationToken)
    {
        if (!await records.TryWriteAsync(record, cancellationToken)) return false;
        _record = record;
        return true;
    }

    // The command goes first: somebody waits for it.
    private async Task<IAsyncDisposable> ClaimAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await claim.TryAsync(cancellationToken) is { } claimed) return claimed;
            await PauseAsync(TimeSpan.FromSeconds(10), cancellationToken);
        }
    }

    private async Task<bool> PauseAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        if (time != TimeSpan.Zero) await Task.Delay(time, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !cancellationToken.IsCancellationRequested;
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static partial class Log
    {
        [LoggerMessage(120, LogLevel.Information, "Scrub: read {Rows} rows; nothing has rotted.")]
        public static partial void Clean(ILogger logger, long rows);

        [LoggerMessage(121, LogLevel.Error, "Scrub: {Table}, {Row}: {Problem}.")]
        public static partial void Found(ILogger logger, string table, string row, string problem);

        [LoggerMessage(122, LogLevel.Error, "Scrub: read {Rows} rows; {Findings} findings. The System page lists them, and docs/operations.md says what to do.")]
        public static partial void Rotten(ILogger logger, long rows, long findings);

        [LoggerMessage(123, LogLevel.Warning, "Scrub: not checked: {Note}")]
        public static partial void NotChecked(ILogger logger, string note);

        [LoggerMessage(124, LogLevel.Error, "The scrub failed; retrying in an hour.")]
        public static partial void Failed(ILogger logger, Exception error);
    }
}
