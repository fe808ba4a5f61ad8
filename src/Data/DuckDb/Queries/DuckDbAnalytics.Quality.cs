using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Data.DuckDb.Queries;

internal sealed partial class DuckDbAnalytics
{
    // Readings that DuckDB sorts at a time: 8 MB, which fits the smallest memory limit several times. A node with more is sorted alone.
    private const long SortedAtOnce = 250_000;

    /// <summary>Data quality of nodes, in their order: DuckDB sorts the readings of many nodes, and the check that all engines share reads them.</summary>
    public IReadOnlyList<DataQuality> FleetQuality(IReadOnlyList<QualityCheckNode> nodes, TimeRange range, long now)
    {
        var (counts, intervals) = LearnIntervals(reader, nodes, range);
        var known = nodes.ToDictionary(n => n.Node.Address);
        var judged = new Dictionary<int, DataQuality>(nodes.Count);
        QualityCheckNode? current = null;
        DataQualityPass? pass = null;
        var (some, rows) = (new List<int>(), 0L);
        foreach (var (address, count) in counts.OrderBy(c => c.Key))
        {
            if (some.Count > 0 && rows + count > SortedAtOnce) CheckNodes();
            some.Add(address);
            rows += count;
        }
        if (some.Count > 0) CheckNodes();
        EndNode();
        foreach (var silent in nodes.Where(n => !judged.ContainsKey(n.Node.Address)))
        {
            BeginNode(silent);
            EndNode();
        }
        return [.. nodes.Select(n => judged[n.Node.Address])];

        void CheckNodes()
        {
            ReadReadings(reader, some, range, Add);
            some.Clear();
            rows = 0;
        }

        void Add(Reading reading)
        {
            if (current?.Node.Address != reading.NodeAddress) BeginNode(known[reading.NodeAddress]);
            pass!.Add(reading);
        }

        // The readings arrive node by node, so memory holds those of one node.
        void BeginNode(QualityCheckNode node)
        {
            EndNode();
            (current, pass) = (node, node.Begin(range, node.ConfiguredIntervalSeconds ?? intervals.GetValueOrDefault(node.Node.Address), now));
        }

        void EndNode()
        {
            if (current is null) return;
            pass!.CountOutliers();
            judged[current.Node.Address] = pass.Finish(current.Node);
            current = null;
        }
    }

    // Number of readings of each node in the range, and the estimated interval. As in the store: if the range has too few readings, the estimate also uses earlier ones.
    private static (Dictionary<int, long> Counts, Dictionary<int, int?> Intervals) LearnIntervals(
        DuckDbReader reader, IReadOnlyList<QualityCheckNode> nodes, TimeRange range)
    {
        var (counts, intervals) = (new Dictionary<int, long>(), new Dictionary<int, int?>());
        Learn([.. nodes.Select(n => n.Node.Address)], range, (node, count) => counts[node] = count);
        int[] few = [.. nodes.Where(n => n.ConfiguredIntervalSeconds is null && intervals.GetValueOrDefault(n.Node.Address) is null).Select(n => n.Node.Address)];
        if (range.Start is not null && few.Length > 0) Learn(few, new(null, range.End), (_, _) => { });
        return (counts, intervals);

        void Learn(int[] addresses, TimeRange within, Action<int, long> count)
            => Read(reader, $"""
                SELECT node_address, count(*), max("timestamp", {Text(NodeSeries.LearnedFrom)})::DOUBLE[]
                FROM ({Source(reader, addresses, within)}) GROUP BY 1
                """, row =>
                {
                    var node = row.Get<int>(0);
                    count(node, row.Get<long>(1));
                    long[] newest = [.. row.Get<List<double>>(2).Select(time => (long)time)]; // Exact, up to 2^53.
                    Array.Sort(newest, (a, b) => b.CompareTo(a));
                    intervals[node] = Liveness.LearnInterval(newest);
                });
    }

    private static void ReadReadings(DuckDbReader reader, IReadOnlyCollection<int> addresses, TimeRange range, Action<Reading> add)
        => Read(reader, $"""
            SELECT node_address, "timestamp", temperature, humidity, received_at FROM ({Source(reader, addresses, range)}) ORDER BY 1, 2
            """, row => add(new Reading(
                row.Get<int>(0), row.Get<long>(1), row.Get<short?>(2), row.Get<short?>(3), 0, row.Get<long>(4), null)));
}
