using SensorDash.Data.Readings;

namespace SensorDash.Data.Analytics;

/// <summary>Sums of one node in one bucket, in integers.</summary>
internal record struct NodeSums(long Count, long Celsius, long CelsiusCount, long Percent, long PercentCount)
{
    public void Add(in Reading reading)
    {
        Count++;
        if (reading.TemperatureCentidegrees is { } celsius) (Celsius, CelsiusCount) = (Celsius + celsius, CelsiusCount + 1);
        if (reading.HumidityCentipercent is { } percent) (Percent, PercentCount) = (Percent + percent, PercentCount + 1);
    }
}

/// <summary>Collects the nodes of one bucket for statistics across nodes.</summary>
internal sealed class NodeMeans
{
    private readonly ValueSummary _celsius = new(), _percent = new();
    private long _readings;

    public int Nodes { get; private set; }

    /// <summary>Adds a node; only once per node.</summary>
    public void Add(in NodeSums node)
    {
        Nodes++;
        _readings += node.Count;
        if (node.CelsiusCount > 0) _celsius.Add((short)ValueSummary.Mean(node.Celsius, node.CelsiusCount));
        if (node.PercentCount > 0) _percent.Add((short)ValueSummary.Mean(node.Percent, node.PercentCount));
    }

    public ReadingStatistics Summarize()
        => new(_readings, _celsius.Summarize(ValueSummary.DefaultPercentiles), _percent.Summarize(ValueSummary.DefaultPercentiles));
}
