using SensorDash.Data.Readings;

namespace SensorDash.Data.Analytics;

/// <summary>Sums by hour of the week and node, in integers until the divisions at the end.</summary>
internal sealed class HourSums
{
    private const long SecondsPerHour = 3600;
    private const int HoursPerWeek = 168;

    // The epoch was a Thursday at midnight, which is hour 96 of a week that starts on Sunday.
    internal const int EpochHourOfWeek = 96;

    private readonly Dictionary<int, NodeSums[]> _nodes = [];

    /// <summary>The hour of the week of a time.</summary>
    /// <param name="localSeconds">Seconds since the epoch in local time of the time zone.</param>
    public static int HourOf(long localSeconds)
    {
        var hour = (int)((Downsampling.Index(localSeconds, SecondsPerHour) + EpochHourOfWeek) % HoursPerWeek);
        return hour < 0 ? hour + HoursPerWeek : hour;
    }

    /// <summary>The sums of a node in an hour of the week.</summary>
    public ref NodeSums Of(int node, int hour)
    {
        if (!_nodes.TryGetValue(node, out var hours)) _nodes.Add(node, hours = new NodeSums[HoursPerWeek]);
        return ref hours[hour];
    }

    public List<HourOfWeek> ToList(Population population)
    {
        var found = new List<HourOfWeek>();
        for (var hour = 0; hour < HoursPerWeek; hour++)
        {
            var (sums, nodes) = (default(NodeSums), 0);
            foreach (var node in _nodes.Values)
            {
                if (node[hour].Count == 0) continue;
                nodes++;
                sums = Plus(sums, population == Population.Nodes ? MeansOf(node[hour]) : node[hour], node[hour].Count);
            }
            if (nodes == 0) continue;
            found.Add(new(hour / 24, hour % 24, sums.Count, nodes, ValueSummary.Average(sums.Celsius, sums.CelsiusCount), ValueSummary.Average(sums.Percent, sums.PercentCount)));
        }
        return found;
    }

    private static NodeSums Plus(in NodeSums a, in NodeSums b, long readings)
        => new(a.Count + readings, a.Celsius + b.Celsius, a.CelsiusCount + b.CelsiusCount, a.Percent + b.Percent, a.PercentCount + b.PercentCount);

    // A node's mean as a single value.
    private static NodeSums MeansOf(in NodeSums sums) => new(
        1,
        sums.CelsiusCount == 0 ? 0 : ValueSummary.Mean(sums.Celsius, sums.CelsiusCount), Math.Min(1, sums.CelsiusCount),
        sums.PercentCount == 0 ? 0 : ValueSummary.Mean(sums.Percent, sums.PercentCount), Math.Min(1, sums.PercentCount));
}
