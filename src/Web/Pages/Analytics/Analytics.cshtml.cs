using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SensorDash.Data.Access;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Web.Api;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Security;

namespace SensorDash.Web.Pages.Analytics;

/// <summary>Several nodes together: percentile bands, averages by weekday and hour, comparison, quality.</summary>
/// <remarks>A browser with scripts gets the page without the parts and fetches each of them. Any other browser gets one complete page.</remarks>
[Need(Need.Viewer)]
internal sealed class AnalyticsModel(NodeViews nodes, ZoneDirectory zones, IReadingAnalytics analytics, IDuckDbSource duckDb, AuditTrail audit, TimeProvider clock) : PageModel
{
    /// <summary>Nodes whose quality the page checks: each takes a tenth of a millisecond and more.</summary>
    public const int MaxCheckedNodes = 500;

    /// <summary>Rows of the table of quality.</summary>
    public const int MaxQualityRows = 100;

    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public long Now { get; private set; }
    public IReadOnlyList<Zone> Zones { get; private set; } = [];
    public NodeSelection Selection { get; private set; } = null!;
    public ViewRange Range { get; private set; } = null!;
    public bool IsHumidity { get; private set; }
    public bool IsTable { get; private set; }

    /// <summary>What the bands and averages count; an unknown value in the URL means nodes.</summary>
    public Population Across { get; private set; }

    /// <summary>Whether so few nodes are selected that each can have a line.</summary>
    public bool MayDrawLines => Selection.Selected.Count <= NodeLines.MaxNodes;

    /// <summary>Whether each node has a line: selected nodes unless bands are asked for, others only when lines are.</summary>
    public bool IsLines => MayDrawLines && !IsTable && (Request.Query["draw"] == "lines" || IsDifference || (Selection.IsExplicit && Request.Query["draw"] != "bands"));

    /// <summary>Whether the lines are differences to the mean of the nodes.</summary>
    public bool IsDifference => Request.Query["draw"] == "difference";

    /// <summary>The range to compare with, one of <see cref="NodeComparison.EarlierRanges"/>; empty: none.</summary>
    public string Compare => NodeComparison.EarlierRanges.Select(r => r.Key).FirstOrDefault(key => key == Request.Query["compare"]) ?? "";

    public AnalyticsStatus SidePath { get; private set; } = null!;

    // Null: not part of this response.
    public FleetSeries? Bands { get; private set; }
    public NodeLines? Lines { get; private set; }
    public HourMap? Hours { get; private set; }
    public NodeComparison? Comparison { get; private set; }
    public IReadOnlyList<(NodeEntry Node, DataQuality Quality)>? Quality { get; private set; }

    public string QuantityName => IsHumidity ? "Humidity" : "Temperature";
    public string Unit => IsHumidity ? "%RH" : View.TemperatureUnit;

    /// <summary>The API URL of the chart's points.</summary>
    public string SeriesPath
    {
        get
        {
            var (start, end, count) = Selection.Buckets(Range);
            var nodes = Selection.IsExplicit ? $"&nodes={string.Join(',', Selection.Selected.Select(n => n.Node.Address))}" : Selection.ZoneId is { } zone ? FormattableString.Invariant($"&zone_id={zone}") : "";
            return FormattableString.Invariant($"/api/fleet/series?from={start}&to={end}&points={count}&across={FleetApi.NameOf(Across)}") + nodes;
        }
    }

    /// <summary>The files of a table.</summary>
    public TableLinks Files(string table) => TableFiles.Of(table, View, Request, Range);

    /// <summary>A difference of two values in the unit of the page.</summary>
    public decimal? ShownDifference(decimal? value) => IsHumidity || !View.Fahrenheit ? value : value * 9 / 5;

    /// <summary>A value in the unit of the page.</summary>
    public decimal? Shown(decimal? value) => IsHumidity ? value : View.Temperature(value);

