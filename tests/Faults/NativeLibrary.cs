using System.Diagnostics;

namespace SensorDash.Faults.Tests;

/// <summary>A library that the program loads first, built from C source beside this harness.</summary>
internal static class NativeLibrary
{
    /// <exception cref="InvalidOperationException">There is no C compiler, or it refuses the source.</exception>
    public static async Task BuildAsync(string source, string library)
    {
        using var compiler = Process.Start(new ProcessStartInfo("gcc", ["-shared", "-fPIC", "-O2", "-o", library, Path.Combine(AppContext.BaseDirectory, source), "-ldl", "-lpthread"]) { RedirectStandardError = true })!;
        var errors = await compiler.StandardError.ReadToEndAsync();
        await compiler.WaitForExitAsync();
        if (compiler.ExitCode != 0) throw new InvalidOperationException($"{source} cannot be built: {errors}");
    }
}
