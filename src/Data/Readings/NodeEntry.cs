using SensorDash.Data.Nodes;

namespace SensorDash.Data.Readings;

/// <summary>A node in a list of all nodes: what filters and orders need, without its readings.</summary>
public sealed class NodeEntry(Node node)
{
    public Node Node { get; } = node;

    /// <summary>Its configured name, or null.</summary>
    public string? Name { get; init; }

    public Zone? Zone { get; init; }

    /// <summary>Whether name, address, location, notes or zone contain the text of the search; true without a search.</summary>
    public bool MatchesText { get; init; } = true;

    /// <summary>Set by <see cref="NodeViews.ReadStatusesAsync"/>.</summary>
    public NodeStatus Status { get; internal set; }

    /// <summary>Its configured name, or its address.</summary>
    public string DisplayName => NodeView.NameOf(Name, Node.Address);

    internal int? ConfiguredInterval { get; init; }
}

/// <summary>Orders of nodes.</summary>
public static class NodeOrder
{
    /// <summary>By display name as people count, ties by address.</summary>
    public static readonly IComparer<NodeEntry> ByName = Comparer<NodeEntry>.Create(CompareNames);

    /// <summary>By zone, nodes without a zone last; in a zone by name.</summary>
    public static readonly IComparer<NodeEntry> ByZone = Comparer<NodeEntry>.Create(CompareZones);

    private static int CompareNames(NodeEntry a, NodeEntry b)
    {
        // Names that are addresses have the order of the addresses. Most of very many nodes have no other name.
        var order = a.Name is null && b.Name is null ? 0 : NameOrder.Natural.Compare(a.DisplayName, b.DisplayName);
        return order != 0 ? order : a.Node.Address.CompareTo(b.Node.Address);
    }

    private static int CompareZones(NodeEntry a, NodeEntry b)
    {
        if (a.Zone?.Id == b.Zone?.Id) return CompareNames(a, b);
        if (a.Zone is null || b.Zone is null) return a.Zone is null ? 1 : -1;
        var order = StringComparer.OrdinalIgnoreCase.Compare(a.Zone.Name, b.Zone.Name);
        return order != 0 ? order : a.Zone.Id.CompareTo(b.Zone.Id);
    }
}

/// <summary>A page of a list of nodes.</summary>
/// <param name="Nodes">The nodes of the page.</param>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Count">Number of pages, at least 1.</param>
/// <param name="MatchCount">Nodes of all pages.</param>
public sealed record NodePage(IReadOnlyList<NodeView> Nodes, int Number, int Count, int MatchCount);
