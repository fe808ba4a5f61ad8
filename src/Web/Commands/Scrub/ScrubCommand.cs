using System.CommandLine;
using System.Data.Common;
using System.Globalization;
using SensorDash.Data.Scrub;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Commands.Scrub;

/// <summary><c>dotnet run --project src/Web -- scrub</c>: reads all rows of the stores of the settings and says what has rotted. It changes nothing.</summary>
internal static class ScrubCommand
{
    public const string Name = "scrub";

    /// <summary>Exit codes: nothing is wrong; it could not be done; something has rotted.</summary>
    public const int Clean = 0, Failed = 1, Rotten = 3;

    private const int RowsOfAStep = 5_000;

    private static readonly TimeSpan _claimEvery = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan _reportEvery = TimeSpan.FromSeconds(2);

    /// <summary>The command.</summary>
    /// <param name="settings">Settings of the program.</param>
    public static Command Create(string[] settings)
    {
        var rate = new Option<int>("--rate-limit") { Description = "Rows per second at most. Default: as fast as the disk.", HelpName = "N" };
        var progress = new Option<bool>("--progress") { Description = "Say every two seconds how far it is." };
        var command = new Command(Name, "Read all rows and say what has rotted: docs/operations.md. Works beside the server, except on a DuckDB store of readings.") { rate, progress };
        command.SetAction(async (result, token) =>
        {
            try
            {
                if (result.GetValue(rate) < 0) throw new StartupException($"--rate-limit must be 1 or more, not {result.GetValue(rate)}.", null);
                using var stores = ScrubStores.Open(CommandSettings.Read(settings), TimeProvider.System);
                await using var claimed = await ClaimAsync(stores.Claim, token);
                return await RunAsync(stores.Sources, result.GetValue(rate), result.GetValue(progress), token);
            }
            catch (OperationCanceledException) when (token.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync("Interrupted; nothing can be said about the rest.");
                return Failed;
            }
            catch (Exception e) when (e is StartupException or StoreUnavailableException or StoreFaultException or DbException or TransferException or IOException or UnauthorizedAccessException)
            {
                await Console.Error.WriteLineAsync($"SensorDash: {e.Message}");
                return Failed;
            }
        });
        return command;
    }

    // The server claims the store for a step at a time.
    private static async Task<IAsyncDisposable> ClaimAsync(IScrubClaim claim, CancellationToken cancellationToken)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            if (await claim.TryAsync(cancellationToken) is { } claimed) return claimed;
            if (isFirst) await Console.Error.WriteLineAsync("Another scrub reads this store; waiting for it.");
            await Task.Delay(_claimEvery, cancellationToken);
        }
    }

    private static async Task<int> RunAsync(ScrubSources sources, int rowsPerSecond, bool showsProgress, CancellationToken cancellationToken)
    {
        var clock = TimeProvider.System;
        var pass = new ScrubPass(sources, ScrubPass.Begin(clock), clock);
        var (started, shown, limit) = (clock.GetTimestamp(), clock.GetTimestamp(), rowsPerSecond == 0 ? RowsOfAStep : Math.Min(RowsOfAStep, rowsPerSecond));
        while (await pass.StepAsync(limit, cancellationToken) is not null)
        {
            if (showsProgress && clock.GetElapsedTime(shown) >= _reportEvery)
            {
                shown = clock.GetTimestamp();
                await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{ScrubReport.Name(pass.State.Part)}: {pass.State.Rows:N0} rows so far"));
            }
            // Behind the pace that is allowed.
            if (rowsPerSecond > 0 && TimeSpan.FromSeconds((double)pass.State.Rows / rowsPerSecond) - clock.GetElapsedTime(started) is { } ahead && ahead > TimeSpan.Zero)
                await Task.Delay(ahead, clock, cancellationToken);
        }
        foreach (var line in ScrubReport.Lines(pass.State)) await Console.Out.WriteLineAsync(line);
        return pass.State.FindingCount == 0 ? Clean : Rotten;
    }
}
