namespace SensorDash.Data.Storage;

/// <summary>Times as stored in the tables.</summary>
public static class UnixTime
{
    /// <summary>The clock's time in Unix microseconds.</summary>
    public static long NowMicroseconds(this TimeProvider clock) => (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).WholeMicroseconds();

    /// <summary>A length of time in microseconds, as it is added to and compared with these times.</summary>
    public static long WholeMicroseconds(this TimeSpan length) => length.Ticks / TimeSpan.TicksPerMicrosecond;
}
