using System.Globalization;

namespace SensorDash.Soak.Tests;

/// <summary>A control group of the kernel with a memory limit, of either version; page cache counts too.</summary>
internal sealed class MemoryLimitGroup : IDisposable
{
    private const string Old = "/sys/fs/cgroup/memory", New = "/sys/fs/cgroup";

    private static int _groups;

    private readonly string _folder;
    private readonly bool _isOld;

    private MemoryLimitGroup(string folder, bool isOld) => (_folder, _isOld) = (folder, isOld);

    /// <summary>Writing a process id here moves it into the group.</summary>
    public string Processes => Path.Combine(_folder, "cgroup.procs");

    /// <summary>Most memory that was counted, MiB; null where the kernel is too old to say.</summary>
    public double? PeakMiB
    {
        get
        {
            var file = Path.Combine(_folder, _isOld ? "memory.max_usage_in_bytes" : "memory.peak");
            return File.Exists(file) ? double.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture) / (1024 * 1024) : null;
        }
    }

    /// <summary>Processes that the kernel has killed for want of memory.</summary>
    public int Kills => int.Parse(File.ReadLines(Path.Combine(_folder, _isOld ? "memory.oom_control" : "memory.events"))
        .Single(line => line.StartsWith("oom_kill ", StringComparison.Ordinal)).Split(' ')[1], CultureInfo.InvariantCulture);

    /// <summary>Makes a group, or says why it cannot.</summary>
    public static (MemoryLimitGroup? Group, string? SkipReason) Create(int limitMiB)
    {
        if (!OperatingSystem.IsLinux()) return (null, "Memory limits of the kernel are Linux only.");
        var isOld = Directory.Exists(Old);
        var folder = Path.Combine(isOld ? Old : New, string.Create(CultureInfo.InvariantCulture, $"sensordash-soak-{Environment.ProcessId}-{Interlocked.Increment(ref _groups)}"));
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Combine(folder, isOld ? "memory.limit_in_bytes" : "memory.max"), (limitMiB * 1024L * 1024).ToString(CultureInfo.InvariantCulture));
            return (new(folder, isOld), null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, $"No control group can be made here; it takes root and a writable {(isOld ? Old : New)}: {e.Message}");
        }
    }

    public void Dispose() => Directory.Delete(_folder);
}
