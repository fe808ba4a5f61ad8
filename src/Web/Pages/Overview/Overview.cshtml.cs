using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Web.Commands;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Overview;

/// <summary>All nodes by zone, each with its status, latest values and last 24 hours.</summary>
internal sealed class OverviewModel(NodeViews nodes, ZoneDirectory zones, Sparklines sparklines, DemoData demo, TimeProvider clock) : PageModel
{
    /// <summary>Nodes per page: with more, a phone scrolls for minutes and drawing takes seconds.</summary>
    public const int PageLength = 60;

    private const string NoZone = "none";

    private readonly Dictionary<NodeStatus, int> _counts = [];
    private readonly Dictionary<int, int> _countsByZone = []; // Without a zone: 0.

    [BindProperty(SupportsGet = true, Name = "status")]
    public string? Status { get; set; }

    /// <summary>Id of a zone, or <c>none</c>.</summary>
    [BindProperty(SupportsGet = true, Name = "zone")]
    public string? ZoneFilter { get; set; }

    [BindProperty(SupportsGet = true, Name = "q")]
    public string? Text { get; set; }

    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public long Now { get; private set; }
    public IReadOnlyList<Zone> Zones { get; private set; } = [];
    public NodePage Shown { get; private set; } = null!;
    public IReadOnlyList<IGrouping<Zone?, NodeCard>> Groups { get; private set; } = [];
    public int NodeCount { get; private set; }
    public long ReadingCount { get; private set; }
    /// <summary>Nodes of the demo data.</summary>
    public int DemoNodeCount { get; private set; }

    /// <summary>What the user types to delete the demo data.</summary>
    public static string RemovalConfirmation => "demo data";

    public string? RemovalError { get; private set; }
    public bool IsFiltered => !string.IsNullOrEmpty(Status) || !string.IsNullOrEmpty(ZoneFilter) || !string.IsNullOrEmpty(Text);

    /// <summary>A command that works unchanged, with the host name of this request.</summary>
    public string FirstReadingCommand => $"curl {Request.Scheme}://{Request.Host}/api/sensor-data -H 'Content-Type: application/json' "
        + "-d '{\"node_address\": 1, \"timestamp\": '$(date +%s)', \"temperature_celsius\": 21.5, \"humidity_percent\": 48}'";

    /// <summary>Nodes of a zone, or without a zone, on this page and on all pages.</summary>
    public string CountOf(IGrouping<Zone?, NodeCard> group)
    {
        var (here, all) = (group.Count(), _countsByZone.GetValueOrDefault(group.Key?.Id ?? 0));
        return here == all ? NumberText.Count(all, "node") : $"{here} of {NumberText.Count(all, "node")}";
    }

    /// <summary>Statuses that the page counts; wrong clocks only if there are any.</summary>
    public IEnumerable<NodeStatus> ShownStatuses => new[] { NodeStatus.Live, NodeStatus.Late, NodeStatus.Stale, NodeStatus.ClockAhead, NodeStatus.ClockBehind }
        .Where(status => status <= NodeStatus.Stale || CountOf(status) > 0);

    public int CountOf(NodeStatus status) => _counts.GetValueOrDefault(status);

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        View = ViewSettings.Of(HttpContext);
        Now = clock.GetUtcNow().ToUnixTimeSeconds();
        Zones = await zones.ListAsync(cancellationToken);
        var all = await nodes.ListAsync(Text, cancellationToken);
        await nodes.ReadStatusesAsync(all, cancellationToken);
        NodeCount = all.Count;
        foreach (var node in all)
        {
            ReadingCount += node.Node.TotalReadings;
            if (DemoData.IsDemo(node.Node)) DemoNodeCount++;
            _counts[node.Status] = CountOf(node.Status) + 1;
        }
        NodeEntry[] matching = [.. all.Where(Matches)];
        foreach (var node in matching) _countsByZone[node.Zone?.Id ?? 0] = _countsByZone.GetValueOrDefault(node.Zone?.Id ?? 0) + 1;
        Shown = await nodes.PageAsync(matching, NodeOrder.ByZone, Pager.NumberOf(Request), PageLength, cancellationToken);

        var cards = new List<NodeCard>();
        foreach (var view in Shown.Nodes) cards.Add(new NodeCard(view, await sparklines.DrawAsync(view, cancellationToken), Now));
        Groups = [.. cards.GroupBy(c => c.Node.Zone, ZoneById.Instance)];
    }

    public async Task<IActionResult> OnPostDemoAsync(CancellationToken cancellationToken)
    {
        if (!await demo.TryLoadAsync(cancellationToken)) TempData["Notice"] = DemoData.Refusal;
        return RedirectToPage();
    }

    public async Task<IActionResult> OnPostRemoveDemoAsync(string? typedText, CancellationToken cancellationToken)
    {
        if (typedText?.Trim() != RemovalConfirmation)
        {
            await OnGetAsync(cancellationToken);
            RemovalError = $"must be exactly “{RemovalConfirmation}”; nothing was deleted";
            return Page();
        }
        var removed = await demo.RemoveAsync(cancellationToken);
        TempData["Notice"] = $"Deleted {NumberText.Count(removed.Nodes, "demo node")} and {NumberText.Count(removed.Readings, "reading")}.";
        return RedirectToPage();
    }

    private bool Matches(NodeEntry node)
    {
        if (!node.MatchesText) return false;
        if (!string.IsNullOrEmpty(Status) && !string.Equals(StatusName.Of(node.Status), Status, StringComparison.OrdinalIgnoreCase)) return false;
        if (ZoneFilter == NoZone) return node.Zone is null;
        return string.IsNullOrEmpty(ZoneFilter) || node.Zone?.Id.ToString(CultureInfo.InvariantCulture) == ZoneFilter;
    }

    private sealed class ZoneById : IEqualityComparer<Zone?>
    {
        public static readonly ZoneById Instance = new();

        public bool Equals(Zone? x, Zone? y) => x?.Id == y?.Id;

        public int GetHashCode(Zone? zone) => zone?.Id ?? 0;
    }
}

/// <summary>A node on the overview.</summary>
/// <param name="Now">Unix seconds, the same for all cards of a page.</param>
internal sealed record NodeCard(NodeView Node, Sparkline Sparkline, long Now);
