using System.Diagnostics;

namespace SensorDash.Tests.Support;

/// <summary>A start of the program that is expected to end by itself.</summary>
/// <param name="ExitCode">Of the process.</param>
/// <param name="Errors">What it wrote to standard error.</param>
/// <param name="Output">What it wrote to standard output.</param>
public sealed record ProgramRun(int ExitCode, string Errors, string Output)
{
    // Only a program that starts after all gets so far.
    private static readonly TimeSpan _limit = 3 * WaitFor.Limit;

    /// <summary>Starts it with these environment variables and waits for its end, at most three minutes.</summary>
    public static async Task<ProgramRun> ToItsEndAsync(params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "SensorDash.Web.dll"), "--urls", "http://127.0.0.1:0"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(_limit);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(); // It started after all; its output says so.
            await process.WaitForExitAsync(CancellationToken.None);
        }
        return new(process.ExitCode, await errors, await output);
    }
}
