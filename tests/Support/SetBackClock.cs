using Xunit;

namespace SensorDash.Tests.Support;

/// <summary>A clock that is an hour behind, for a process of the program: Debian's libfaketime.</summary>
public static class SetBackClock
{
    // In a folder of the machine's architecture.
    private static readonly string? _library = Directory.EnumerateDirectories("/usr/lib", "*-linux-gnu").Select(folder => Path.Combine(folder, "faketime", "libfaketime.so.1")).FirstOrDefault(File.Exists);

    /// <summary>Environment of such a process.</summary>
    public static (string Name, string Value)[] Environment
    {
        get
        {
            if (_library is not null) return [("LD_PRELOAD", _library), ("FAKETIME", "-1h"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")];
            if (System.Environment.GetEnvironmentVariable("CI") is not null) throw new InvalidOperationException("libfaketime is missing.");
            Skip.If(true, "libfaketime is not installed.");
            return [];
        }
    }
}
