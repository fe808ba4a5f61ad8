using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb.SidePath;

/// <summary>Keeps the DuckDB file in step with the store: applies its batches in order, sorts when idle, starts over when told to.</summary>
public sealed partial class DuckDbSync(
    IReadingChangeFeed store, CommitSignal commits, DuckDbSidePathSource source, IOptions<AnalyticsOptions> options, TimeProvider clock,
    ILogger<DuckDbSync> logger) : BackgroundService
{
    // A DuckDB commit costs milliseconds of disk: a trickle of readings is gathered for a moment, unless somebody asks.
    private static readonly TimeSpan _gather = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _retry = TimeSpan.FromSeconds(15);

    // DuckDB keeps what writing and sorting took, and gives it back when the file is opened anew: after so many rows for each MiB it may use.
    private const long RowsPerMiB = 2_000;

    private long RowsBeforeReopening => options.Value.MemoryLimitMiB * RowsPerMiB;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (source.State == AnalyticsState.Off) return;
        await Task.Yield(); // Let the rest of the host start.
        while (!stoppingToken.IsCancellationRequested)
        {
            var wake = source.WakeSignal(); // Before the attempt: what is asked for while it fails is not slept through.
            try
            {
                await ApplyChangesAsync(stoppingToken);
                source.Close(isReopened: true);
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
                source.Close(isReopened: false);
            }
        }
    }

    // Returns when the file is to be opened anew.
    private async Task ApplyChangesAsync(CancellationToken stoppingToken)
    {
        if (source.BeginRebuild() is { } rebuild)
        {
            DuckDbSidePath.Delete(options.Value, stoppingToken);
            source.EndRebuild(rebuild);
        }
        await source.SubscriberLag.ReadThrottledAsync(source.Applied, stoppingToken); // Also when the file then cannot be opened.
        var sidePath = DuckDbSidePath.Open(options.Value, stoppingToken);
        source.Open(sidePath);
        // Another store, or an older copy of this one, has other batches under the same ids.
        var applied = sidePath.Applied;
        if (applied.Batch > 0 && await store.FindCommittedAtAsync(applied.Batch, stoppingToken) != applied.CommittedAt)
        {
            Log.OtherStore(logger);
            sidePath.Clear(stoppingToken);
        }
        for (var written = 0L; ;)
        {
            var (commit, wake) = (commits.NextCommit, source.WakeSignal());
            while (await store.ReadChangesAsync(sidePath.Applied.Batch, stoppingToken) is var changes && changes.UpTo > sidePath.Applied.Batch)
            {
                written += changes.Added.Count;
                sidePath.Apply(changes, stoppingToken);
                await source.SubscriberLag.ReadThrottledAsync(changes.UpTo, stoppingToken);
                source.Progress();
                if (written >= RowsBeforeReopening) return;
            }
            await source.SubscriberLag.ReadAsync(sidePath.Applied.Batch, stoppingToken);
            if (!source.TrySetReady()) return;
            source.Progress();
            if (sidePath.SortOneMonth(stoppingToken))
            {
                if (sidePath.CountRows(stoppingToken) >= RowsBeforeReopening) return;
                continue;
            }
            await WaitAsync(Task.WhenAny(commit, wake), Timeout.InfiniteTimeSpan, stoppingToken);
            if (!wake.IsCompleted) await WaitAsync(wake, _gather, stoppingToken);
        }
    }

    private void Fail(Exception error)
    {
        // What nobody foresaw is for the log: clients read the notice.
        var isKnown = error is DuckDbException or IOException or InvalidDataException or UnauthorizedAccessException;
        var reason = isKnown ? error.Message : "See the log.";
        // It is tried again every few seconds, and the log need not say so each time.
        if (source.SetFailed($"DuckDB is unavailable ({reason}) Queries use the database, slower over many nodes."))
            Log.Failed(logger, isKnown ? LogLevel.Warning : LogLevel.Error, error);
        source.Progress();
    }

    private async Task WaitAsync(Task signal, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            await signal.WaitAsync(timeout, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The time was the other thing waited for.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 20, Message = "The DuckDB side path is unavailable; queries use the store.")]
        public static partial void Failed(ILogger logger, LogLevel level, Exception error);

        [LoggerMessage(21, LogLevel.Warning, "The DuckDB file belongs to another store, or to a newer state of this one; rebuilding it.")]
        public static partial void OtherStore(ILogger logger);
    }
}
