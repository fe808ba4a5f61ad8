using System.Globalization;
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

    /// <summary>Start of the payload of the notification for a commit of events; for readings it is empty. A process and the last canonical time follow.</summary>
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
                connection.Notification += (_, told) => Take(told.Payload);
                await using (var listen = new NpgsqlCommand("LISTEN " + Channel, connection)) await listen.ExecuteNonQueryAsync(stoppingToken);
                isNews = true;
                commits.Publish(); // For commits while the connection did not listen.
                eventCommits.Recent.NoteCommit(null);
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

    /// <summary>The payload for a commit of events: as long as three numbers, far below the server's limit of 8,000 bytes.</summary>
    internal static string PayloadOf(EventCommitSignal process, long lastCanonicalTime)
        => string.Create(CultureInfo.InvariantCulture, $"{OfEvents} {process.ProcessId} {lastCanonicalTime}");

    private void Take(string payload)
    {
        if (!payload.StartsWith(OfEvents, StringComparison.Ordinal))
        {
            commits.Publish();
            return;
        }
        // Writers of this process have added their events themselves, and faster.
        if (payload.Split(' ') is not [_, var process, var time] || !long.TryParse(time, CultureInfo.InvariantCulture, out var last)) eventCommits.Recent.NoteCommit(null);
        else if (process != eventCommits.ProcessId) eventCommits.Recent.NoteCommit(last);
        eventCommits.Publish();
    }

    private static partial class Log
    {
        [LoggerMessage(30, LogLevel.Warning, "Cannot listen for other processes' commits; retrying.")]
        public static partial void NotListening(ILogger logger, Exception error);
    }
}
