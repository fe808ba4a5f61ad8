using SensorDash.Data.Events;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Transfer;

/// <summary>One column of rows.</summary>
/// <param name="Nulls">Rows without a value.</param>
/// <param name="Min">Lowest value; null without values.</param>
/// <param name="Max">Highest value.</param>
/// <param name="Sum">Sum of the values. Decimal: times of a billion rows exceed 64 bits.</param>
public sealed record ColumnSummary(string Name, long Nulls, long? Min, long? Max, decimal Sum);

/// <summary>Rows of one part, reduced to what two stores must have in common. It does not depend on the order of the rows.</summary>
public sealed class TransferSummary
{
    private readonly List<Column> _columns = [];
    private readonly EventHash _eventHash = new();

    public long Count { get; private set; }

    /// <summary>The sum of the hashes of the rows modulo 2⁶⁴, each over every column in its canonical bytes.</summary>
    public long Hash { get; private set; }

    public IReadOnlyList<ColumnSummary> Columns => [.. _columns.Select(c => c.Summary)];

    public void Add(ReadOnlySpan<Reading> readings)
    {
        Define("node_address", "timestamp", "temperature_centidegrees", "humidity_centipercent", "flags", "received_at");
        foreach (ref readonly var reading in readings)
        {
            _columns[0].Add(reading.NodeAddress);
            _columns[1].Add(reading.Timestamp);
            _columns[2].Add(reading.TemperatureCentidegrees);
            _columns[3].Add(reading.HumidityCentipercent);
            _columns[4].Add(reading.Flags);
            _columns[5].Add(reading.ReceivedAt);
            Add(ReadingHash.Of(reading));
        }
    }

    public void Add(ReadOnlySpan<LaneEvent> events)
    {
        Define("canonical_truth_time", "source_truth_time", "source_text length", "content length", "lane");
        foreach (var laneEvent in events)
        {
            _columns[0].Add(laneEvent.CanonicalTime);
            _columns[1].Add(laneEvent.SourceTime);
            _columns[2].Add(laneEvent.SourceText?.Length);
            _columns[3].Add(laneEvent.Content.Length);
            _columns[4].Add((long)laneEvent.Lane);
            Add(_eventHash.Of(laneEvent, laneEvent.CanonicalTime));
        }
    }

    /// <summary>Adds the rows of another summary of the same part.</summary>
    public void Add(TransferSummary other)
    {
        if (other._columns.Count == 0) return;
        Define([.. other._columns.Select(c => c.Name)]);
        for (var i = 0; i < _columns.Count; i++) _columns[i].Add(other._columns[i]);
        (Count, Hash) = (Count + other.Count, unchecked(Hash + other.Hash));
    }

    public bool Equals(TransferSummary other) => Count == other.Count && Hash == other.Hash && (Count == 0 || Columns.SequenceEqual(other.Columns));

    private void Add(long hash) => (Count, Hash) = (Count + 1, unchecked(Hash + hash));

    private void Define(params ReadOnlySpan<string> names)
    {
        if (_columns.Count > 0) return;
        foreach (var name in names) _columns.Add(new(name));
    }

    private sealed class Column(string name)
    {
        private long _nulls, _min = long.MaxValue, _max = long.MinValue;
        private Int128 _sum;
        private bool _hasValue;

        public string Name => name;

        public ColumnSummary Summary => new(name, _nulls, _hasValue ? _min : null, _hasValue ? _max : null, (decimal)_sum);

        public void Add(long? value)
        {
            if (value is not { } given)
            {
                _nulls++;
                return;
            }
            (_min, _max, _hasValue) = (Math.Min(_min, given), Math.Max(_max, given), true);
            _sum += given;
        }

        public void Add(Column other)
        {
            (_min, _max, _hasValue) = (Math.Min(_min, other._min), Math.Max(_max, other._max), _hasValue || other._hasValue);
            (_nulls, _sum) = (_nulls + other._nulls, _sum + other._sum);
        }
    }
}
