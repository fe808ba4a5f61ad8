using System.Globalization;
using SensorDash.Data.Access;
using SensorDash.Data.Backup;
using SensorDash.Data.Storage;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Backups;

/// <summary>What a job does.</summary>
internal enum BackupJobKind
{
    Create,
    Verify,
}

/// <summary>Where a job stands.</summary>
internal enum BackupJobState
{
    Running,
    Done,
    Failed,
}

/// <summary>Who began a job.</summary>
/// <param name="Name">For the audit log.</param>
/// <param name="Address">Address of the client; null without one.</param>
internal sealed record BackupActor(string Name, string? Address)
{
    public static BackupActor Of(HttpContext context) => new(Security.AuditTrail.ActorOf(context), Security.AuditTrail.AddressOf(context));
}

/// <summary>A backup that is made or verified.</summary>
/// <param name="Number">Ascending from 1.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Backup">Name of the backup; null until a new one is complete.</param>
/// <param name="StartedAt">Unix microseconds.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Share">How much is copied, 0 to 1.</param>
/// <param name="Message">Its result, or why it failed; null while it runs.</param>
internal sealed record BackupJob(long Number, BackupJobKind Kind, string? Backup, long StartedAt, BackupJobState State, double Share, string? Message);

/// <summary>Makes and verifies backups of this server, one at a time.</summary>
internal sealed partial class BackupJobs(Data.Backup.Backups backups, AuditLog audit, TimeProvider clock, ILogger<BackupJobs> logger) : SingleJob
{
    private volatile BackupJob? _current;

    /// <summary>The job that runs, or the last one since the start; null without.</summary>
    public BackupJob? Current => _current;

    /// <summary>Begins a job.</summary>
    /// <param name="verified">The backup to verify; null to make one.</param>
    /// <param name="actor">Who began it.</param>
    /// <returns>Why it does not begin; null if it does.</returns>
    public string? TryStart(BackupEntry? verified, BackupActor actor) => TryStart(verified, actor, out _);

    /// <summary>Makes a backup and waits for it.</summary>
    /// <returns>Whether it is there.</returns>
    public async Task<bool> CreateAsync(BackupActor actor, CancellationToken cancellationToken)
    {
        if (TryStart(null, actor, out var running) is not null) return false;
        await running.WaitAsync(cancellationToken);
        return _current is { State: BackupJobState.Done };
    }

    private string? TryStart(BackupEntry? verified, BackupActor actor, out Task running)
    {
        lock (Gate)
        {
            running = Running;
            // Its state, not its task, which ends a moment later: a client that has read that a job is done can begin the next one.
            if (_current is { State: BackupJobState.Running, Kind: var kind })
                return kind == BackupJobKind.Create ? "a backup is being made; wait for its end" : "a backup is being verified; wait for its end";
            if (IsStopping) return "the server stops";
            _current = new((_current?.Number ?? 0) + 1, verified is null ? BackupJobKind.Create : BackupJobKind.Verify, verified?.Name, clock.NowMicroseconds(), BackupJobState.Running, 0, null);
            Begin(token => RunAsync(verified, actor, token));
            running = Running;
            return null;
        }
    }

    private async Task RunAsync(BackupEntry? verified, BackupActor actor, CancellationToken cancellationToken)
    {
        var action = verified is null ? AuditAction.BackupCreate : AuditAction.BackupVerify;
        try
        {
            var (backup, message) = verified is null ? await CreateAsync(cancellationToken) : await VerifyAsync(verified, cancellationToken);
            var isGood = verified is null || backup.Error is null;
            await audit.RecordAsync(actor.Name, actor.Address, action, backup.Name, isGood ? AuditOutcome.Done : AuditOutcome.Failed, message);
            End(backup.Name, isGood, message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            End(verified?.Name, false, "The server stopped meanwhile.");
        }
        catch (Exception e) // Any error: no error here may stop the hub.
        {
            var isKnown = e is BackupException or StoreUnavailableException;
            if (isKnown) Log.Refused(logger, action, e.Message);
            else Log.Failed(logger, action, e);
            var message = isKnown ? e.Message : "Server error. The log has the details.";
            await audit.RecordAsync(actor.Name, actor.Address, action, verified?.Name, AuditOutcome.Failed, message);
            End(verified?.Name, false, message);
        }
    }

    private async Task<(BackupEntry Backup, string Message)> CreateAsync(CancellationToken cancellationToken)
    {
        var created = await backups.CreateAsync(share => _current = _current! with { Share = share }, cancellationToken);
        var message = BackupText.Created(created);
        if (created.Backup.Manifest?.Doubt is { } doubt) Log.Doubtful(logger, created.Backup.Name, doubt);
        else Log.Created(logger, created.Backup.Name, message);
        return (created.Backup, message);
    }

    private async Task<(BackupEntry Backup, string Message)> VerifyAsync(BackupEntry backup, CancellationToken cancellationToken)
    {
        var result = await backups.VerifyAsync(backup, cancellationToken);
        if (result.Error is { } error) Log.Damaged(logger, error);
        return (result, result.Error ?? string.Create(CultureInfo.InvariantCulture, $"{backup.Name} is as it was made."));
    }

    private void End(string? backup, bool isDone, string message)
        => _current = _current! with { Backup = backup, State = isDone ? BackupJobState.Done : BackupJobState.Failed, Share = 1, Message = message };

    private static partial class Log
    {
        [LoggerMessage(101, LogLevel.Information, "Backup {Name}: {Result}")]
        public static partial void Created(ILogger logger, string name, string result);

        [LoggerMessage(102, LogLevel.Error, "Backup {Name} is complete, but what it holds is doubtful: {Reason}.")]
        public static partial void Doubtful(ILogger logger, string name, string reason);

        [LoggerMessage(103, LogLevel.Error, "{Reason}")]
        public static partial void Damaged(ILogger logger, string reason);

        [LoggerMessage(104, LogLevel.Error, "{Action} failed: {Reason}")]
        public static partial void Refused(ILogger logger, string action, string reason);

        [LoggerMessage(105, LogLevel.Error, "{Action} failed.")]
        public static partial void Failed(ILogger logger, string action, Exception error);
    }
}
