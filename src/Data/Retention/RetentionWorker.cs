using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SensorDash.Data.Access;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Retention;

/// <summary>Deletes what exceeds the retention: at startup, when a day (UTC) begins, and every hour.</summary>
/// <remarks>Not TimescaleDB's retention policy: counters and change feed would not include the rows that it drops.</remarks>
public sealed partial class RetentionWorker(RetentionRun run, RetentionRules rules, RetentionClock retentionClock, AuditLog audit, TimeProvider clock, ILogger<RetentionWorker> logger) : BackgroundService
{
    private static readonly TimeSpan _interval = TimeSpan.FromHours(1);

    // A day also begins when the clock is set, which no timer notices. After this time it also tries again what had to wait for others, such as a backup that reads what is to go.
    private static readonly TimeSpan _betweenLooks = TimeSpan.FromSeconds(5);

    private IReadOnlyList<string> _toldErrors = [];
    private bool _isWaiting;

    /// <summary>Reads the rules before anything is taken in, so that ingest knows what is too old.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (IsOn) retentionClock.Check();
        try
        {
            await run.ReadRulesAsync(cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            // The first run reads them.
        }
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!IsOn) return;
        await Task.Yield(); // Let the rest of the host start.
        using var timer = new PeriodicTimer(_betweenLooks, clock);
        (long Day, long Timestamp)? last = null;
        try
        {
            do
            {
                var day = ReadingRules.Today(clock);
                if (!_isWaiting && last is { } run && run.Day == day && clock.GetElapsedTime(run.Timestamp) < _interval) continue;
                last = (day, clock.GetTimestamp());
                if (retentionClock.Check()) await RunAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Slices are short, and the next startup continues here.
        }
    }

    private bool IsOn => rules.Options.Readings.IsOn || rules.Options.Events.IsOn;

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var removed = new Dictionary<string, long>();
        void Add(RemovedRows rows) => removed[rows.Kind] = removed.GetValueOrDefault(rows.Kind) + rows.Rows;
        run.Removed += Add;
        var waited = _isWaiting;
        _isWaiting = false;
        try
        {
            await TryAsync(run.RemoveReadingsAsync, waited, cancellationToken);
            TellErrors();
            await TryAsync(run.RemoveEventsAsync, waited, cancellationToken);
        }
        finally
        {
            run.Removed -= Add;
        }
        if (removed.Count == 0) return;
        var text = string.Join(", ", removed.Select(r => FormattableString.Invariant($"{r.Value} {r.Key}")));
        Log.Removed(logger, text);
        foreach (var (kind, rows) in removed)
        {
            var isReadings = kind == "readings";
            await audit.RecordAsync(AuditLog.Program, null, isReadings ? AuditAction.ReadingsExpire : AuditAction.EventsExpire, isReadings ? "readings older than they are kept" : $"{kind} events older than they are kept",
                AuditOutcome.Done, FormattableString.Invariant($"{rows} {(isReadings ? "readings" : "events")}"));
        }
    }

    private async Task TryAsync(Func<CancellationToken, Task> work, bool waited, CancellationToken cancellationToken)
    {
        try
        {
            await work(cancellationToken);
        }
        catch (StoreUnavailableException e)
        {
            if (!waited) Log.Waits(logger, e);
            _isWaiting = true;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested) // Any error: no error here may stop the hub.
        {
            Log.Failed(logger, e);
        }
    }

    private void TellErrors()
    {
        if (rules.Errors.Count > 0 && !rules.Errors.SequenceEqual(_toldErrors)) Log.Stopped(logger, string.Join(' ', rules.Errors));
        _toldErrors = rules.Errors;
    }

    private static partial class Log
    {
        [LoggerMessage(34, LogLevel.Information, "Retention removed {Rows}.")]
        public static partial void Removed(ILogger logger, string rows);

        [LoggerMessage(110, LogLevel.Error, "Removing what is older than its retention failed; retrying in an hour.")]
        public static partial void Failed(ILogger logger, Exception error);

        [LoggerMessage(133, LogLevel.Warning, "Removing what is older than its retention has to wait; retrying every few seconds.")]
        public static partial void Waits(ILogger logger, Exception error);

        [LoggerMessage(111, LogLevel.Error, "Retention of readings has stopped, and no reading is deleted or rejected as too old: {Errors} Correct the settings and restart, or create the zone or node.")]
        public static partial void Stopped(ILogger logger, string errors);
    }
}
