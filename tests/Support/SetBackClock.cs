using Xunit;

namespace SensorDash.Tests.Support;

/// <summary>A clock that is an hour behind, or as a file says, for a process of the program: Debian's libfaketime. The steady clock stays the true one.</summary>
public static class SetBackClock
{
    // In a folder of the machine's architecture.
    private static readonly string? _library = Directory.EnumerateDirectories("/usr/lib", "*-linux-gnu").Select(folder => Path.Combine(folder, "faketime", "libfaketime.so.1")).FirstOrDefault(File.Exists);

    private const string SteadyIsTrue = "FAKETIME_DONT_FAKE_MONOTONIC";

    // Without it, waits by the steady clock end at once, and the timers of .NET turn without a pause: a core for nothing.
    private static readonly (string, string) _waitsAreTrue = ("FAKETIME_FORCE_MONOTONIC_FIX", "0");

    /// <summary>Environment of a process whose clock is an hour behind.</summary>
    public static (string Name, string Value)[] Environment => Require() is { } library ? [("LD_PRELOAD", library), ("FAKETIME", "-1h"), (SteadyIsTrue, "1"), _waitsAreTrue] : [];

    /// <summary>Environment of a process to whose clock <paramref name="file"/> adds a time; it is read every second.</summary>
    public static (string Name, string Value)[] Following(string file) => Require() is { } library
        // The variant for several threads: they read the time while one of them reads the file.
        ? [("LD_PRELOAD", library.Replace("libfaketime.", "libfaketimeMT.", StringComparison.Ordinal)), ("FAKETIME_TIMESTAMP_FILE", file), ("FAKETIME_CACHE_DURATION", "1"), ("NO_FAKE_STAT", "1"), (SteadyIsTrue, "1"), _waitsAreTrue]
        : [];

    private static string? Require()
    {
        if (_library is null && System.Environment.GetEnvironmentVariable("CI") is not null) throw new InvalidOperationException("libfaketime is missing.");
        Skip.If(_library is null, "libfaketime is not installed.");
        return _library;
    }
}
