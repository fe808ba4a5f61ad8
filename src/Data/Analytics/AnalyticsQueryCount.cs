namespace SensorDash.Data.Analytics;

/// <summary>How many queries each engine has answered since startup. Safe for concurrent use.</summary>
public sealed class AnalyticsQueryCount
{
    private long _duckDb, _store;

    public long DuckDb => Interlocked.Read(ref _duckDb);

    public long Store => Interlocked.Read(ref _store);

    internal void ByDuckDb() => Interlocked.Increment(ref _duckDb);

    internal void ByStore() => Interlocked.Increment(ref _store);
}
