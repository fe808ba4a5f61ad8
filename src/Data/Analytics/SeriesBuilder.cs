using SensorDash.Data.Readings;

namespace SensorDash.Data.Analytics;

/// <summary>Turns readings, oldest first, into the runs and gaps of a <see cref="NodeSeries"/> in one pass.</summary>
/// <param name="dueFrom">Start of the time in which readings are expected.</param>
/// <param name="dueTo">End of the time in which readings are expected.</param>
internal sealed class SeriesBuilder(long dueFrom, long dueTo, long? bucketSeconds, int? intervalSeconds)
{
    private readonly List<IReadOnlyList<SeriesPoint>> _runs = [];
    private readonly List<SeriesGap> _gaps = [];
    private readonly ReadingSummary _summary = new();
    private List<SeriesPoint> _run = [];
    private Bucket _bucket;
    private long? _previous;
    private short? _lastTemperature, _lastHumidity;

    public void Add(in Reading reading)
    {
        // The first gap starts at the start of the range: a node that stopped sending earlier also has a gap there.
        var gapStart = _previous ?? dueFrom;
        var isGap = NodeSeries.IsGap(reading.Timestamp - gapStart, intervalSeconds);
        var index = bucketSeconds is { } seconds ? Downsampling.Index(reading.Timestamp, seconds) : reading.Timestamp;
        if (_bucket.Count > 0 && (isGap || index != _bucket.Index)) _run.Add(_bucket.Close());
        if (isGap)
        {
            _gaps.Add(SeriesGap.Between(gapStart, reading.Timestamp, intervalSeconds!.Value));
            CloseRun();
        }
        _bucket.Add(index, reading);
        _previous = reading.Timestamp;
        _summary.Add(reading);
        _lastTemperature = reading.TemperatureCentidegrees ?? _lastTemperature;
        _lastHumidity = reading.HumidityCentipercent ?? _lastHumidity;
    }

    public NodeSeries Finish(long from, long to)
    {
        if (_bucket.Count > 0) _run.Add(_bucket.Close());
        CloseRun();
        var gapStart = _previous ?? dueFrom; // Without readings the whole range is a gap.
        if (NodeSeries.IsGap(dueTo - gapStart, intervalSeconds)) _gaps.Add(SeriesGap.Between(gapStart, dueTo, intervalSeconds!.Value));
        var statistics = _summary.Summarize(ValueSummary.DefaultPercentiles);
        return new(from, to, statistics.Count, bucketSeconds, intervalSeconds, _runs, _gaps, statistics, _lastTemperature / 100m, _lastHumidity / 100m);
    }

    private void CloseRun()
    {
        if (_run.Count == 0) return;
        _runs.Add(_run);
        _run = [];
    }

    private struct Bucket
    {
        private long _first, _last;
        private Value _temperature, _humidity;

        public long Index { get; private set; }

        public int Count { get; private set; }

        public void Add(long index, in Reading reading)
        {
            if (Count++ == 0) (Index, _first) = (index, reading.Timestamp);
            _last = reading.Timestamp;
            if (reading.TemperatureCentidegrees is { } celsius) _temperature.Add(celsius);
            if (reading.HumidityCentipercent is { } percent) _humidity.Add(percent);
        }

        public SeriesPoint Close()
        {
            var point = new SeriesPoint(_first + ((_last - _first) / 2), Count, _temperature.Close(), _humidity.Close());
            this = default;
            return point;
        }
    }

    private struct Value
    {
        private short _min, _max;
        private long _sum;
        private int _count;

        public void Add(short value)
        {
            _min = _count == 0 ? value : Math.Min(_min, value);
            _max = _count == 0 ? value : Math.Max(_max, value);
            _sum += value;
            _count++;
        }

        public readonly SeriesValue Close()
            => _count == 0 ? default : new(_min / 100m, ValueSummary.Average(_sum, _count), _max / 100m);
    }
}
