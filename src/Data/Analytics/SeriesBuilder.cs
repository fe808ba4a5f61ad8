using SensorDash.Data.Readings;

namespace SensorDash.Data.Analytics;

/// <summary>Turns readings, oldest first, into the runs and gaps of a <see cref="NodeSeries"/> in one pass.</summary>
/// <param name="query">The range, and the time in which readings are expected.</param>
/// <param name="bucketSeconds">Length of a bucket; null: each reading is a point.</param>
/// <param name="intervalSeconds">Configured or estimated; null: unknown, then there are no gaps.</param>
internal sealed class SeriesBuilder(SeriesQuery query, long? bucketSeconds, int? intervalSeconds)
{
    private readonly long _dueFrom = Math.Max(query.From, query.Node.FirstSeenAt), _dueTo = Math.Min(query.To, query.Now);
    private readonly List<IReadOnlyList<SeriesPoint>> _runs = [];
    private readonly List<SeriesGap> _gaps = [];
    private readonly ReadingSummary _summary = new();
    private List<SeriesPoint> _run = [];
    private Bucket _bucket;
    private long _bucketEnd;
    private long? _previous;
    private short? _lastTemperature, _lastHumidity;

    public void Add(in Reading reading)
    {
        // The first gap starts at the start of the range: a node that stopped sending earlier also has a gap there.
        var gapStart = _previous ?? _dueFrom;
        var isGap = NodeSeries.IsGap(reading.Timestamp - gapStart, intervalSeconds);
        if (_bucket.Count > 0 && (isGap || reading.Timestamp >= _bucketEnd)) _run.Add(_bucket.Close());
        if (isGap)
        {
            _gaps.Add(SeriesGap.Between(gapStart, reading.Timestamp, intervalSeconds!.Value));
            CloseRun();
        }
        if (_bucket.Count == 0) _bucketEnd = bucketSeconds is { } seconds ? (Downsampling.Index(reading.Timestamp, seconds) + 1) * seconds : reading.Timestamp;
        _bucket.Add(reading);
        _previous = reading.Timestamp;
        _summary.Add(reading);
        _lastTemperature = reading.TemperatureCentidegrees ?? _lastTemperature;
        _lastHumidity = reading.HumidityCentipercent ?? _lastHumidity;
    }

    public NodeSeries Finish()
    {
        if (_bucket.Count > 0) _run.Add(_bucket.Close());
        CloseRun();
        var gapStart = _previous ?? _dueFrom; // Without readings the whole range is a gap.
        if (NodeSeries.IsGap(_dueTo - gapStart, intervalSeconds)) _gaps.Add(SeriesGap.Between(gapStart, _dueTo, intervalSeconds!.Value));
        var statistics = _summary.Summarize(ValueSummary.DefaultPercentiles);
        return new(query.From, query.To, statistics.Count, bucketSeconds, intervalSeconds, _runs, _gaps, statistics, _lastTemperature / 100m, _lastHumidity / 100m);
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

        public int Count { get; private set; }

        public void Add(in Reading reading)
        {
            if (Count++ == 0) _first = reading.Timestamp;
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
