using SensorDash.Data.Storage;

namespace SensorDash.Data.Nodes;

/// <summary>The nodes created by readings, with their counters. Safe for concurrent use.</summary>
public interface INodeStore
{
    /// <summary>All nodes, by address.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<IReadOnlyList<Node>> ListAsync(CancellationToken cancellationToken) => ListAsync(0, int.MaxValue, cancellationToken);

    /// <summary>Some nodes, by address.</summary>
    /// <param name="after">Only addresses above this one.</param>
    /// <param name="limit">Maximum number of nodes, 1 or more.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<IReadOnlyList<Node>> ListAsync(int after, int limit, CancellationToken cancellationToken);

    /// <summary>The nodes that exist among some addresses, by address.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<IReadOnlyList<Node>> FindAsync(IReadOnlyCollection<int> addresses, CancellationToken cancellationToken);

    /// <summary>One node, or null when no node has that address.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    async Task<Node?> FindAsync(int address, CancellationToken cancellationToken) => (await FindAsync([address], cancellationToken)).SingleOrDefault();

    /// <summary>Counts nodes and their readings.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<NodeCount> CountAsync(NodeCriteria criteria, CancellationToken cancellationToken);

    /// <summary>Removes a node with its readings and metadata in one transaction.</summary>
    /// <returns>False when the node does not exist.</returns>
    /// <exception cref="StoreUnavailableException">Nothing was removed.</exception>
    Task<bool> DeleteAsync(int address, CancellationToken cancellationToken);

    /// <summary>Removes some of the nodes that <paramref name="criteria"/> select, with their readings and metadata, in one transaction that is so short that
    /// writers do not wait long. Of a node with very many readings it removes only the oldest; the node stays until a later step.</summary>
    /// <returns>Nodes and readings removed in this step; <see cref="NodeCount.None"/> when no node is left.</returns>
    /// <exception cref="StoreUnavailableException">Nothing was removed.</exception>
    Task<NodeCount> DeleteStepAsync(NodeCriteria criteria, CancellationToken cancellationToken);
}
