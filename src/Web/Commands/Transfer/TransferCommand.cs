using System.CommandLine;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Web.Operations;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Commands.Transfer;

/// <summary><c>dotnet run --project src/Web -- transfer …</c>: copies data between stores, and compares them.</summary>
internal static class TransferCommand
{
    public const string Name = "transfer";

    /// <summary>Everything is copied and equal.</summary>
    public const int Complete = 0;

    /// <summary>Something failed, or the two sides differ.</summary>
    public const int Failed = 1;

    /// <summary>Complete except for rows that no store can hold.</summary>
    public const int CompleteWithRejects = 2;

    /// <summary>The command with its subcommands.</summary>
    /// <param name="settings">Settings of the program.</param>
    public static Command Create(string[] settings)
    {
        var from = new Option<string>("--from") { Description = $"The source; it is only read. One of: {TransferAddress.Help}.", HelpName = "STORE", Required = true };
        var to = new Option<string>("--to") { Description = "The target; it is created if it does not exist. Named like --from.", HelpName = "STORE", Required = true };
        var of = new Option<string>("--to") { Description = "The target of the transfers.", HelpName = "STORE", Required = true };
        var source = new Option<string>("--from") { Description = "The source of the last transfer, to see whether it has gone on since.", HelpName = "STORE" };
        var movedFrom = new Option<string>("--from") { Description = "The primary; only needed if no server runs. Named like that of 'transfer run'.", HelpName = "STORE" };
        var movedTo = new Option<string>("--to") { Description = "Its secondary; only needed if no server runs.", HelpName = "STORE" };
        var server = new Option<string>("--server") { Description = "The running server. Default: the one that holds the store.", HelpName = "http://127.0.0.1:5080" };
        var fromTime = new Option<string>("--from-time") { Description = "Only rows from this time on, such as 2026-01-01T00:00:00Z.", HelpName = "TIME" };
        var toTime = new Option<string>("--to-time") { Description = "Only rows before this time.", HelpName = "TIME" };
        var batchSize = new Option<int?>("--batch-size") { Description = "Rows of one transaction. Default: as many as half a second takes.", HelpName = "ROWS" };
        var rateLimit = new Option<long?>("--rate-limit") { Description = "Maximum rows per second, to spare a machine in use.", HelpName = "ROWS" };
        var strict = new Option<bool>("--strict") { Description = "Stop at the first row that no store can hold, instead of writing it to the file of rejects." };
        var follow = new Option<bool>("--follow") { Description = "Go on after the copy: rows that another program adds to the source arrive within seconds, until Ctrl+C. For files of former systems, and for PostgreSQL." };
        var rejects = new Option<string>("--rejects") { Description = "The file of rejected rows. Default: beside the report.", HelpName = "FILE" };
        var report = new Option<string>("--report") { Description = "Folder of the report. Default: that of the target's file, else the current one.", HelpName = "FOLDER" };

        var command = new Command(Name, "Copy readings and events between stores, and prove that the copy is complete. 'transfer run' is all that is needed; it goes on where it was interrupted.");
        command.Subcommands.Add(new Command("plan", "Show what a transfer would do; nothing is written.") { from, to, fromTime, toTime }.WithRun(
            (p, token) => new TransferRunCommand(Stores(), Arguments(p), Console.Out).PlanAsync(token)));
        command.Subcommands.Add(new Command("run", "Copy what is missing, then compare both sides row by row and write a report.")
        {
            from, to, follow, fromTime, toTime, batchSize, rateLimit, strict, rejects, report,
        }.WithRun((p, token) => new TransferRunCommand(Stores(), Arguments(p), Console.Out).RunAsync(token)));
        command.Subcommands.Add(new Command("verify", "Compare both sides of a transfer again, and write a report.") { from, to, fromTime, toTime, rejects, report }.WithRun(
            (p, token) => new TransferRunCommand(Stores(), Arguments(p), Console.Out).VerifyAsync(token)));
        command.Subcommands.Add(new Command("status", "Show how far dual-write of the running server is, or the last transfer into a store, and whether its verification still holds.") { source, movedTo, server }.WithRun(
            (p, token) => Move(p, source).StatusAsync(token)));
        command.Subcommands.Add(new Command("cutover", "Make the secondary the primary, after the last commits are applied and both are equal. The old primary follows, so that 'rollback' can go back.") { movedFrom, movedTo, server }.WithRun(
            (p, token) => Move(p).MoveAsync(isBack: false, token)));
        command.Subcommands.Add(new Command("rollback", "Make the former primary the primary again, with everything stored since the cut-over.") { movedFrom, movedTo, server }.WithRun(
            (p, token) => Move(p).MoveAsync(isBack: true, token)));
        command.Subcommands.Add(new Command("finish", "End dual-write: retire the secondary (--from) and remove the ledger; 'rollback' is then impossible.") { movedFrom, movedTo, server }.WithRun(
            (p, token) => Move(p).FinishAsync(token)));
        command.Subcommands.Add(new Command("giveup", "Give up the transfer into a store that is not finished: what is copied stays, and another transfer may begin.") { of }.WithRun(
            (p, token) => TransferListCommand.GiveUpAsync(Stores(), TransferAddress.Parse(p.GetValue(of)!), Console.Out, token)));
        command.Subcommands.Add(new Command("list", "List all transfers into a store.") { of }.WithRun(
            (p, token) => TransferListCommand.ListAsync(Stores(), TransferAddress.Parse(p.GetValue(of)!), Console.Out, token)));
        return command;

        TransferStores Stores() => new(CommandSettings.Read(settings), TimeProvider.System);

        TransferMoveCommand Move(ParseResult p, Option<string>? of = null)
        {
            var configuration = CommandSettings.Read(settings);
            return new(new(configuration, TimeProvider.System), configuration, Address(p, of ?? movedFrom), Address(p, movedTo), p.GetValue(server), Console.Out);
        }

        static TransferAddress? Address(ParseResult p, Option<string> option)
            => p.CommandResult.Command.Options.Contains(option) && p.GetValue(option) is { } text ? TransferAddress.Parse(text) : null;

        TransferArguments Arguments(ParseResult p) => new(TransferAddress.Parse(p.GetValue(from)!), TransferAddress.Parse(p.GetValue(to)!), new()
        {
            Readings = RangeOf(p.GetValue(fromTime), p.GetValue(toTime), 1_000_000),
            Events = RangeOf(p.GetValue(fromTime), p.GetValue(toTime), 1),
            BatchSize = Within(batchSize, p.GetValue(batchSize), 1, 100_000),
            MovesAccess = true,
            RateLimit = Within(rateLimit, p.GetValue(rateLimit), 1, 100_000_000),
        })
        {
            IsStrict = p.GetValue(strict),
            Follows = p.GetValue(follow),
            RejectsPath = p.GetValue(rejects),
            ReportFolder = p.GetValue(report),
        };
    }

