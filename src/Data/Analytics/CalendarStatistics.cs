using System.Runtime.CompilerServices;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Analytics;

/// <summary>Exact statistics of one node in one calendar bucket.</summary>
public sealed record NodeBucket(int NodeAddress, ulong? DeviceId, CalendarBucket Bucket, long Count, ValueStatistics Temperature, ValueStatistics Humidity);

/// <summary>Statistics per node and calendar bucket, in the order of the readings. Memory holds one bucket per node.</summary>
public static class CalendarStatistics
{
    /// <summary>Buckets with readings, in <paramref name="order"/>: by bucket, ties by node.</summary>
    public static async IAsyncEnumerable<NodeBucket> ComputeAsync(
        IReadingStore store, ReadingFilter filter, ReadingOrder order, CalendarBuckets buckets,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var nodes = new SortedDictionary<int, Collector>();
        var current = default(CalendarBucket);
        await foreach (var page in store.ReadPagesAsync(filter, order, cancellationToken))
        {
            for (var i = 0; i < page.Length; i++)
            {
                var reading = page.Span[i];
                if (reading.Timestamp < current.Start || reading.Timestamp >= current.End)
                {
                    foreach (var done in Close(nodes, current, order)) yield return done;
                    current = buckets.Containing(reading.Timestamp);
                }
                if (!nodes.TryGetValue(reading.NodeAddress, out var collector)) nodes.Add(reading.NodeAddress, collector = new Collector());
                collector.Add(reading);
            }
        }
        foreach (var done in Close(nodes, current, order)) yield return done;
    }

    private static List<NodeBucket> Close(SortedDictionary<int, Collector> nodes, CalendarBucket bucket, ReadingOrder order)
    {
        var closed = nodes.Select(node => node.Value.Close(node.Key, bucket)).ToList();
        if (order == ReadingOrder.OldestFirst) closed.Reverse(); // Ties are also the exact reverse of newest first.
        nodes.Clear();
        return closed;
    }

    private sealed class Collector
    {
        private readonly ReadingSummary _summary = new();
        private ulong? _deviceId;

        public void Add(in Reading reading)
        {
            _deviceId = reading.DeviceId;
            _summary.Add(reading);
        }

        public NodeBucket Close(int node, CalendarBucket bucket)
        {
            var statistics = _summary.Summarize(ValueSummary.DefaultPercentiles);
            return new(node, _deviceId, bucket, statistics.Count, statistics.Temperature, statistics.Humidity);
        }
    }
}
