using System.Runtime.InteropServices;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Analytics;

/// <summary>Collects the readings of several nodes by bucket. Readings of a node in a bucket come one after the other, or with those of other
/// nodes in the same bucket: memory holds the sums of one bucket, not of all.</summary>
internal sealed class FleetPass(long bucketSeconds, Population population)
{
    private readonly SortedDictionary<long, Bucket> _buckets = [];
    private readonly Dictionary<int, NodeSums> _sums = [];
    private long? _index;

    public void Add(ReadOnlySpan<Reading> readings)
    {
        foreach (ref readonly var reading in readings)
        {
            var index = Downsampling.Index(reading.Timestamp, bucketSeconds);
            if (index != _index) Close();
            _index = index;
            CollectionsMarshal.GetValueRefOrAddDefault(_sums, reading.NodeAddress, out _).Add(reading);
            if (population == Population.Readings) BucketOf(index).Readings.Add(reading);
        }
    }

    /// <summary>Index, nodes and statistics of the buckets with readings, oldest first.</summary>
    public IEnumerable<(long Index, int Nodes, ReadingStatistics Statistics)> Finish()
    {
        Close();
        return _buckets.Select(b => (b.Key, b.Value.Means.Nodes,
            population == Population.Nodes ? b.Value.Means.Summarize() : b.Value.Readings.Summarize(ValueSummary.DefaultPercentiles)));
    }

    private void Close()
    {
        if (_index is not { } index) return;
        var means = BucketOf(index).Means;
        foreach (var sums in _sums.Values) means.Add(sums);
        _sums.Clear();
        _index = null;
    }

    private Bucket BucketOf(long index)
    {
        if (!_buckets.TryGetValue(index, out var bucket)) _buckets.Add(index, bucket = new());
        return bucket;
    }

    private sealed class Bucket
    {
        public NodeMeans Means { get; } = new();

        public ReadingSummary Readings { get; } = new();
    }
}
