using SensorDash.Data.Access;
using SensorDash.Data.Backup;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Web.Backups;
using SensorDash.Web.Commands.Transfer;
using SensorDash.Web.Operations;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Damage;

/// <summary>A repair that runs, or that failed.</summary>
/// <param name="Kind">Where the rows come from.</param>
/// <param name="StartedAt">Unix seconds.</param>
/// <param name="Step">What is done now.</param>
/// <param name="Error">Why it failed; null while it runs.</param>
internal sealed record DamageJob(RepairKind Kind, long StartedAt, string Step, string? Error);

/// <summary>Repairs the database of this server after damage, in the background, while it takes readings. A stop of the server cancels it, and nothing has changed then.</summary>
internal sealed partial class DamageJobs(
    IStoreStartup startup, DatabaseRepair repair, OwnStores own, TransferJobs transfers, TransferMoves moves, AuditLog audit, IHostApplicationLifetime lifetime, IConfiguration configuration,
    TimeProvider clock, ILogger<DamageJobs> logger) : SingleJob
{
    private volatile DamageJob? _current;

    /// <summary>The repair that runs, or the last one that failed; null without. One that succeeded is beside the file that was set aside.</summary>
    public DamageJob? Current => _current;

    /// <summary>The database files that were set aside, newest first.</summary>
    public IReadOnlyList<AsideFile> Aside => own.Database.Kind == StoreKind.Sqlite ? AsideFile.List(own.Database.Place) : [];

    /// <summary>The backup that a restore would take; null without.</summary>
    public BackupEntry? FindBackup() => startup.Damage is { } damage ? repair.FindBackup(damage) : null;

    /// <summary>What the audit log calls it.</summary>
    public static string ActionOf(RepairKind kind) => kind == RepairKind.Restore ? AuditAction.StoreRestore : AuditAction.StoreSalvage;

    /// <summary>Begins a repair.</summary>
    /// <returns>Why it does not begin; null if it does.</returns>
    public string? TryStart(RepairKind kind, BackupActor actor)
    {
        lock (Gate)
        {
            if (!Running.IsCompleted) return "a repair is running already; wait for its end";
            if (IsStopping || moves.IsPending) return "the server stops";
            if (startup.Damage is not { IsComplete: true } damage) return "there is no damaged database to repair";
            if (kind == RepairKind.Restore && repair.FindBackup(damage) is null) return "there is no good backup from before the damage";
            if (transfers.Current is { Status.IsOpen: true }) return "a transfer is running or paused; wait for its end, or cancel it";
            if (!moves.CanSwitch) return $"this server cannot change its database while it runs: stop it, run 'damage {kind.ToString().ToLowerInvariant()}', and start it again";
            _current = new(kind, clock.GetUtcNow().ToUnixTimeSeconds(), "beginning", null);
            Begin(token => RunAsync(kind, damage, actor, token));
            return null;
        }
    }

    /// <summary>The owner goes on without the damaged database; its files stay.</summary>
    /// <returns>The damage that is dealt with; null if there is none, or it is being repaired.</returns>
    public StoreDamage? Dismiss()
    {
        lock (Gate)
        {
            if (!Running.IsCompleted || startup.Damage is not { } damage) return null;
            startup.ForgetDamage();
            DatabaseRepair.Clear(own.Database.Place);
            return damage;
        }
    }

    /// <summary>Notes how the swap before this host ended.</summary>
    public void NoteOutcome(RepairPlan plan, string? error)
    {
        if (error is not null) _current = new(plan.Kind, plan.Repaired.Result.At, "", error);
    }

    private async Task RunAsync(RepairKind kind, StoreDamage damage, BackupActor actor, CancellationToken cancellationToken)
    {
        try
        {
            await using var live = own.OpenDatabase();
            var repaired = await repair.BuildAsync(kind, damage, (StoreSource)live, step => _current = _current! with { Step = step }, cancellationToken);
            _current = _current! with { Step = "taking the place of the database" };
            if (!moves.TryBegin(new RepairPlan(kind, repaired, repair, actor), new TransferStores(configuration, clock).Timescale, startup, lifetime)) throw new BackupException("Another move of data has begun.");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _current = _current! with { Error = "The server stopped meanwhile." };
        }
        catch (Exception e) // Any error: no error here may stop the hub.
        {
            var isKnown = e is BackupException or TransferException or StoreUnavailableException or StoreFaultException or StartupException;
            if (isKnown) Log.Refused(logger, kind, e.Message);
            else Log.Failed(logger, kind, e);
            var message = isKnown ? e.Message : "Server error. The log has the details.";
            await audit.RecordAsync(actor.Name, actor.Address, ActionOf(kind), damage.Aside, AuditOutcome.Failed, message);
            _current = _current! with { Error = message };
        }
    }

    private static partial class Log
    {
        [LoggerMessage(58, LogLevel.Error, "The {Kind} of the damaged database failed, and nothing has changed: {Reason}")]
        public static partial void Refused(ILogger logger, RepairKind kind, string reason);

        [LoggerMessage(59, LogLevel.Error, "The {Kind} of the damaged database failed, and nothing has changed.")]
        public static partial void Failed(ILogger logger, RepairKind kind, Exception error);
    }
}
