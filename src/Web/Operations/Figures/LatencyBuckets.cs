namespace SensorDash.Web.Operations.Figures;

/// <summary>Percentiles of an interval; null when nothing was measured in it.</summary>
internal readonly record struct Percentiles(double? P50, double? P95, double? P99);

/// <summary>Counts the latencies of an interval in buckets, each 9 % longer than the one before: 0.1 ms to 10 min in 181 counters. Safe for concurrent use.</summary>
/// <remarks>Averages of percentiles are not percentiles, so the buckets count every latency. A percentile is the upper end of its bucket: never too low, and at most 9 % too high.</remarks>
internal sealed class LatencyBuckets
{
    private const double ShortestSeconds = 0.0001;
    private const int PerOctave = 8;
    private const int Buckets = 181; // 22.5 octaves; what is longer counts in the last one.

    private readonly int[] _counts = new int[Buckets];

    public void Record(double seconds)
    {
        var index = seconds <= ShortestSeconds ? 0 : (int)Math.Min(Buckets - 1, Math.Ceiling(PerOctave * Math.Log2(seconds / ShortestSeconds)));
        Interlocked.Increment(ref _counts[index]);
    }

    /// <summary>The percentiles since the last call, in seconds, by nearest rank; the next interval begins.</summary>
    public Percentiles Take()
    {
        var (counts, total) = (new int[Buckets], 0L);
        for (var i = 0; i < Buckets; i++) total += counts[i] = Interlocked.Exchange(ref _counts[i], 0);
        return total == 0 ? default : new(At(0.5), At(0.95), At(0.99));

        double At(double share)
        {
            var (rank, seen) = ((long)Math.Ceiling(share * total), 0L);
            for (var i = 0; ; i++)
                if ((seen += counts[i]) >= rank) return ShortestSeconds * Math.Pow(2, (double)i / PerOctave);
        }
    }
}
