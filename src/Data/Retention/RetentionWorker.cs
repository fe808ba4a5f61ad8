using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SensorDash.Data.Access;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Retention;

/// <summary>Deletes readings that exceed the retention, at startup and then every hour.</summary>
/// <remarks>Not TimescaleDB's retention policy: counters and change feed would not include the rows that it drops.</remarks>
public sealed partial class RetentionWorker(
    IReadingStore store, AuditLog audit, IOptions<RetentionOptions> options, TimeProvider clock, ILogger<RetentionWorker> logger)
    : BackgroundService
{
    private static readonly TimeSpan _interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.ReadingDays == 0) return;
        await Task.Yield(); // Let the rest of the host start.
        using var timer = new PeriodicTimer(_interval, clock);
        try
        {
            do await RunAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Steps are short, and the next startup continues here.
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        // Whole days (UTC): a boundary that every engine supports, also one that drops chunks.
        var before = new DateTimeOffset(clock.GetUtcNow().UtcDateTime.Date.AddDays(-options.Value.ReadingDays), TimeSpan.Zero).ToUnixTimeSeconds();
        var all = 0L;
        try
        {
            while (await store.RemoveBeforeAsync(before, cancellationToken) is var removed and > 0) all += removed;
        }
        catch (StoreUnavailableException e)
        {
            Log.Failed(logger, LogLevel.Warning, e);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested) // Any error: no error here may stop the hub.
        {
            Log.Failed(logger, LogLevel.Error, e);
        }
        if (all == 0) return;
        Log.Removed(logger, all, options.Value.ReadingDays);
        await audit.RecordAsync(AuditLog.Program, null, AuditAction.ReadingsExpire, FormattableString.Invariant($"readings older than {options.Value.ReadingDays} days"), AuditOutcome.Done,
            FormattableString.Invariant($"{all} readings"));
    }

    private static partial class Log
    {
        [LoggerMessage(34, LogLevel.Information, "Removed {Rows} readings older than {Days} days.")]
        public static partial void Removed(ILogger logger, long rows, int days);

        [LoggerMessage(EventId = 35, Message = "Removing old readings failed; retrying in an hour.")]
        public static partial void Failed(ILogger logger, LogLevel level, Exception error);
    }
}
