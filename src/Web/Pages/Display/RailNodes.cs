using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Pages.Display;

/// <summary>The nodes of the rail, which every page shows: by zone, each with its status and value; with many nodes, only the zones.</summary>
internal sealed class RailNodes(NodeViews views)
{
    /// <summary>With more nodes, the rail lists zones: a longer list is no longer found by looking.</summary>
    public const int MaxNodes = 40;

    private static readonly object _itemKey = new();

    /// <summary>All nodes with their status, read once per request.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    public async Task<IReadOnlyList<NodeEntry>> ListAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (context.Items[_itemKey] is IReadOnlyList<NodeEntry> known) return known;
        var all = await views.ListAsync(null, cancellationToken);
        await views.ReadStatusesAsync(all, cancellationToken);
        context.Items[_itemKey] = all;
        return all;
    }

    /// <summary>The zones in order; empty when the store is unavailable, because the page itself reports that.</summary>
    public async Task<IReadOnlyList<RailZone>> ReadAsync(HttpContext context, CancellationToken cancellationToken)
    {
        try
        {
            var all = await ListAsync(context, cancellationToken);
            var shown = all.Count > MaxNodes ? [] : (await views.PageAsync(all, NodeOrder.ByZone, 1, MaxNodes, cancellationToken)).Nodes.ToDictionary(n => n.Node.Address);
            return [.. all.Order(NodeOrder.ByZone).GroupBy(n => n.Zone?.Id).Select(zone => new RailZone(zone.First().Zone, zone.Count(),
                zone.Count(n => n.Status != NodeStatus.Live), WorstOf(zone.Select(n => n.Status)),
                [.. zone.Where(n => shown.ContainsKey(n.Node.Address)).Select(n => shown[n.Node.Address])]))];
        }
        catch (StoreUnavailableException)
        {
            return [];
        }
    }

    /// <summary>The status that needs attention first.</summary>
    public static NodeStatus WorstOf(IEnumerable<NodeStatus> statuses) => statuses.MaxBy(Severity);

    /// <summary>0 for live, and more for what needs attention sooner.</summary>
    public static int Severity(NodeStatus status) => status switch
    {
        NodeStatus.Stale => 4,
        NodeStatus.Late => 2,
        NodeStatus.Never => 1,
        NodeStatus.Live => 0,
        _ => 3, // A clock that is wrong: its values are current, their times are not.
    };
}

/// <summary>A zone of the rail.</summary>
/// <param name="Zone">Null: nodes without a zone.</param>
/// <param name="Count">Its nodes.</param>
/// <param name="NotLive">Those that are not live.</param>
/// <param name="Worst">Its worst status.</param>
/// <param name="Nodes">Its nodes; empty with many nodes.</param>
internal sealed record RailZone(Zone? Zone, int Count, int NotLive, NodeStatus Worst, IReadOnlyList<NodeView> Nodes);
