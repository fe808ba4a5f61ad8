using System.Collections.Concurrent;
using SensorDash.Data.Nodes;

namespace SensorDash.Data.Readings;

/// <summary>Estimates of expected intervals, each kept while its node has only some more readings: they can hardly change the median of fifty intervals.</summary>
internal sealed class LearnedIntervals(IReadingStore readings)
{
    // A page with all nodes would otherwise read fifty readings of each that has sent since the last page.
    private const int MaxNewReadings = Liveness.LearnedFrom / 2;

    private readonly ConcurrentDictionary<int, (long TotalReadings, int? Seconds)> _known = [];

    /// <summary>The estimate of a node.</summary>
    /// <returns>False when it must be learned.</returns>
    public bool TryFind(Node node, out int? seconds)
    {
        seconds = null;
        if (node.TotalReadings < Liveness.MinLearnedFrom) return true; // Too few readings for an estimate.
        if (!_known.TryGetValue(node.Address, out var known)) return false;
        if (node.TotalReadings < known.TotalReadings || node.TotalReadings > known.TotalReadings + Math.Min(MaxNewReadings, known.TotalReadings / 2)) return false;
        seconds = known.Seconds;
        return true;
    }

    /// <summary>Estimates the intervals of nodes for which <see cref="TryFind"/> returned false.</summary>
    /// <returns>The readings of the estimates, newest first, by node.</returns>
    public async Task<IReadOnlyDictionary<int, Reading[]>> LearnAsync(IReadOnlyCollection<Node> nodes, CancellationToken cancellationToken)
    {
        if (nodes.Count == 0) return new Dictionary<int, Reading[]>();
        var newest = await readings.ReadNewestAsync([.. nodes.Select(n => n.Address)], Liveness.LearnedFrom, cancellationToken);
        foreach (var node in nodes)
        {
            var times = Array.ConvertAll(newest.GetValueOrDefault(node.Address, []), r => r.Timestamp);
            _known[node.Address] = (node.TotalReadings, Liveness.LearnInterval(times));
        }
        return newest;
    }

    /// <summary>Forgets deleted nodes when there are many of them.</summary>
    public void Trim(int nodeCount)
    {
        if (_known.Count > 2 * nodeCount) _known.Clear();
    }
}
