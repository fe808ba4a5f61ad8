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
        _columns[0].Add(readings, static (in Reading r) => r.NodeAddress);
        _columns[1].Add(readings, static (in Reading r) => r.Timestamp);
        _columns[2].Add(readings, static (in Reading r) => r.TemperatureCentidegrees);
        _columns[3].Add(readings, static (in Reading r) => r.HumidityCentipercent);
        _columns[4].Add(readings, static (in Reading r) => r.Flags);
        _columns[5].Add(readings, static (in Reading r) => r.ReceivedAt);
        foreach (ref readonly var reading in readings) Add(ReadingHash.Of(reading));
    }

    public void Add(ReadOnlySpan<LaneEvent> events)
    {
        Define("canonical_truth_time", "source_truth_time", "source_text length", "content length", "lane");
        _columns[0].Add(events, static (in LaneEvent e) => e.CanonicalTime);
        _columns[1].Add(events, static (in LaneEvent e) => e.SourceTime);
        _columns[2].Add(events, static (in LaneEvent e) => e.SourceText?.Length);
        _columns[3].Add(events, static (in LaneEvent e) => e.Content.Length);
        _columns[4].Add(events, static (in LaneEvent e) => (long)e.Lane);
        foreach (var laneEvent in events) Add(_eventHash.Of(laneEvent, laneEvent.CanonicalTime));
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

    private delegate long? ValueOf<TRow>(in TRow row);

    private sealed class Column(string name)
    {
        private long _nulls, _min = long.MaxValue, _max = long.MinValue;
        private Int128 _sum;

        public string Name => name;

        private bool HasValue => _min <= _max;

        public ColumnSummary Summary => new(name, _nulls, HasValue ? _min : null, HasValue ? _max : null, (decimal)_sum);

        // A column of all rows, and then the next: what is added up stays in registers.
        public void Add<TRow>(ReadOnlySpan<TRow> rows, ValueOf<TRow> valueOf)
        {
            var (nulls, min, max, sum) = (_nulls, _min, _max, _sum);
            foreach (ref readonly var row in rows)
            {
                if (valueOf(row) is not { } value)
                {
                    nulls++;
                    continue;
                }
                (min, max) = (Math.Min(min, value), Math.Max(max, value));
                sum += value;
            }
            (_nulls, _min, _max, _sum) = (nulls, min, max, sum);
        }

        public void Add(Column other)
        {
            (_min, _max) = (Math.Min(_min, other._min), Math.Max(_max, other._max));
            (_nulls, _sum) = (_nulls + other._nulls, _sum + other._sum);
        }
    }
}
