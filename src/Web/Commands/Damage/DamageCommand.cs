using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using SensorDash.Data.Access;
using SensorDash.Data.Backup;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Migrations;
using SensorDash.Web.Backups;
using SensorDash.Web.Commands.Backup;
using SensorDash.Web.Commands.Transfer;
using SensorDash.Web.Damage;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Commands.Damage;

/// <summary><c>dotnet run --project src/Web -- damage …</c>: what is done about a database that was damaged and set aside.</summary>
internal static class DamageCommand
{
    public const string Name = "damage";

    private const int Done = 0, Failed = 1;

    private static readonly TimeSpan _pollEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>The command with its subcommands.</summary>
    /// <param name="settings">Settings of the program.</param>
    public static Command Create(string[] settings)
    {
        var server = new Option<string>("--server") { Description = "The running server. Default: the one that holds the database.", HelpName = "http://127.0.0.1:5080" };
        var command = new Command(Name, "Deal with a database that was damaged and set aside.");
        command.Subcommands.Add(new Command("status", "Show the damage, and the files that were set aside.").WithRun(settings, (host, _, _) => StatusAsync(host)));
        command.Subcommands.Add(new Command("restore", "Restore the latest good backup from before the damage, and add what has arrived since; the server may run.") { server }.WithRun(
            settings, (host, p, token) => RepairAsync(host, RepairKind.Restore, p.GetValue(server), token)));
        command.Subcommands.Add(new Command("salvage", "Read what can be read of the damaged file, and add what has arrived since; the server may run.") { server }.WithRun(
            settings, (host, p, token) => RepairAsync(host, RepairKind.Salvage, p.GetValue(server), token)));
        command.Subcommands.Add(new Command("dismiss", "Go on without the damaged database; its files stay.") { server }.WithRun(settings, (host, p, token) => DismissAsync(host, p.GetValue(server), token)));
        return command;
    }

    private static async Task<int> StatusAsync(BackupHost host)
    {
        var damage = host.Damage;
        await Console.Out.WriteLineAsync(damage is null ? "No damage waits for a decision."
            : string.Create(CultureInfo.InvariantCulture, $"Damaged: {damage.Aside}, set aside at {DateTimeOffset.FromUnixTimeSeconds(damage.At):yyyy-MM-dd HH:mm:ss} UTC. {damage.Found}."));
        if (damage is not null) await Console.Out.WriteLineAsync(host.Repair.FindBackup(damage) is { } backup ? $"Latest good backup from before it: {backup.Name}." : "There is no good backup from before it.");
        foreach (var file in AsideFile.List(host.Database.Place))
        {
            await Console.Out.WriteLineAsync($"{file.Path}  {BackupText.Size(file.Bytes)}");
            if (file.Result is { } result) await WriteAsync(result);
        }
        return Done;
    }

    private static async Task<int> RepairAsync(BackupHost host, RepairKind kind, string? url, CancellationToken cancellationToken)
    {
        using var server = RunningServer.Find(url, [host.Database.Place]);
        var damage = host.Damage ?? throw new BackupException("There is no damaged database to repair.");
        if (server is not null) return await RepairAsync(server, kind, damage.Aside, cancellationToken);
        if (!damage.IsComplete) throw new BackupException("Start the server once: the first start after the damage is not complete.");
        RepairedDatabase repaired;
        using (SqliteFileLock.Acquire(host.Database.Place, TimeProvider.System))
        await using (var live = (StoreSource)SqliteTransfer.OpenSource(host.Database.Place, SchemaServices.SqliteContexts, isQuiet: false, TimeProvider.System))
            repaired = await host.Repair.BuildAsync(kind, damage, live, _ => { }, cancellationToken);
        await host.Repair.SwapAsync(repaired, cancellationToken);
        await host.RecordAsync(DamageJobs.ActionOf(kind), damage.Aside, isDone: true, repaired.Result.Text);
        await WriteAsync(repaired.Result);
        return Done;
    }

    // The server changes its database while it runs.
    private static async Task<int> RepairAsync(RunningServer server, RepairKind kind, string aside, CancellationToken cancellationToken)
    {
        (await server.SendAsync(HttpMethod.Post, $"/api/damage/{kind.ToString().ToLowerInvariant()}", cancellationToken)).Dispose();
        while (true)
        {
            await Task.Delay(_pollEvery, cancellationToken);
            var state = await server.PollAsync("/api/damage", cancellationToken);
            if (state.GetProperty("job") is { ValueKind: JsonValueKind.Object } job)
            {
                if (job.GetProperty("error").GetString() is { } error) throw new BackupException(error);
            }
            else if (RepairResult.Read(aside) is { } result)
            {
                await WriteAsync(result);
                return Done;
            }
            else
            {
                throw new BackupException("The server was started again meanwhile, and nothing has changed. Begin again.");
            }
        }
    }

    private static async Task<int> DismissAsync(BackupHost host, string? url, CancellationToken cancellationToken)
    {
        using var server = RunningServer.Find(url, [host.Database.Place]);
        if (server is not null)
        {
            (await server.SendAsync(HttpMethod.Post, "/api/damage/dismiss", cancellationToken)).Dispose();
        }
        else
        {
            var damage = host.Damage ?? throw new BackupException("There is no damaged database.");
            await host.ClaimAsync(cancellationToken);
            host.ForgetDamage();
            DatabaseRepair.Clear(host.Database.Place);
            await host.RecordAsync(AuditAction.StoreGoOn, damage.Aside, isDone: true, damage.Found);
        }
        await Console.Out.WriteLineAsync("SensorDash goes on without the damaged database. Its files stay; delete them if you do not need them.");
        return Done;
    }

    private static async Task WriteAsync(RepairResult result)
    {
        await Console.Out.WriteLineAsync(result.Text);
        foreach (var loss in result.Losses) await Console.Out.WriteLineAsync($"  {loss}");
    }

    private static Command WithRun(this Command command, string[] settings, Func<BackupHost, ParseResult, CancellationToken, Task<int>> run)
    {
        command.SetAction(async (result, token) =>
        {
            try
            {
                await using var host = new BackupHost(CommandSettings.Read(settings));
                if (host.Database.Kind != StoreKind.Sqlite) throw new BackupException("Only a SQLite database is set aside when it is damaged; the settings name PostgreSQL.");
                return await run(host, result, token);
            }
            catch (OperationCanceledException) when (token.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync("Interrupted. A server that began a repair goes on with it; else nothing has changed.");
                return Failed;
            }
            catch (Exception e) when (e is BackupException or TransferException or StartupException or StoreUnavailableException or StoreFaultException or InvalidOperationException or IOException)
            {
                await Console.Error.WriteLineAsync($"SensorDash: {e.Message}");
                return Failed;
            }
        });
        return command;
    }
}
