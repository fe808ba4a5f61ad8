using SensorDash.Data.Storage;

namespace SensorDash.Data.Nodes;

/// <summary>The nodes that readings have made, with their counters. Safe for concurrent use.</summary>
public interface INodeStore
{
    /// <summary>Every node, by address.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<IReadOnlyList<Node>> ListAsync(CancellationToken cancellationToken);

    /// <summary>One node, or null when there is none of that address.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<Node?> FindAsync(int address, CancellationToken cancellationToken);

    /// <summary>Removes a node with its readings and metadata in one transaction.</summary>
    /// <returns>False when there was no such node.</returns>
    /// <exception cref="StoreUnavailableException">Nothing was removed.</exception>
    Task<bool> DeleteAsync(int address, CancellationToken cancellationToken);
}
