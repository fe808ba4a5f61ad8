using SensorDash.Data.Access;
using SensorDash.Web.Damage;

namespace SensorDash.Web.Transfers;

/// <summary>Tells the log, the audit log and the page of damage how the swap before this host ended.</summary>
internal sealed partial class SwapEntry(TransferMoves moves, AuditLog audit, DamageJobs damage, ILogger<SwapEntry> logger) : IHostedLifecycleService
{
    /// <summary>Before the requests that wait are answered: a client that reads of the swap finds its entry too.</summary>
    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken) => moves.TakeOutcome() switch
    {
        { Swap: MovePlan plan } move => NoteMoveAsync(plan, move),
        { Swap: RepairPlan plan } repair => NoteRepairAsync(plan, repair),
        _ => Task.CompletedTask,
    };

    private Task NoteMoveAsync(MovePlan plan, SwapOutcome move)
    {
        if (move.Error is null) Log.Moved(logger, plan.From.Text, plan.To.Text, move.Seconds, StoreSettings.Arguments(moves.Settings));
        else Log.NotMoved(logger, plan.From.Text, plan.To.Text, move.Error);
        return audit.RecordAsync(AuditLog.Program, null, plan.IsBack ? AuditAction.StoreRollBack : AuditAction.StoreCutOver, $"{plan.From.Text} → {plan.To.Text}", Outcome(move), move.Error);
    }

    private Task NoteRepairAsync(RepairPlan plan, SwapOutcome repair)
    {
        if (repair.Error is null) Log.Repaired(logger, plan.Repaired.Database, repair.Seconds, plan.Repaired.Result.Text);
        else Log.NotRepaired(logger, plan.Repaired.Database, repair.Error);
        damage.NoteOutcome(plan, repair.Error);
        return audit.RecordAsync(
            plan.Actor.Name, plan.Actor.Address, DamageJobs.ActionOf(plan.Kind), plan.Repaired.Damage.Aside, Outcome(repair), repair.Error ?? plan.Repaired.Result.Text);
    }

    private static AuditOutcome Outcome(SwapOutcome outcome) => outcome.Error is null ? AuditOutcome.Done : AuditOutcome.Failed;

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(66, LogLevel.Information, "The data moved from {From} to {To}; requests waited {Seconds:0.00} s for it, and for the start. Settings for the next start: {Settings}")]
        public static partial void Moved(ILogger logger, string from, string to, double seconds, string settings);

        [LoggerMessage(56, LogLevel.Warning, "The database {Database} is repaired; requests waited {Seconds:0.00} s for it, and for the start. {Result}")]
        public static partial void Repaired(ILogger logger, string database, double seconds, string result);

        [LoggerMessage(57, LogLevel.Error, "The database {Database} is not repaired; the server goes on as before: {Reason}")]
        public static partial void NotRepaired(ILogger logger, string database, string reason);

        [LoggerMessage(67, LogLevel.Error, "The data did not move from {From} to {To}; the server goes on as before: {Reason}")]
        public static partial void NotMoved(ILogger logger, string from, string to, string reason);
    }
}
