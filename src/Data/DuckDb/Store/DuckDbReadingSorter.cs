using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb.Store;

/// <summary>Keeps the months of a DuckDB store sorted while readings arrive.</summary>
public sealed partial class DuckDbReadingSorter(DuckDbReadingStore store, CommitSignal commits, TimeProvider clock, ILogger<DuckDbReadingSorter> logger)
    : BackgroundService
{
    // Sorting blocks writers; after a commit, more commits often follow immediately.
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // Let the rest of the host start.
        var isFailing = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            var commit = commits.NextCommit;
            try
            {
                while (await store.SortOneMonthAsync(stoppingToken)) { }
                isFailing = false;
                await commit.WaitAsync(stoppingToken);
                await Task.Delay(_pause, clock, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
            }
            catch (Exception e) // Any error: unsorted rows only make queries slower, and must not stop the hub.
            {
                // It is retried every few seconds, and the log need not repeat it.
                if (!isFailing) Log.Failed(logger, e is StoreUnavailableException ? LogLevel.Warning : LogLevel.Error, e);
                isFailing = true;
                await Task.Delay(_pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 24, Message = "Sorting failed; retrying. Analytics is slower until then.")]
        public static partial void Failed(ILogger logger, LogLevel level, Exception error);
    }
}
