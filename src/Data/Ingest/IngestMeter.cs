namespace SensorDash.Data.Ingest;

/// <summary>Recent throughput and commit latency.</summary>
/// <param name="RowsPerSecond">Durable rows per second, including duplicates.</param>
/// <param name="P50">Commit latency in milliseconds; null when no rows were sent.</param>
/// <param name="P95">As <paramref name="P50"/>.</param>
/// <param name="P99">As <paramref name="P50"/>.</param>
public readonly record struct IngestRates(double RowsPerSecond, double? P50, double? P95, double? P99);

/// <summary>Keeps the last submissions in a ring, so that the cost is independent of the load.</summary>
internal sealed class IngestMeter(TimeProvider clock)
{
    private const int Remembered = 1024;

    private static readonly TimeSpan _window = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly (long At, int Rows, TimeSpan Waited)[] _ring = new (long, int, TimeSpan)[Remembered];
    private long _count;

    public void Record(int rows, long queuedAt)
    {
        var now = clock.GetTimestamp();
        lock (_lock) _ring[_count++ % Remembered] = (now, rows, clock.GetElapsedTime(queuedAt, now));
    }

    public IngestRates Read()
    {
        var now = clock.GetTimestamp();
        (long At, int Rows, TimeSpan Waited)[] recent;
        bool isWhole;
        lock (_lock)
        {
            recent = [.. _ring.Take((int)Math.Min(_count, Remembered)).Where(s => clock.GetElapsedTime(s.At, now) <= _window)];
            isWhole = recent.Length < Remembered; // Otherwise the ring has already dropped older ones within the window.
        }
        if (recent.Length == 0) return default;
        var span = isWhole ? _window : clock.GetElapsedTime(recent.Min(s => s.At), now);
        var waits = recent.Select(s => s.Waited.TotalMilliseconds).Order().ToArray();
        return new(recent.Sum(s => (long)s.Rows) / Math.Max(0.001, span.TotalSeconds), At(0.5), At(0.95), At(0.99));

        // The nearest rank: a latency that really occurred.
        double At(double share) => waits[(int)Math.Ceiling(share * waits.Length) - 1];
    }
}
