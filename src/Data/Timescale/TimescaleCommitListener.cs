using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <summary>Wakes this process's subscribers when another process has committed.</summary>
public sealed partial class TimescaleCommitListener(
    TimescaleDatabase database, CommitSignal commits, EventCommitSignal eventCommits, TimeProvider clock, ILogger<TimescaleCommitListener> logger) : BackgroundService
{
    internal const string Channel = "sensordash_commits";

    /// <summary>Payload of the notification for a commit of events; for readings it is empty.</summary>
    internal const string OfEvents = "events";

    private static readonly TimeSpan _retry = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // Let the rest of the host start.
        var isNews = true;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await database.OpenAsync(stoppingToken);
                connection.Notification += (_, told) => (told.Payload == OfEvents ? eventCommits : commits).Publish();
                await using (var listen = new NpgsqlCommand("LISTEN " + Channel, connection)) await listen.ExecuteNonQueryAsync(stoppingToken);
                isNews = true;
                commits.Publish(); // For commits while the connection did not listen.
                eventCommits.Publish();
                while (true) await connection.WaitAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Any error: an escaping error would stop the host, and only the latency of updates depends on this.
                if (isNews) Log.NotListening(logger, e);
                isNews = false;
                await Task.Delay(_retry, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(30, LogLevel.Warning, "Cannot listen for other processes' commits; retrying.")]
        public static partial void NotListening(ILogger logger, Exception error);
    }
}
