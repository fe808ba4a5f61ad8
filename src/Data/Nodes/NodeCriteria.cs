namespace SensorDash.Data.Nodes;

/// <summary>Selects nodes by what the store itself knows about them: a node must meet all conditions.</summary>
/// <param name="FirstAddress">Lowest address.</param>
/// <param name="LastAddress">Highest address.</param>
/// <param name="LastSeenBefore">Only nodes whose latest reading was measured before this time, Unix seconds.</param>
/// <param name="MaxReadings">Only nodes with at most so many readings.</param>
public sealed record NodeCriteria(int FirstAddress = 1, int LastAddress = int.MaxValue, long LastSeenBefore = long.MaxValue, long MaxReadings = long.MaxValue)
{
    public static NodeCriteria All { get; } = new();

    /// <summary>The same condition for a node in memory.</summary>
    public bool Selects(Node node)
        => node.Address >= FirstAddress && node.Address <= LastAddress && node.LastSeenAt < LastSeenBefore && node.TotalReadings <= MaxReadings;

    // Steps of a deletion: about 50 ms each on a Raspberry Pi, so that senders hardly notice the delay.
    internal const int NodesPerStep = 500;
    internal const int ReadingsPerStep = 10_000;
}

/// <param name="Nodes">Number of nodes.</param>
/// <param name="Readings">Number of their readings.</param>
public readonly record struct NodeCount(long Nodes, long Readings)
{
    public static NodeCount None => default;

    public static NodeCount operator +(NodeCount a, NodeCount b) => new(a.Nodes + b.Nodes, a.Readings + b.Readings);
}

/// <summary>Deletes many nodes.</summary>
public static class NodeDeletion
{
    /// <summary>Removes all nodes that <paramref name="criteria"/> select, in steps. A node that ceases to meet them in the meantime, because it sends, stays.</summary>
    /// <param name="nodes">The store.</param>
    /// <param name="criteria">The nodes.</param>
    /// <param name="cancellationToken">Stops between two steps; the removed nodes stay removed.</param>
    /// <exception cref="Storage.StoreUnavailableException">Earlier steps stay done; delete again.</exception>
    public static async Task<NodeCount> DeleteAllAsync(this INodeStore nodes, NodeCriteria criteria, CancellationToken cancellationToken)
    {
        var all = NodeCount.None;
        while (await nodes.DeleteStepAsync(criteria, cancellationToken) is var step && step != NodeCount.None) all += step;
        return all;
    }
}
