namespace SensorDash.Data.Ingest;

/// <summary>How fast rows are taken and how long their senders wait, over the last moments.</summary>
/// <param name="RowsPerSecond">Rows made durable, duplicates included.</param>
/// <param name="P50">Of the milliseconds from the buffer to the disk; null when nothing was sent.</param>
/// <param name="P95">As <paramref name="P50"/>.</param>
/// <param name="P99">As <paramref name="P50"/>.</param>
public readonly record struct IngestRates(double RowsPerSecond, double? P50, double? P95, double? P99);

/// <summary>Remembers the last submissions: a ring, so that a flood costs no more than a trickle.</summary>
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
            isWhole = recent.Length < Remembered; // Else older ones within the window are forgotten already.
        }
        if (recent.Length == 0) return default;
        var span = isWhole ? _window : clock.GetElapsedTime(recent.Min(s => s.At), now);
        var waits = recent.Select(s => s.Waited.TotalMilliseconds).Order().ToArray();
        return new(recent.Sum(s => (long)s.Rows) / Math.Max(0.001, span.TotalSeconds), At(0.5), At(0.95), At(0.99));

        // The nearest rank: a wait that somebody really had.
        double At(double share) => waits[(int)Math.Ceiling(share * waits.Length) - 1];
    }
}
