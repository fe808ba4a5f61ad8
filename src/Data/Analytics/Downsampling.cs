using SensorDash.Data.Readings;

namespace SensorDash.Data.Analytics;

/// <summary>Averages of one bucket, as the API's <c>downsample</c> returns them.</summary>
/// <param name="Middle">Unix seconds.</param>
/// <param name="Celsius">Average of the existing values, two decimals; null without values.</param>
/// <param name="Percent">Likewise.</param>
/// <param name="Count">Readings in the bucket, 1 or more.</param>
/// <param name="Flags">All flags of its readings combined (OR).</param>
public readonly record struct DownsampledBucket(long Middle, decimal? Celsius, decimal? Percent, long Count, uint Flags);

/// <summary>Buckets of equal length, aligned to the Unix epoch; empty buckets are omitted.</summary>
public static class Downsampling
{
    /// <summary>The smallest whole number of seconds with at most <paramref name="maxBuckets"/> epoch-aligned buckets in the range.</summary>
    /// <param name="start">Unix seconds, inclusive.</param>
    /// <param name="end">Unix seconds, inclusive, not before <paramref name="start"/>.</param>
    /// <param name="maxBuckets">1 or more.</param>
    public static long BucketSeconds(long start, long end, int maxBuckets)
    {
        // With fewer seconds the two ends alone would be more than `maxBuckets` buckets apart; the result is at or just above this value.
        var seconds = ((end - start) / maxBuckets) + 1;
        while (Index(end, seconds) - Index(start, seconds) + 1 > maxBuckets) seconds++;
        return seconds;
    }

    /// <summary>Index of the bucket of <paramref name="bucketSeconds"/> that contains a time.</summary>
    public static long Index(long time, long bucketSeconds) => Math.DivRem(time, bucketSeconds, out var rest) - (rest < 0 ? 1 : 0);

    /// <summary>One node's readings in at most <paramref name="maxBuckets"/> buckets, oldest first.</summary>
    public static async Task<IReadOnlyList<DownsampledBucket>> DownsampleAsync(
        IReadingStore store, int node, TimeRange range, int maxBuckets, CancellationToken cancellationToken)
    {
        var filter = new ReadingFilter(node, range);
        if (await EndsAsync(store, filter, cancellationToken) is not var (first, last)) return [];
        var seconds = BucketSeconds(range.Start ?? first, range.End ?? last, maxBuckets);
        var buckets = new List<DownsampledBucket>();
        var sum = default(Sum);
        await foreach (var page in store.ReadPagesAsync(filter, ReadingOrder.OldestFirst, cancellationToken))
        {
            foreach (ref readonly var reading in page.Span)
            {
                var index = Index(reading.Timestamp, seconds);
                if (sum.Count > 0 && index != sum.Index) buckets.Add(sum.Close(seconds));
                sum.Add(index, reading);
            }
        }
        if (sum.Count > 0) buckets.Add(sum.Close(seconds));
        return buckets;
    }

    /// <summary>First and latest measured time, or null without readings.</summary>
    public static async Task<(long First, long Last)?> EndsAsync(
        IReadingStore store, ReadingFilter filter, CancellationToken cancellationToken)
    {
        var one = new Reading[1];
        if (await store.ReadAsync(new(filter, ReadingOrder.OldestFirst), one, cancellationToken) == 0) return null;
        var first = one[0].Timestamp;
        return await store.ReadAsync(new(filter, ReadingOrder.NewestFirst), one, cancellationToken) == 0
            ? null : (first, one[0].Timestamp);
    }

    private struct Sum
    {
        private long _temperature, _temperatures, _humidity, _humidities;
        private uint _flags;

        public long Index { get; private set; }

        public long Count { get; private set; }

        public void Add(long index, in Reading reading)
        {
            Index = index;
            Count++;
            _flags |= reading.Flags;
            if (reading.TemperatureCentidegrees is { } celsius) (_temperature, _temperatures) = (_temperature + celsius, _temperatures + 1);
            if (reading.HumidityCentipercent is { } percent) (_humidity, _humidities) = (_humidity + percent, _humidities + 1);
        }

        public DownsampledBucket Close(long seconds)
        {
            var bucket = new DownsampledBucket((Index * seconds) + (seconds / 2),
                ValueSummary.Average(_temperature, _temperatures), ValueSummary.Average(_humidity, _humidities), Count, _flags);
            this = default;
            return bucket;
        }
    }
}
