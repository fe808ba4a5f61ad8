using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SensorDash.Data.Access;
using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Streaming;
using SensorDash.Web.Demo;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Pages.Display.Plots;
using SensorDash.Web.Security;

namespace SensorDash.Web.Pages.Overview;

/// <summary>All nodes: a line each or a panel per zone, and cards or a table with their status, latest values and range.</summary>
[Need(Need.Viewer)]
internal sealed class OverviewModel(
    NodeViews nodes, RailNodes rail, ZoneDirectory zones, Traces traces, ZonePanels panels, LiveReadings live, DemoData demo, AuditTrail audit, TimeProvider clock) : PageModel
{
    /// <summary>Nodes per page: with more, a phone scrolls for minutes and drawing takes seconds.</summary>
    public const int PageLength = 60;

    private const string NoZone = "none";
    private const int PlotHeight = 224;
    private const int MaxFindings = 8;

    private readonly Dictionary<NodeStatus, int> _counts = [];
    private readonly Dictionary<int, int> _countsByZone = []; // Without a zone: 0.
    private IReadOnlyDictionary<int, string> _classes = new Dictionary<int, string>();

    [BindProperty(SupportsGet = true, Name = "status")]
    public string? Status { get; set; }

    /// <summary>Id of a zone, or <c>none</c>.</summary>
    [BindProperty(SupportsGet = true, Name = "zone")]
    public string? ZoneFilter { get; set; }

    [BindProperty(SupportsGet = true, Name = "q")]
    public string? Text { get; set; }

    public static IReadOnlyList<(string Value, string Label)> Orders { get; } = [("zone", "zone, name"), ("worst", "worst first"), ("name", "name")];
    public static IReadOnlyList<(string Value, string Label)> Scales { get; } = [("zone", "per zone"), ("all", "shared"), ("own", "per node")];

    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public long Now { get; private set; }
    public ViewRange Range { get; private set; } = null!;
    public IReadOnlyList<Zone> Zones { get; private set; } = [];
    public NodePage Shown { get; private set; } = null!;
    public IReadOnlyList<CardGroup> Groups { get; private set; } = [];
    public int NodeCount { get; private set; }
    public long ReadingCount { get; private set; }

    /// <summary>Nodes of the demo data.</summary>
    public int DemoNodeCount { get; private set; }

    /// <summary>What the user types to delete the demo data.</summary>
    public static string RemovalConfirmation => "demo data";

    public string? RemovalError { get; private set; }
    public bool IsFiltered => !string.IsNullOrEmpty(Status) || !string.IsNullOrEmpty(ZoneFilter) || !string.IsNullOrEmpty(Text);
    public bool IsTable { get; private set; }
    public string Order { get; private set; } = "";
    public string Scale { get; private set; } = "";
    public bool IsHumidity { get; private set; }
    /// <summary>Where the page's stream of readings starts.</summary>
    public StreamToken PushAfter { get; private set; }

    public string QuantityName => IsHumidity ? "Humidity" : "Temperature";
    public string Unit => IsHumidity ? "%RH" : View.TemperatureUnit;

    /// <summary>A line per node; null with more nodes than the rail lists, and without data.</summary>
    public LinePlot? Plot { get; private set; }

    /// <summary>The zones instead, with more nodes.</summary>
    public IReadOnlyList<ZonePanel> Panels { get; private set; } = [];
    public decimal PanelSpan { get; private set; }

    /// <summary>The zones of <see cref="Plot"/>.</summary>
    public IEnumerable<(string Name, string Class, string Key)> ZoneKeys => Groups.SelectMany(g => g.Cards).Select(c => c.Node.Zone).DistinctBy(z => z?.Id).Select(z => (z?.Name ?? "No zone", ClassOf(z), KeyOf(z)));

    /// <summary>The zones whose lines the legend has selected.</summary>
    public SoloSelection ZoneSelection => field ??= new([.. ZoneKeys.Select(z => z.Key)], Request.Query[SoloSelection.Parameter]);

    /// <summary>The latest gaps of the shown nodes.</summary>
    public IReadOnlyList<(NodeView Node, SeriesGap Gap)> Findings { get; private set; } = [];
    public int FindingCount { get; private set; }

    /// <summary>The files of the table.</summary>
    public TableLinks Files => TableFiles.Of("nodes", View, Request, Range);

    /// <summary>A command that works unchanged, with the host name of this request.</summary>
    public string FirstReadingCommand => $"curl {Request.Scheme}://{Request.Host}/api/sensor-data -H 'Content-Type: application/json' "
        + "-d '{\"node_address\": 1, \"timestamp\": '$(date +%s)', \"temperature_celsius\": 21.5, \"humidity_percent\": 48}'";

    /// <summary>Nodes of a zone, or without a zone, on this page and on all pages.</summary>
    public string CountOf(CardGroup group)
    {
        var (here, all) = (group.Cards.Count, Order == "zone" ? _countsByZone.GetValueOrDefault(group.Zone?.Id ?? 0) : group.Cards.Count);
        return here == all ? NumberText.Count(all, "node") : $"{here} of {NumberText.Count(all, "node")}";
    }

    public int CountOf(NodeStatus status) => _counts.GetValueOrDefault(status);

    /// <summary>The height of the drawings of a group.</summary>
    public string HeightText(CardGroup group)
    {
        if (Scale == "own") return "own";
        var (celsius, percent) = (group.Cards[0].Height.Celsius * (View.Fahrenheit ? 9m / 5 : 1), group.Cards[0].Height.Percent);
        return string.Create(CultureInfo.InvariantCulture, $"{celsius:0.#} {View.TemperatureUnit}, {percent:0} %");
    }

    private static string KeyOf(Zone? zone) => zone?.Id.ToString(CultureInfo.InvariantCulture) ?? NoZone;

    public string ClassOf(Zone? zone) => zone is null ? "s6" : _classes.GetValueOrDefault(zone.Id, "s6");

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        PushAfter = await live.ReadTokenAsync(cancellationToken); // Before the nodes: a reading in between is sent, not missed.
        var matching = await LoadAsync(cancellationToken);
        (NodeView Node, NodeTrace Trace)[] cards = [.. Shown.Nodes.Zip(await traces.ReadAsync(Shown.Nodes, Range, cancellationToken))];
        Groups = GroupsOf(cards);
        if (NodeCount > RailNodes.MaxNodes)
        {
            if (matching.Length > 0 && Shown.Number == 1) (Panels, PanelSpan) = await panels.DrawAsync(matching, Range, IsHumidity, View, cancellationToken);
            return;
        }
        if (cards.Length == 0) return;
        Plot = LinePlot.Of(cards[0].Trace.From, cards[0].Trace.To, View.Zone, [.. cards.Select(LineOf)], PlotHeight, hasNames: true);
        var gaps = cards.SelectMany(c => c.Trace.Gaps.Select(gap => (c.Node, gap))).ToArray();
        FindingCount = gaps.Length;
        Findings = [.. gaps.OrderByDescending(g => g.gap.From).Take(MaxFindings)];
    }

    /// <summary>The nodes of this page of the table as a file.</summary>
    public async Task<IActionResult> OnGetTableAsync(string? table, string? format, CancellationToken cancellationToken)
    {
        if (table != "nodes") return NotFound();
        await LoadAsync(cancellationToken);
        var file = new CsvTable();
        var unit = View.Fahrenheit ? "fahrenheit" : "celsius";
        file.AddRow(["node_address", "status", "measured", $"temperature_{unit}", "humidity_percent", $"temperature_min_{unit}", $"temperature_max_{unit}",
            "humidity_min_percent", "humidity_max_percent", "name", "zone"]);
        foreach (var (view, trace) in Shown.Nodes.Zip(await traces.ReadAsync(Shown.Nodes, Range, cancellationToken)))
        {
            var numbers = new[] { View.Temperature(view.Current?.TemperatureCentidegrees / 100m), view.Current?.HumidityCentipercent / 100m, View.Temperature(trace.Temperature.Min),
                View.Temperature(trace.Temperature.Max), trace.Humidity.Min, trace.Humidity.Max };
            file.AddRow([view.Node.Address, StatusName.Of(view.Liveness.Status), view.Current is { } latest ? ClockText.Iso(latest.Timestamp, View.Zone) : "",
                .. numbers.Select(n => CsvTable.Number(n, "0.00")), view.DisplayName, view.Zone?.Name]);
        }
        return TableFiles.Send(file, format, FormattableString.Invariant($"sensordash_nodes_{Range.From}_{Range.To}.csv"));
    }

    [Need(Need.Operator)]
    public async Task<IActionResult> OnPostDemoAsync(CancellationToken cancellationToken)
    {
        var isLoaded = await audit.RunAsync(HttpContext, AuditAction.DemoLoad, null, () => demo.TryLoadAsync(cancellationToken), loaded => loaded ? null : "not loaded: there are other nodes", cancellationToken);
        if (!isLoaded) TempData["Notice"] = DemoData.Refusal;
        return RedirectToPage();
    }

    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostRemoveDemoAsync(string? typedText, CancellationToken cancellationToken)
    {
        if (typedText?.Trim() != RemovalConfirmation)
        {
            await OnGetAsync(cancellationToken);
            RemovalError = $"must be exactly “{RemovalConfirmation}”; nothing was deleted";
            return Page();
        }
        var removed = await audit.RunAsync(HttpContext, AuditAction.DemoDelete, null, () => demo.RemoveAsync(cancellationToken), AuditTrail.Describe, cancellationToken);
        TempData["Notice"] = $"Deleted {NumberText.Count(removed.Nodes, "demo node")} and {NumberText.Count(removed.Readings, "reading")}.";
        return RedirectToPage();
    }

    private async Task<NodeEntry[]> LoadAsync(CancellationToken cancellationToken)
    {
        View = ViewSettings.Of(HttpContext);
        Now = clock.GetUtcNow().ToUnixTimeSeconds();
        Range = ViewRange.Read(Request.Query, View.Zone, Now);
        IsHumidity = Request.Query["quantity"] == "humidity";
        Scale = Scales.Any(s => s.Value == Request.Query["scale"]) ? Request.Query["scale"].ToString() : "zone";
        Zones = await zones.ListAsync(cancellationToken);
        _classes = ZoneColors.Of(Zones);
        var all = await rail.ListAsync(HttpContext, cancellationToken);
        if (!string.IsNullOrWhiteSpace(Text))
        {
            all = await nodes.ListAsync(Text, cancellationToken);
            await nodes.ReadStatusesAsync(all, cancellationToken);
        }
        NodeCount = all.Count;
        IsTable = Request.Query["view"] == "table" || (NodeCount > RailNodes.MaxNodes && Request.Query["view"] != "cards");
        Order = Orders.Any(o => o.Value == Request.Query["sort"]) ? Request.Query["sort"].ToString() : NodeCount > RailNodes.MaxNodes && IsTable ? "worst" : "zone";
        foreach (var node in all)
        {
            ReadingCount += node.Node.TotalReadings;
            if (DemoNodes.IsDemo(node.Node)) DemoNodeCount++;
            _counts[node.Status] = CountOf(node.Status) + 1;
        }
        NodeEntry[] matching = [.. all.Where(Matches)];
        foreach (var node in matching) _countsByZone[node.Zone?.Id ?? 0] = _countsByZone.GetValueOrDefault(node.Zone?.Id ?? 0) + 1;
        Shown = await nodes.PageAsync(matching, Order switch { "worst" => _byStatus, "name" => NodeOrder.ByName, _ => NodeOrder.ByZone }, Pager.NumberOf(Request), PageLength, cancellationToken);
        return matching;
    }

    private static readonly IComparer<NodeEntry> _byStatus = Comparer<NodeEntry>.Create((a, b) =>
        RailNodes.Severity(b.Status).CompareTo(RailNodes.Severity(a.Status)) is var order and not 0 ? order : NodeOrder.ByZone.Compare(a, b));

    private IReadOnlyList<CardGroup> GroupsOf(IReadOnlyList<(NodeView Node, NodeTrace Trace)> cards)
    {
        var shared = SparkHeight.Of(cards.Select(c => c.Trace));
        // In the order of zones all nodes of a zone are together; in other orders there is one group.
        var groups = Order == "zone" ? cards.GroupBy(c => c.Node.Zone?.Id ?? 0) : cards.GroupBy(_ => 0);
        return [.. groups.Select(group =>
        {
            var height = Scale == "zone" && Order == "zone" ? SparkHeight.Of(group.Select(c => c.Trace)) : shared;
            return new CardGroup(Order == "zone" ? group.First().Node.Zone : null, [.. group.Select(c =>
                new NodeCard(c.Node, c.Trace, Scale == "own" ? SparkHeight.Of([c.Trace]) : height, ClassOf(c.Node.Zone), Now))]);
        })];
    }

    private PlotLine LineOf((NodeView Node, NodeTrace Trace) card) => new(card.Node.DisplayName, card.Node.Node.Address.ToString(CultureInfo.InvariantCulture), ClassOf(card.Node.Zone),
        [.. card.Trace.Runs.Select(run => (IReadOnlyList<PlotPoint>)[.. run.Where(p => (IsHumidity ? p.Humidity : p.Temperature).Average is not null).Select(p => PointOf(card.Trace, p))]).Where(run => run.Count > 0)])
    {
        IsFaint = ZoneSelection.IsFaint(KeyOf(card.Node.Zone)),
    };

    private PlotPoint PointOf(NodeTrace trace, in SeriesPoint point)
        => new(point.Time, IsHumidity ? point.Humidity.Average!.Value : View.Temperature(point.Temperature.Average)!.Value, point.Count, trace.ExpectedIn(point, Now));

    private bool Matches(NodeEntry node)
    {
        if (!node.MatchesText) return false;
        if (!string.IsNullOrEmpty(Status) && !string.Equals(StatusName.Of(node.Status), Status, StringComparison.OrdinalIgnoreCase)) return false;
        if (ZoneFilter == NoZone) return node.Zone is null;
        return string.IsNullOrEmpty(ZoneFilter) || node.Zone?.Id.ToString(CultureInfo.InvariantCulture) == ZoneFilter;
    }
}

/// <summary>Cards of a zone; in other orders than that of zones, all of the page.</summary>
internal sealed record CardGroup(Zone? Zone, IReadOnlyList<NodeCard> Cards);

/// <summary>A node on the overview.</summary>
/// <param name="Height">The scale of its drawing.</param>
/// <param name="ZoneClass">The color of its zone.</param>
/// <param name="Now">Unix seconds, the same for all cards of a page.</param>
internal sealed record NodeCard(NodeView Node, NodeTrace Trace, SparkHeight Height, string ZoneClass, long Now);