    private static T? Within<T>(Option option, T? value, T min, T max)
        where T : struct, IComparable<T>
        => value is not { } given || (given.CompareTo(min) >= 0 && given.CompareTo(max) <= 0) ? value : throw new TransferException($"{option.Name} must be {min} to {max}, not {given}.");

    // A reading has whole seconds: one from the middle of a second on begins with the next.
    private static TransferRange RangeOf(string? from, string? to, long unit)
    {
        var range = TransferRange.All;
        if (from is not null) range = range with { From = CeilingOf(Time("--from-time", from), unit) };
        if (to is not null) range = range with { To = CeilingOf(Time("--to-time", to), unit) };
        return range.From < range.To ? range : throw new TransferException("--from-time must be before --to-time.");
    }

    private static long CeilingOf(long microseconds, long unit) => (microseconds + unit - 1) / unit;

    private static long Time(string option, string text) => EventTime.TryParse(text, out var time) && time >= EventTime.Earliest
        ? time : throw new TransferException($"{option} must be a time from 2000 on with a UTC offset, such as 2026-01-26T10:00:00Z, not '{OutsideText.Shown(text)}'.");

    private static Command WithRun(this Command command, Func<ParseResult, CancellationToken, Task<int>> run)
    {
        command.SetAction(async (result, token) =>
        {
            try
            {
                return await run(result, token);
            }
            catch (OperationCanceledException) when (token.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync("Interrupted. Everything copied so far is kept: the same command goes on from there.");
                return Failed;
            }
            catch (Exception e) when (e is TransferException or StartupException or StoreRejectedException or StoreFaultException)
            {
                await Console.Error.WriteLineAsync($"SensorDash: {e.Message}");
                return Failed;
            }
            catch (StoreUnavailableException e)
            {
                await Console.Error.WriteLineAsync($"SensorDash: {e.Message}\nEverything copied so far is kept: the same command goes on from there.");
                return Failed;
            }
        });
        return command;
    }
}
