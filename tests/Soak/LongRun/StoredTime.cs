namespace SensorDash.Soak.Tests.LongRun;

/// <summary>Unix microseconds, and the days and hours that sums are kept by.</summary>
internal static class StoredTime
{
    public const long Hour = 3_600_000_000;

    /// <summary>The longest step of a clock.</summary>
    public const int MaxStepHours = 24;

    public static long Microseconds(DateTime utc) => (utc - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    public static DateTime Utc(long microseconds) => DateTime.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}
