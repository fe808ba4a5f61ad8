using Microsoft.EntityFrameworkCore;
using SensorDash.Data.Nodes;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Readings;

/// <summary>A node with its current status and metadata.</summary>
public sealed record NodeView(Node Node, Liveness Liveness, Reading? Latest, NodeMetadata? Metadata, Zone? Zone)
{
    /// <summary>Its configured name, or its address.</summary>
    public string DisplayName => Metadata?.Name ?? FormattableString.Invariant($"Node {Node.Address}");
}

/// <summary>Nodes for display: counters, latest reading, status, metadata.</summary>
public sealed class NodeViews(INodeStore nodes, IReadingStore readings, IDbContextFactory<SensorDashContext> contexts, TimeProvider clock)
{
    /// <summary>All nodes, by address.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task<IReadOnlyList<NodeView>> ListAsync(CancellationToken cancellationToken)
        => await ViewAsync(await nodes.ListAsync(cancellationToken), cancellationToken);

    /// <summary>One node, or null when no node has that address.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task<NodeView?> FindAsync(int address, CancellationToken cancellationToken)
    {
        var node = await nodes.FindAsync(address, cancellationToken);
        return node is null ? null : (await ViewAsync([node], cancellationToken))[0];
    }

    private async Task<IReadOnlyList<NodeView>> ViewAsync(IReadOnlyList<Node> known, CancellationToken cancellationToken)
    {
        var addresses = known.Select(n => n.Address).ToArray();
        var newest = await readings.ReadNewestAsync(addresses, Liveness.LearnedFrom, cancellationToken);
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var one = addresses.Length == 1 ? addresses[0] : (int?)null;
        var metadata = await context.Set<NodeMetadata>().AsNoTracking()
            .Where(m => one == null || m.Address == one).ToDictionaryAsync(m => m.Address, cancellationToken);
        var zones = await context.Set<Zone>().AsNoTracking().ToDictionaryAsync(z => z.Id, cancellationToken);
        var now = clock.GetUtcNow().ToUnixTimeSeconds();

        return known.Select(View).ToArray();

        NodeView View(Node node)
        {
            var latest = newest.GetValueOrDefault(node.Address, []);
            var said = metadata.GetValueOrDefault(node.Address);
            var liveness = Liveness.Evaluate(Array.ConvertAll(latest, r => r.Timestamp), said?.ExpectedIntervalS, now);
            var zone = said?.ZoneId is { } id ? zones.GetValueOrDefault(id) : null;
            return new NodeView(node, liveness, latest.Length > 0 ? latest[0] : null, said, zone);
        }
    }
}
