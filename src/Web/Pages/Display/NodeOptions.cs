using SensorDash.Data.Readings;

namespace SensorDash.Web.Pages.Display;

/// <summary>The nodes that a form offers: with very many nodes only some, which a search by name or address selects.</summary>
/// <param name="Shown">The selected nodes and the first of the others that match, by name.</param>
/// <param name="MatchCount">Nodes that match the search.</param>
/// <param name="Total">Nodes without the search.</param>
/// <param name="Find">The text of the search; null without one.</param>
internal sealed record NodeOptions(IReadOnlyList<NodeEntry> Shown, int MatchCount, int Total, string? Find)
{
    /// <summary>Name of the search in the URL.</summary>
    public const string Parameter = "find";

    /// <summary>Options of one form: more are no longer found by looking.</summary>
    public const int MaxShown = 60;

    /// <summary>Whether a search helps: all nodes of a small hub are visible.</summary>
    public bool HasSearch => Total > MaxShown || Find is not null;

    /// <summary>How many of how many nodes are shown.</summary>
    public string Summary
    {
        get
        {
            if (MatchCount == 0) return "No nodes match.";
            var all = NumberText.Count(Total, "node");
            if (Find is null) return FormattableString.Invariant($"{Shown.Count} of {all}; search to see others.");
            return FormattableString.Invariant($"{MatchCount:N0} of {all} match{(MatchCount > MaxShown ? $"; these are the first {MaxShown}" : "")}.");
        }
    }

    public static string? FindOf(HttpRequest request) => request.Query[Parameter].ToString().Trim() is { Length: > 0 } text ? text : null;

    /// <param name="offered">Nodes that can be selected.</param>
    /// <param name="isSelected">Whether a node is selected; it is always shown.</param>
    /// <param name="find">The search that the nodes were listed with.</param>
    public static NodeOptions Of(IReadOnlyList<NodeEntry> offered, Func<NodeEntry, bool> isSelected, string? find)
    {
        var selected = offered.Where(isSelected).ToHashSet();
        var matching = offered.Where(n => n.MatchesText).ToArray();
        return new([.. selected.Concat(matching.Order(NodeOrder.ByName).Take(MaxShown)).Distinct().Order(NodeOrder.ByName)], matching.Length, offered.Count, find);
    }
}
