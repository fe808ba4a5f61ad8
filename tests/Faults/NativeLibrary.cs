using System.Diagnostics;

namespace SensorDash.Faults.Tests;

/// <summary>A library that the program loads first, built from C source beside this harness.</summary>
internal static class NativeLibrary
{
    private static readonly bool _hasCompiler = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "gcc")));

    /// <summary>Builds it. Without a compiler the test is skipped; on CI it fails.</summary>
    /// <exception cref="InvalidOperationException">The compiler is missing on CI, or refuses the source.</exception>
    public static async Task BuildAsync(string source, string library)
    {
        if (!_hasCompiler && Environment.GetEnvironmentVariable("CI") is not null) throw new InvalidOperationException("gcc is missing.");
        Skip.IfNot(_hasCompiler, "gcc is not installed.");
        using var compiler = Process.Start(new ProcessStartInfo("gcc", ["-shared", "-fPIC", "-O2", "-o", library, Path.Combine(AppContext.BaseDirectory, source), "-ldl", "-lpthread"]) { RedirectStandardError = true })!;
        var errors = await compiler.StandardError.ReadToEndAsync();
        await compiler.WaitForExitAsync();
        if (compiler.ExitCode != 0) throw new InvalidOperationException($"{source} cannot be built: {errors}");
    }
}
