using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using SensorDash.Data.Access;
using SensorDash.Data.Backup;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Web.Backups;
using SensorDash.Web.Commands.Transfer;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Commands.Backup;

/// <summary><c>dotnet run --project src/Web -- backup …</c>: makes, lists, verifies and restores backups of the stores of the settings.</summary>
internal static class BackupCommand
{
    public const string Name = "backup";

    private const int Done = 0, Failed = 1;

    private static readonly TimeSpan _pollEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>The command with its subcommands.</summary>
    /// <param name="settings">Settings of the program.</param>
    public static Command Create(string[] settings)
    {
        var server = new Option<string>("--server") { Description = "The running server. Default: the one that holds the database.", HelpName = "http://127.0.0.1:5080" };
        var backup = new Argument<string>("BACKUP") { Description = "Its name, as 'backup list' shows it, or its folder." };
        var replace = new Option<bool>("--replace") { Description = "Set aside a store that is there, under another name; nothing is deleted." };
        var command = new Command(Name, "Make, list, verify and restore backups of the database and the readings.");
        command.Subcommands.Add(new Command("create", "Make a backup and verify it, while the server runs or without it; older ones are deleted as Backup:Keep says.") { server }.WithRun(
            settings, (host, p, token) => CreateAsync(host, p.GetValue(server), token)));
        command.Subcommands.Add(new Command("list", "List the backups, newest first.").WithRun(settings, (host, _, _) => ListAsync(host)));
        command.Subcommands.Add(new Command("verify", "Read a backup from its first to its last byte, and compare it with its manifest.") { backup }.WithRun(
            settings, (host, p, token) => VerifyAsync(host, p.GetValue(backup)!, token)));
        command.Subcommands.Add(new Command("restore", "Restore a backup to where the settings say that the stores are. No server may run on them.") { backup, replace }.WithRun(
            settings, (host, p, token) => RestoreAsync(host, p.GetValue(backup)!, p.GetValue(replace), token)));
        return command;
    }

    private static async Task<int> CreateAsync(BackupHost host, string? url, CancellationToken cancellationToken)
    {
        using var server = RunningServer.Find(url, host.Database.Kind == StoreKind.Sqlite ? [host.Database.Place] : []);
        if (server is not null) return await CreateAsync(server, cancellationToken);
        await host.ClaimAsync(cancellationToken);
        var created = await host.Backups.CreateAsync(_ => { }, cancellationToken);
        var text = BackupText.Created(created);
        await host.RecordAsync(AuditAction.BackupCreate, created.Backup.Name, isDone: true, text);
        await Console.Out.WriteLineAsync($"{created.Backup.Path}\n{text}");
        return Done;
    }

    // The server holds the database, and a DuckDB file admits no other process.
    private static async Task<int> CreateAsync(RunningServer server, CancellationToken cancellationToken)
    {
        long number;
        using (var begun = await server.SendAsync(HttpMethod.Post, "/api/backups", cancellationToken))
            number = (await begun.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("job").GetProperty("number").GetInt64();
        while (true)
        {
            var job = (await server.PollAsync("/api/backups", cancellationToken)).GetProperty("job");
            if (job.ValueKind != JsonValueKind.Object || job.GetProperty("number").GetInt64() != number) throw new BackupException("The server was started again meanwhile; 'backup list' shows what is there.");
            var message = job.GetProperty("message").GetString();
            switch (job.GetProperty("state").GetString())
            {
                case "done":
                    await Console.Out.WriteLineAsync($"{job.GetProperty("backup").GetString()}\n{message}");
                    return Done;
                case "failed":
                    throw new BackupException(message ?? "The backup failed.");
            }
            await Task.Delay(_pollEvery, cancellationToken);
        }
    }

    private static async Task<int> ListAsync(BackupHost host)
    {
        var backups = host.Backups.Folder.List();
        if (backups.Count == 0) await Console.Out.WriteLineAsync($"There are no backups in {host.Backups.Folder.Path}.");
        foreach (var backup in backups)
        {
            await Console.Out.WriteLineAsync(backup.Manifest is not { } manifest ? $"{backup.Name}  damaged: {backup.Error}"
                : string.Create(CultureInfo.InvariantCulture, $"{backup.Name}  {BackupText.State(backup),-8}  {BackupText.Size(manifest.Bytes),12}  {BackupText.Readings(manifest),15:N0} readings  {BackupText.Events(manifest),15:N0} events")
                    + ((backup.Error ?? manifest.Doubt) is { } error ? $"  {error}" : ""));
        }
        return Done;
    }

    private static async Task<int> VerifyAsync(BackupHost host, string name, CancellationToken cancellationToken)
    {
        var result = await host.Backups.VerifyAsync(Find(host, name), cancellationToken);
        await host.RecordAsync(AuditAction.BackupVerify, result.Name, result.Error is null, result.Error);
        if (result.Error is { } error) throw new BackupException(error);
        await Console.Out.WriteLineAsync($"{result.Name} is as it was made." + (result.Manifest?.Doubt is { } doubt ? $" But {doubt}." : ""));
        return Done;
    }

    private static async Task<int> RestoreAsync(BackupHost host, string name, bool replaces, CancellationToken cancellationToken)
    {
        var backup = Find(host, name);
        var aside = await host.Backups.RestoreAsync(backup, replaces, cancellationToken);
        host.EndDamage($"The backup {backup.Name} was restored by the command.");
        await host.RecordAsync(AuditAction.BackupRestore, backup.Name, isDone: true, aside.Count == 0 ? null : $"set aside: {string.Join(", ", aside)}");
        await Console.Out.WriteLineAsync($"Restored {backup.Name}. Start the server; it rebuilds the side path, and live streams begin anew.");
        foreach (var path in aside) await Console.Out.WriteLineAsync($"What was there is {path} now. Delete it if you do not need it.");
        return Done;
    }

    private static BackupEntry Find(BackupHost host, string name)
    {
        if (host.Backups.Folder.Find(name) is { } backup) return backup;
        if (Directory.Exists(name)) return BackupFolder.Read(Path.GetFullPath(name));
        throw new BackupException($"There is no backup {OutsideText.Shown(name)}. 'backup list' shows all in {host.Backups.Folder.Path}.");
    }

    private static Command WithRun(this Command command, string[] settings, Func<BackupHost, ParseResult, CancellationToken, Task<int>> run)
    {
        command.SetAction(async (result, token) =>
        {
            try
            {
                await using var host = new BackupHost(CommandSettings.Read(settings));
                return await run(host, result, token);
            }
            catch (OperationCanceledException) when (token.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync("Interrupted; no backup was made, and no store was replaced.");
                return Failed;
            }
            catch (Exception e) when (e is BackupException or TransferException or StartupException or StoreUnavailableException or StoreFaultException)
            {
                await Console.Error.WriteLineAsync($"SensorDash: {e.Message}");
                return Failed;
            }
        });
        return command;
    }
}
