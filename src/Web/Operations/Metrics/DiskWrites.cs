using System.Globalization;

namespace SensorDash.Web.Operations.Metrics;

/// <summary>What the process has written to disks, as the kernel counts it.</summary>
internal static class DiskWrites
{
    private const string Place = "/proc/self/io", Field = "write_bytes:";

    private static long _taken;

    /// <summary>Bytes since the last call, the first time since the start of the process; null where the kernel does not tell. Each byte counts for one caller, because hosts of one process follow each other.</summary>
    public static long? Take() => Read() is { } total ? Math.Max(0, total - Interlocked.Exchange(ref _taken, total)) : null;

    /// <summary>Bytes since the start of the process; null where the kernel does not tell.</summary>
    public static long? Read()
    {
        try
        {
            var line = File.Exists(Place) ? File.ReadLines(Place).FirstOrDefault(l => l.StartsWith(Field, StringComparison.Ordinal)) : null;
            return line is null ? null : long.Parse(line.AsSpan(Field.Length).Trim(), NumberStyles.None, CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
