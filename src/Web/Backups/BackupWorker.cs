using Microsoft.Extensions.Options;
using SensorDash.Data.Access;
using SensorDash.Data.Backup;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Backups;

/// <summary>Makes a backup each day at the time of the settings; one that was missed while the server did not run is made up for after its start.</summary>
internal sealed partial class BackupWorker(BackupJobs jobs, Data.Backup.Backups backups, IOptions<BackupOptions> options, TimeProvider clock, ILogger<BackupWorker> logger) : BackgroundService
{
    private static readonly TimeSpan _retry = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.FindTime() is not { } time) return;
        await Task.Yield(); // Let the rest of the host start.
        try
        {
            while (true)
            {
                var now = clock.GetUtcNow();
                var due = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero) + time.ToTimeSpan();
                if (due > now) due -= TimeSpan.FromDays(1);
                var isThere = HasBackupSince(due) || await jobs.CreateAsync(new(AuditLog.Program, null), stoppingToken);
                now = clock.GetUtcNow();
                var next = isThere ? due + TimeSpan.FromDays(1) : now + _retry;
                if (next > now) await Task.Delay(next - now, clock, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // An unfinished backup is removed by the next one.
        }
    }

    // A doubtful one too: another one would not be better.
    private bool HasBackupSince(DateTimeOffset due)
    {
        try
        {
            return backups.Folder.List().Any(b => b.Error is null && b.Manifest!.CreatedAt >= (due - DateTimeOffset.UnixEpoch).WholeMicroseconds());
        }
        catch (BackupException e)
        {
            Log.NotListed(logger, e.Message);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(106, LogLevel.Warning, "{Reason}")]
        public static partial void NotListed(ILogger logger, string reason);
    }
}
