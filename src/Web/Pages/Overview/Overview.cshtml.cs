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

    [BindProperty(SupportsGet = true, Name = "status")]
    public string? Status { get; set; }

    /// <summary>Id of a zone, or <c>none</c>.</summary>
    [BindProperty(SupportsGet = true, Name = "zone")]
    public string? ZoneFilter { get; set; }

    [BindProperty(SupportsGet = true, Name = "q")]
    public string? Text { get; set; }

    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public long Now { get; private set; }
    public IReadOnlyList<NodeView> All { get; private set; } = [];
    public IReadOnlyList<Zone> Zones { get; private set; } = [];
    public IReadOnlyList<IGrouping<Zone?, NodeCard>> Groups { get; private set; } = [];
    public int MatchCount { get; private set; }
    public int PageNumber { get; private set; } = 1;
    public int PageCount => Math.Max(1, (MatchCount + PageLength - 1) / PageLength);
    public bool IsFiltered => !string.IsNullOrEmpty(Status) || !string.IsNullOrEmpty(ZoneFilter) || !string.IsNullOrEmpty(Text);
    public long ReadingCount => All.Sum(n => n.Node.TotalReadings);

    /// <summary>A command that works unchanged, with the host name of this request.</summary>
    public string FirstReadingCommand => $"curl {Request.Scheme}://{Request.Host}/api/sensor-data -H 'Content-Type: application/json' "
        + "-d '{\"node_address\": 1, \"timestamp\": '$(date +%s)', \"temperature_celsius\": 21.5, \"humidity_percent\": 48}'";

    public int CountOf(NodeStatus status) => All.Count(n => n.Liveness.Status == status);

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        View = ViewSettings.Of(HttpContext);
        Now = clock.GetUtcNow().ToUnixTimeSeconds();
        All = await nodes.ListAsync(cancellationToken);
        Zones = await zones.ListAsync(cancellationToken);
        var matching = All.Where(Matches).OrderBy(n => n.Zone is null).ThenBy(n => n.Zone?.Name, StringComparer.OrdinalIgnoreCase)
            .ThenBy(n => n.Zone?.Id).ThenBy(n => n.DisplayName, NameOrder.Natural).ThenBy(n => n.Node.Address).ToArray();
        MatchCount = matching.Length;
        if (int.TryParse(Request.Query["page"], NumberStyles.None, CultureInfo.InvariantCulture, out var page)) PageNumber = Math.Clamp(page, 1, PageCount);

        var cards = new List<NodeCard>();
        foreach (var view in matching.Skip((PageNumber - 1) * PageLength).Take(PageLength))
            cards.Add(new NodeCard(view, await sparklines.DrawAsync(view, cancellationToken), Now));
        Groups = [.. cards.GroupBy(c => c.Node.Zone, ZoneById.Instance)];
    }

    public async Task<IActionResult> OnPostDemoAsync(CancellationToken cancellationToken)
    {
        await demo.LoadAsync(cancellationToken);
        return RedirectToPage();
    }

    private bool Matches(NodeView view)
    {
        if (!string.IsNullOrEmpty(Status) && !string.Equals(view.Liveness.Status.ToString(), Status, StringComparison.OrdinalIgnoreCase)) return false;
        if (ZoneFilter == NoZone && view.Zone is not null) return false;
        if (!string.IsNullOrEmpty(ZoneFilter) && ZoneFilter != NoZone && view.Zone?.Id.ToString(CultureInfo.InvariantCulture) != ZoneFilter) return false;
        return string.IsNullOrWhiteSpace(Text) || new[] { view.DisplayName, view.Metadata?.Location, view.Metadata?.Notes, view.Zone?.Name,
            view.Node.Address.ToString(CultureInfo.InvariantCulture) }.Any(s => s?.Contains(Text.Trim(), StringComparison.OrdinalIgnoreCase) == true);
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
