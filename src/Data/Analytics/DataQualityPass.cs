using System.Runtime.InteropServices;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Analytics;

/// <summary>Checks one node's readings, oldest first. All engines use it, so their results are equal.</summary>
internal sealed class DataQualityPass(long from, long to, int? intervalSeconds)
{
    // A reading is late when it arrives with the next one or later, but at least a minute late: radio delay and clock skew are normal.
    private readonly long _lateAfter = Math.Max(60, 2 * (long)(intervalSeconds ?? 0));

    private readonly QuantityPass _temperature = new(Quantity.Temperature), _humidity = new(Quantity.Humidity);
    private readonly List<SeriesGap> _gaps = [];
    private readonly Dictionary<long, long> _delays = [];
    private readonly List<Outlier> _outliers = [];
    private readonly List<LateArrival> _lateArrivals = [];
    private long _received, _gapCount, _missing, _late, _outlierCount;
    private long? _previous, _longestDelay;

    public void Add(in Reading reading)
    {
        _received++;
        AddGap(_previous ?? from, reading.Timestamp);
        _previous = reading.Timestamp;

        var delay = reading.ReceivedAt - reading.Timestamp;
        _longestDelay = Math.Max(_longestDelay ?? delay, delay);
        if (delay > _lateAfter) AddLate(reading);
        else CollectionsMarshal.GetValueRefOrAddDefault(_delays, delay, out _)++;

        _temperature.Add(reading.Timestamp, reading.TemperatureCentidegrees);
        _humidity.Add(reading.Timestamp, reading.HumidityCentipercent);
    }

    /// <summary>Whether <see cref="ListIfOutlier(in Reading)"/> still has outliers to list.</summary>
    public bool HasMoreToList => _outliers.Count < Math.Min(_outlierCount, DataQuality.MaxListed);

    /// <summary>Computes the bounds of plausible values and counts the values outside; call after all readings were added.</summary>
    public void CountOutliers() => _outlierCount = _temperature.CountOutliers() + _humidity.CountOutliers();

    /// <summary>Lists the values of a reading that are outliers; call for all readings again, oldest first.</summary>
    public void ListIfOutlier(in Reading reading)
    {
        ListIfOutlier(_temperature.CheckOutlier(reading.Timestamp, reading.TemperatureCentidegrees));
        ListIfOutlier(_humidity.CheckOutlier(reading.Timestamp, reading.HumidityCentipercent));
    }

    public DataQuality Finish(Node node)
    {
        AddGap(_previous ?? from, to);
        FlatLine[] flat = [.. _temperature.FlatLines().Concat(_humidity.FlatLines()).OrderBy(line => line.From)];
        var expected = intervalSeconds is { } interval && to >= from ? ((to - from) / interval) + 1 : 0;
        var completeness = expected == 0 ? (decimal?)null : ValueSummary.Round(Math.Min(100, 100m * _received / expected));
        return new DataQuality(node.Address, from, to, intervalSeconds, expected, _received, completeness,
            _gapCount, _missing, _gaps, _outlierCount, _outliers, flat.Length, [.. flat.Take(DataQuality.MaxListed)],
            node.DuplicatesSeen, _late, _lateArrivals, _lateAfter, _longestDelay, MedianDelay());
    }

    private void AddGap(long start, long end)
    {
        if (!NodeSeries.IsGap(end - start, intervalSeconds)) return;
        var gap = SeriesGap.Between(start, end, intervalSeconds!.Value);
        _gapCount++;
        _missing += gap.Missing;
        if (_gaps.Count < DataQuality.MaxListed) _gaps.Add(gap);
    }

    private void AddLate(in Reading reading)
    {
        _late++;
        if (_lateArrivals.Count < DataQuality.MaxListed) _lateArrivals.Add(new(reading.Timestamp, reading.ReceivedAt));
    }

    private void ListIfOutlier(Outlier? found)
    {
        if (found is { } outlier && _outliers.Count < DataQuality.MaxListed) _outliers.Add(outlier);
    }

    private long? MedianDelay()
    {
        var left = (_delays.Values.Sum() + 1) / 2;
        foreach (var (delay, count) in _delays.OrderBy(d => d.Key))
        {
            left -= count;
            if (left <= 0) return delay;
        }
        return null;
    }

    private sealed class QuantityPass(Quantity quantity)
    {
        private readonly Dictionary<short, long> _counts = [];
        private readonly List<FlatLine> _flatLines = [];
        private short? _value;
        private long _since, _until, _run;
        private decimal _median, _deviation;

        public void Add(long time, short? value)
        {
            if (value is { } given) CollectionsMarshal.GetValueRefOrAddDefault(_counts, given, out _)++;
            if (value != _value) EndRun();
            if (_run++ == 0) (_value, _since) = (value, time);
            _until = time;
        }

        public List<FlatLine> FlatLines()
        {
            EndRun();
            return _flatLines;
        }

        public long CountOutliers()
        {
            if (_counts.Count == 0) return 0;
            _median = Median(_counts.Select(c => ((decimal)c.Key, c.Value)));
            _deviation = Median(_counts.Select(c => (Math.Abs(c.Key - _median), c.Value)));
            if (!IsOutlier(_counts.Keys.Min()) && !IsOutlier(_counts.Keys.Max())) return 0;
            return _counts.Where(c => IsOutlier(c.Key)).Sum(c => c.Value);
        }

        public Outlier? CheckOutlier(long time, short? value)
            => value is { } given && IsOutlier(given) ? new(quantity, time, given / 100m, ValueSummary.Round(Score(given))) : null;

        // More than half of the values are equal, so the MAD is 0 and no score exists.
        private bool IsOutlier(short value) => _deviation > 0 && Math.Abs(Score(value)) > DataQuality.OutlierThreshold;

        private decimal Score(short value) => 0.6745m * (value - _median) / _deviation;

        private static decimal Median(IEnumerable<(decimal Value, long Count)> counts)
        {
            var values = counts.OrderBy(c => c.Value).ToArray();
            var total = values.Sum(v => v.Count);
            return (ValueAt(values, (total - 1) / 2) + ValueAt(values, total / 2)) / 2;
        }

        private static decimal ValueAt((decimal Value, long Count)[] values, long rank)
        {
            foreach (var (value, count) in values)
            {
                rank -= count;
                if (rank < 0) return value;
            }
            throw new ArgumentOutOfRangeException(nameof(rank));
        }

        private void EndRun()
        {
            if (_value is { } value && _run >= DataQuality.FlatLineReadings && _until - _since >= DataQuality.FlatLineSeconds)
                _flatLines.Add(new FlatLine(quantity, _since, _until, value / 100m, _run));
            _run = 0;
        }
    }
}
