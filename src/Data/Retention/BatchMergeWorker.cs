using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Retention;

/// <summary>Keeps the batch tables short: merges what every follower has passed, in the background.</summary>
public sealed partial class BatchMergeWorker(
    [FromKeyedServices("readings")] IBatchLog readings, [FromKeyedServices("events")] IBatchLog events, TimeProvider clock, ILogger<BatchMergeWorker> logger) : BackgroundService
{
    private static readonly TimeSpan _every = TimeSpan.FromMinutes(10);

    // Between two steps, so that writers hardly notice.
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(20);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // Let the rest of the host start.
        while (true)
        {
            await Task.Delay(_every, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested) return;
            foreach (var log in (IBatchLog[])[readings, events])
            {
                try
                {
                    var after = 0L;
                    while (await log.MergeStepAsync(after, stoppingToken) is { } next)
                    {
                        after = next;
                        await Task.Delay(_pause, clock, stoppingToken);
                    }
                }
                catch (Exception) when (stoppingToken.IsCancellationRequested) // The store may be gone already.
                {
                    return;
                }
                catch (Exception e) // Any error: no error here may stop the hub, and the next run tries again.
                {
                    Log.Failed(logger, log.Feed, e);
                }
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(35, LogLevel.Warning, "Cannot merge the batches of {Feed}; trying again in ten minutes.")]
        public static partial void Failed(ILogger logger, string feed, Exception error);
    }
}
