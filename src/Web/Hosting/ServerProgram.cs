using SensorDash.Data.Access;
using SensorDash.Web.Commands;
using SensorDash.Web.Damage;
using SensorDash.Web.Operations;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Hosting;

/// <summary>Runs the server: one host after the other on the same sockets, a new one after each cut-over to another store.</summary>
internal static partial class ServerProgram
{
    /// <exception cref="StartupException">The program cannot start because of its environment.</exception>
    public static async Task RunAsync(ParsedCommandLine line)
    {
        await using var server = new SwitchableServer();
        using var systemd = new SystemdNotices();
        var moves = new TransferMoves(server, TimeProvider.System);
        moves.BuildHost = settings => Build(line, server, moves, systemd, settings);
        for (var isFirst = true; isFirst || moves.IsPending; isFirst = false)
        {
            await using var app = isFirst ? Build(line, server, moves, systemd, []) : await moves.RunAsync(); // A start that fails also releases its files.
            if (isFirst && line.Command == DemoCommand.Name) app.LoadDemoWhenStarted();
            if (isFirst && line.Command == RebuildCommand.Name) app.RebuildAnalytics();
            await app.RunSensorDashAsync();
        }
    }

    private static WebApplication Build(ParsedCommandLine line, SwitchableServer server, TransferMoves moves, SystemdNotices systemd, IEnumerable<KeyValuePair<string, string?>> settings)
    {
        var builder = ProgramBuilder.Create(line.Settings);
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.AddSingleton(moves);
        builder.AddSensorDash(server);
        var app = builder.Build();
        app.UseSensorDash();
        app.Lifetime.ApplicationStarted.Register(() => NoteStart(app, moves));
        app.Lifetime.ApplicationStarted.Register(systemd.Ready);
        return app;
    }

    private static void NoteStart(WebApplication app, TransferMoves moves)
    {
        var audit = app.Services.GetRequiredService<AuditLog>();
        switch (moves.TakeOutcome())
        {
            case { Swap: MovePlan plan } move:
                if (move.Error is null) Log.Moved(app.Logger, plan.From.Text, plan.To.Text, move.Seconds, StoreSettings.Arguments(moves.Settings));
                else Log.NotMoved(app.Logger, plan.From.Text, plan.To.Text, move.Error);
                _ = audit.RecordAsync(AuditLog.Program, null, plan.IsBack ? AuditAction.StoreRollBack : AuditAction.StoreCutOver, $"{plan.From.Text} → {plan.To.Text}", Outcome(move), move.Error);
                break;
            case { Swap: RepairPlan plan } repair:
                if (repair.Error is null) Log.Repaired(app.Logger, plan.Repaired.Database, repair.Seconds, plan.Repaired.Result.Text);
                else Log.NotRepaired(app.Logger, plan.Repaired.Database, repair.Error);
                app.Services.GetRequiredService<DamageJobs>().NoteOutcome(plan, repair.Error);
                _ = audit.RecordAsync(plan.Actor.Name, plan.Actor.Address, DamageJobs.ActionOf(plan.Kind), plan.Repaired.Damage.Aside, Outcome(repair), repair.Error ?? plan.Repaired.Result.Text);
                break;
        }
    }

    private static AuditOutcome Outcome(SwapOutcome outcome) => outcome.Error is null ? AuditOutcome.Done : AuditOutcome.Failed;

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
