using SensorDash.Data.Storage;

namespace SensorDash.Data.Nodes;

/// <summary>The nodes created by readings, with their counters. Safe for concurrent use.</summary>
public interface INodeStore
{
    /// <summary>All nodes, by address.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<IReadOnlyList<Node>> ListAsync(CancellationToken cancellationToken);

    /// <summary>One node, or null when no node has that address.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<Node?> FindAsync(int address, CancellationToken cancellationToken);

    /// <summary>Removes a node with its readings and metadata in one transaction.</summary>
    /// <returns>False when the node does not exist.</returns>
    /// <exception cref="StoreUnavailableException">Nothing was removed.</exception>
    Task<bool> DeleteAsync(int address, CancellationToken cancellationToken);
}
