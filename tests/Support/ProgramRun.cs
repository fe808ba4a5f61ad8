using System.Diagnostics;

namespace SensorDash.Tests.Support;

/// <summary>A run of the program that is expected to exit by itself.</summary>
/// <param name="ExitCode">Exit code of the program.</param>
/// <param name="Errors">Output on standard error.</param>
/// <param name="Output">Output on standard output.</param>
public sealed record ProgramRun(int ExitCode, string Errors, string Output)
{
    // Reached only if the program starts unexpectedly.
    private static readonly TimeSpan _limit = 3 * WaitFor.Limit;

    private static string[] AnyPort => ["--urls", "http://127.0.0.1:0"];

    /// <summary>Runs it in this process with these settings, named as environment variables, and waits for its exit, at most three minutes.</summary>
    public static Task<ProgramRun> ToItsEndAsync(params (string Name, string Value)[] settings) => ToItsEndAsync(AnyPort, settings);

    /// <summary>As above, with these arguments.</summary>
    /// <remarks>In this process, because a start of another one costs more than a second of CPU.</remarks>
    public static async Task<ProgramRun> ToItsEndAsync(string[] arguments, params (string Name, string Value)[] settings)
    {
        string[] all = [.. settings.Select(s => $"--{s.Name.Replace("__", ":", StringComparison.Ordinal)}={s.Value}"), .. arguments];
        var (output, errors) = (new StringWriter(), new StringWriter());
        var run = Task.Factory.StartNew(
            () =>
            {
                ConsoleCapture.Begin(output, errors);
                return (int)typeof(Program).Assembly.EntryPoint!.Invoke(null, [all])!;
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var exitCode = await run.WaitAsync(_limit);
        lock (output) lock (errors) return new(exitCode, errors.ToString(), output.ToString());
    }

    /// <summary>Runs it as a separate process with these environment variables: for tests of the environment, and of two processes.</summary>
    public static async Task<ProgramRun> OfAProcessAsync(params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo("dotnet", [.. SensorDashProcess.Program.Skip(1), .. AnyPort])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var timeout = new CancellationTokenSource(_limit);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None));
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(); // It started unexpectedly; its output shows this.
            await process.WaitForExitAsync(CancellationToken.None);
        }
        return new(process.ExitCode, await errors, await output);
    }
}