    public ValueStatistics ValuesOf(ReadingStatistics statistics) => IsHumidity ? statistics.Humidity : statistics.Temperature;

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        SidePath = await duckDb.ReadStatusAsync(cancellationToken);
        if ((View.HasScript && Request.Query["whole"] != "1") || !Selection.MayHaveReadings(Range)) return;
        if (IsTable) Bands = await ReadBandsAsync(cancellationToken);
        if (IsLines) Lines = await ReadLinesAsync(cancellationToken);
        Hours = await ReadHoursAsync(cancellationToken);
        Comparison = await CompareAsync(cancellationToken);
        Quality = await ReadQualityAsync(cancellationToken);
    }

    public async Task<PartialViewResult> OnGetBandsAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        Bands = await ReadBandsAsync(cancellationToken);
        return Partial("_BandTable", this);
    }

    public async Task<PartialViewResult> OnGetLinesAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        Lines = await ReadLinesAsync(cancellationToken);
        return Partial("_Lines", this);
    }

    public async Task<PartialViewResult> OnGetHoursAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        Hours = await ReadHoursAsync(cancellationToken);
        return Partial("_HourMap", this);
    }

    public async Task<PartialViewResult> OnGetComparisonAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        Comparison = await CompareAsync(cancellationToken);
        return Partial("_Comparison", this);
    }

    public async Task<PartialViewResult> OnGetQualityAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        Quality = await ReadQualityAsync(cancellationToken);
        return Partial("_FleetQuality", this);
    }

    public async Task<PartialViewResult> OnGetSidePathAsync(CancellationToken cancellationToken)
    {
        View = ViewSettings.Of(HttpContext);
        SidePath = await duckDb.ReadStatusAsync(cancellationToken);
        return Partial("_SidePathNotice", this);
    }

    public async Task<IActionResult> OnGetTableAsync(string? table, string? format, CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        var csv = new AnalyticsCsv(View, IsHumidity);
        switch (table)
        {
            case "bands":
                csv.AddBands(await ReadBandsAsync(cancellationToken));
                break;
            case "hours":
                csv.AddHours(await ReadHoursAsync(cancellationToken), Across);
                break;
            case "nodes":
                csv.AddNodes(await CompareAsync(cancellationToken));
                break;
            case "lines":
                if (!MayDrawLines) return NotFound();
                csv.AddLines(await ReadLinesAsync(cancellationToken));
                break;
            case "quality":
                csv.AddQuality((await ReadQualityAsync(cancellationToken)).Select(q => q.Quality));
                break;
            default:
                return NotFound();
        }
        return TableFiles.Send(csv.Table, format, FormattableString.Invariant($"sensordash_{table}_seen_{Range.From}_{Range.To}.csv"));
    }

    [Need(Need.Operator)]
    public async Task<IActionResult> OnPostRebuildAsync(CancellationToken cancellationToken)
    {
        duckDb.Rebuild();
        await audit.WriteAsync(HttpContext, AuditAction.SidePathRebuild, null, AuditOutcome.Done, null, cancellationToken);
        TempData["Notice"] = "Rebuilding DuckDB; until it catches up, queries use the database.";
        return LocalRedirect(ViewSettings.Of(HttpContext).CurrentUrl.ToString());
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        View = ViewSettings.Of(HttpContext);
        Now = clock.GetUtcNow().ToUnixTimeSeconds();
        Range = ViewRange.Read(Request.Query, View.Zone, Now);
        IsHumidity = Request.Query["quantity"] == "humidity";
        IsTable = Request.Query["view"] == "table";
        Across = FleetApi.Across.Choices.FirstOrDefault(c => c.Text == Request.Query["across"]).Value; // The first choice is the default.
        Zones = await zones.ListAsync(cancellationToken);
        Selection = await NodeSelection.ReadAsync(Request, nodes, Zones, cancellationToken);
    }

    private Task<FleetSeries> ReadBandsAsync(CancellationToken cancellationToken)
    {
        var (start, end, count) = Selection.Buckets(Range);
        return analytics.FleetAsync(Selection.Addresses, start, end, count, Across, cancellationToken);
    }

    private Task<NodeLines> ReadLinesAsync(CancellationToken cancellationToken)
        => IsDifference
            ? NodeLines.BuildDifferencesAsync(analytics, [.. Selection.First(NodeLines.MaxNodes)], Selection.Buckets(Range), Range, IsHumidity, Request.Query["solo"], View, cancellationToken)
            : NodeLines.BuildAsync(analytics, [.. Selection.First(NodeLines.MaxNodes)], Range, IsHumidity, Request.Query["solo"], View, Now, cancellationToken);

    private async Task<HourMap> ReadHoursAsync(CancellationToken cancellationToken)
        => HourMap.Of(await analytics.HoursOfWeekAsync(Selection.Addresses, new(Range.From, Range.To), View.Zone, Across, cancellationToken), IsHumidity, View,
            Math.Max(Range.From, Selection.Selected.Min(n => n.Node.FirstSeenAt)), Math.Min(Range.To, Now));

    private Task<NodeComparison> CompareAsync(CancellationToken cancellationToken)
        => NodeComparison.BuildAsync(analytics, Selection.First(NodeComparison.MaxNodes), Range, NodeComparison.EarlierOf(Compare, Range), IsHumidity, View, Request.Query["sort"], cancellationToken);

    private async Task<IReadOnlyList<(NodeEntry Node, DataQuality Quality)>> ReadQualityAsync(CancellationToken cancellationToken)
    {
        var selected = Selection.First(MaxCheckedNodes).ToDictionary(n => n.Node.Address);
        var found = await analytics.FleetQualityAsync(selected.Keys, new(Range.From, Range.To), cancellationToken);
        // The order of the API; nodes of equal completeness by their number of findings.
        return [.. found.OrderBy(q => q.CompletenessPercent ?? 100).ThenByDescending(q => q.OutlierCount + q.FlatLineCount + q.LateCount)
            .ThenBy(q => q.NodeAddress).Select(q => (selected[q.NodeAddress], q))];
    }
}
