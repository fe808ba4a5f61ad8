using Microsoft.Extensions.Hosting;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Readings;

/// <summary>Keeps the months of a DuckDB store in order while readings arrive.</summary>
public sealed class DuckDbReadingSorter(DuckDbReadingStore store, CommitFeed commits, TimeProvider clock) : BackgroundService
{
    // Sorting holds writers up; after a commit more often follow at once.
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // The rest of the host starts meanwhile.
        while (!stoppingToken.IsCancellationRequested)
        {
            var commit = commits.NextCommit;
            try
            {
                while (await store.SortOneMonthAsync(stoppingToken)) { }
                await commit.WaitAsync(stoppingToken);
                await Task.Delay(_pause, clock, stoppingToken);
            }
            catch (StoreUnavailableException)
            {
                // Whoever writes or reads says so; unsorted rows only make questions slower.
                await Task.Delay(_pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
            }
        }
    }
}
