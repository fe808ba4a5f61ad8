namespace SensorDash.Data.Storage;

/// <summary>Times as stored in the tables.</summary>
public static class UnixTime
{
    /// <summary>The clock's time in Unix microseconds.</summary>
    public static long NowMicroseconds(this TimeProvider clock) => (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
