using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Options;
using SensorDash.Data.Access;
using SensorDash.Data.Analytics;
using SensorDash.Data.Events;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Streaming;
using SensorDash.Web.Api;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Pages.Display.Plots;
using SensorDash.Web.Pages.Events;
using SensorDash.Web.Security;

namespace SensorDash.Web.Pages.Nodes;

/// <summary>One node: its status and metadata, and the statistics, charts and readings of a range.</summary>
[Need(Need.Viewer)]
internal sealed class NodeModel(
    NodeViews views, INodeStore nodes, RailNodes rail, NodeDirectory directory, ZoneDirectory zones, IReadingStore store, IReadingAnalytics analytics, IEventStore eventStore, IEventCounts eventCounts, LiveReadings live,
    AuditTrail audit, IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions> json, TimeProvider clock) : PageModel
{
    /// <summary>Readings per page of the table.</summary>
    public const int PageLength = 50;

    // About two pixels per point on a wide screen.
    private const int ChartPoints = 600;

    [BindProperty]
    public NodeForm Form { get; set; } = new();

    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public long Now { get; private set; }
    public NodeView Node { get; private set; } = null!;
    public IReadOnlyList<Zone> Zones { get; private set; } = [];
    public ViewRange Range { get; private set; } = null!;
    public NodeSeries Series { get; private set; } = null!;
    public IReadOnlyList<Reading> Rows { get; private set; } = [];
    public int PageNumber { get; private set; } = 1;
    public int PageCount { get; private set; } = 1;
    public bool IsTable { get; private set; }

    /// <summary>Where the page's stream of readings starts.</summary>
    public StreamToken PushAfter { get; private set; }

    /// <summary>Null for the table of readings, and without readings.</summary>
    public NodeSummary? Summary { get; private set; }

    /// <summary>The table of the page, one of <see cref="NodeSummary.Choices"/>.</summary>
    public string By { get; private set; } = "";

    /// <summary>Events about the node; null when they are not part of this response, or their search took too long.</summary>
    public NodeEvents? Events { get; private set; }

    public (PageUrl? Previous, PageUrl? Next) Neighbors { get; private set; }

    /// <summary>Its zone, in front of the title.</summary>
    public (string Text, PageUrl Url)? Parent => Node.Zone is { } zone
        ? (zone.Name, View.CurrentUrl.At("/").With(("zone", zone.Id.ToString(CultureInfo.InvariantCulture)))) : null;

    public IReadOnlyDictionary<string, string[]> Errors { get; private set; } = new Dictionary<string, string[]>();

    /// <summary>The series as the API returns it. It is part of the page, so that the charts do not read the range a second time.</summary>
    public string SeriesJson => JsonSerializer.Serialize(SeriesResponse.Of(Node.Node.Address, ChartPoints, Series), json.Value.SerializerOptions);

    /// <summary>Readings per point of the chart.</summary>
    public string Resolution => Series.BucketSeconds is null
        ? "1 point = 1 reading"
        : $"1 point = {NumberText.Count((long)Math.Round(Series.ReadingCount / (double)Series.Runs.Sum(r => r.Count)), "reading")}";

    /// <summary>Whether the charts have points that lack readings, drawn dashed.</summary>
    public bool HasFewReadings => Series.BucketSeconds is { } seconds && Series.Runs.Any(run => run.Any(point => PlotPoint.ExpectedIn(
        Downsampling.Index(point.Time, seconds) * seconds, seconds, point.Count, Series.ExpectedIntervalSeconds, Range.From, Math.Min(Range.To, Now)) is not null));

    /// <summary>Change of the latest value within an hour, in the unit of the page; null when the range does not end with it.</summary>
    public decimal? Change(bool isHumidity)
    {
        const int Hour = 3600;
        if (Node.Current is not { } latest || Series.Runs.Count == 0 || Range.To < latest.Timestamp) return null;
        var before = Series.Runs.SelectMany(run => run).LastOrDefault(p => p.Time <= latest.Timestamp - Hour);
        // A point of another hour, or one that averages much more than an hour, says nothing about this one.
        if (before.Count == 0 || before.Time < latest.Timestamp - (2 * Hour) || Series.BucketSeconds > Hour / 2) return null;
        return isHumidity ? (latest.HumidityCentipercent / 100m) - before.Humidity.Average
            : View.Temperature(latest.TemperatureCentidegrees / 100m) - View.Temperature(before.Temperature.Average);
    }

    /// <summary>Readings that the expected interval predicts for an hour or a day; null when unknown.</summary>
    public long? ExpectedIn(CalendarBucket bucket)
    {
        if (Series.ExpectedIntervalSeconds is not { } interval) return null;
        var (from, to) = (Math.Max(bucket.Start, Math.Max(Range.From, Node.Node.FirstSeenAt)), Math.Min(bucket.End, Math.Min(Range.To, Now)));
        return (long)Math.Round((to - from) / (decimal)interval);
    }

    public async Task<IActionResult> OnGetAsync(int address, CancellationToken cancellationToken)
    {
        if (await LoadAsync(address, cancellationToken) is { } result) return result;
        Form = NodeForm.Of(Node.Metadata);
        return Page();
    }

    /// <summary>The events about the node, for its charts.</summary>
    public async Task<IActionResult> OnGetEventsAsync(int address, CancellationToken cancellationToken)
    {
        if (await views.FindAsync(address, cancellationToken) is not { } node) return NotFound();
        Node = node;
        ReadView();
        Events = await ReadEventsAsync(cancellationToken);
        return Partial("_ChartEvents", this);
    }

    /// <summary>A table of the page as a file; of quality findings the first 100 of each kind.</summary>
    public async Task<IActionResult> OnGetTableAsync(int address, string? table, string? format, CancellationToken cancellationToken)
    {
        if (table is not ("readings" or "hours" or "days" or "findings" or "events" or "statistics") || await views.FindAsync(address, cancellationToken) is not { } node) return NotFound();
        Node = node;
        ReadView();
        if (table == "events" && (Events = await ReadEventsAsync(cancellationToken)) is null) return StatusCode(StatusCodes.Status504GatewayTimeout);
        return TableFiles.Send(await TableAsync(table, cancellationToken), format, FormattableString.Invariant($"sensordash_{address}_{table}_{Range.From}_{Range.To}.csv"));
    }

    private async Task<CsvTable> TableAsync(string table, CancellationToken cancellationToken)
    {
        var address = Node.Node.Address;
        if (table == "events") return EventText.ToTable(Events!.Events, View);
        if (table == "statistics")
        {
            return NodeTables.Statistics(await ReadSeriesAsync(cancellationToken), View);
        }
        if (table == "readings")
        {
            await ReadRowsAsync(await store.CountAsync(new(address, new(Range.From, Range.To)), cancellationToken), cancellationToken);
            return NodeTables.Readings(Rows, View);
        }
        var by = table switch { "hours" => "hour", "days" => "day", _ => "quality" };
        var summary = await NodeSummary.BuildAsync(analytics, Node.Node, Range, View, by, Now, cancellationToken);
        return summary.Quality is { } quality ? FindingsCsv.Of(quality, View) : NodeTables.Buckets(summary, View);
    }

    [Need(Need.Operator)]
    public async Task<IActionResult> OnPostEditAsync(int address, CancellationToken cancellationToken)
    {
        var patch = Form.ToPatch();
        if (patch.Errors.Count == 0)
        {
            switch (await directory.EditMetadataAsync(address, patch, cancellationToken))
            {
                case (MetadataWrite.Done, { } metadata):
                    await audit.WriteAsync(HttpContext, AuditAction.NodeEdit, AuditTrail.NodeText(address), AuditOutcome.Done, AuditTrail.Describe(metadata), cancellationToken);
                    TempData["Notice"] = "Saved.";
                    return LocalRedirect(ViewSettings.Of(HttpContext).CurrentUrl.ToString());
                case (MetadataWrite.NodeNotFound, _):
                    return NotFound();
                default:
                    patch.Error("zone_id", $"must be an existing zone, not {patch.WantedZone}");
                    break;
            }
        }
        (Errors, Response.StatusCode) = (patch.Errors, StatusCodes.Status422UnprocessableEntity);
        return await LoadAsync(address, cancellationToken) ?? Page();
    }

    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostDeleteAsync(int address, string? typedName, CancellationToken cancellationToken)
    {
        if (await views.FindAsync(address, cancellationToken) is not { } node) return NotFound();
        if (typedName?.Trim() != node.DisplayName)
        {
            Errors = new Dictionary<string, string[]> { ["typedName"] = [$"must be exactly “{node.DisplayName}”; nothing was deleted"] };
            if (await LoadAsync(address, cancellationToken) is { } result) return result;
            (Form, Response.StatusCode) = (NodeForm.Of(Node.Metadata), StatusCodes.Status422UnprocessableEntity);
            return Page();
        }
        if (!await nodes.DeleteAsync(address, cancellationToken)) return NotFound();
        await audit.WriteAsync(HttpContext, AuditAction.NodeDelete, AuditTrail.NodeText(address), AuditOutcome.Done, FormattableString.Invariant($"{node.DisplayName}, readings: {node.Node.TotalReadings}"), cancellationToken);
        TempData["Notice"] = $"Deleted {node.DisplayName} and {NumberText.Count(node.Node.TotalReadings, "reading")}.";
        return LocalRedirect(ViewSettings.Of(HttpContext).CurrentUrl.At("/").ToString());
    }

    /// <returns>A result that replaces the page, or null.</returns>
    private async Task<IActionResult?> LoadAsync(int address, CancellationToken cancellationToken)
    {
        PushAfter = await live.ReadTokenAsync(cancellationToken); // Before the readings: one in between is sent, not missed.
        ReadView();
        if (await views.FindAsync(address, cancellationToken) is not { } node) return NotFound();
        Node = node;
        Zones = await zones.ListAsync(cancellationToken);
        IsTable = Request.Query["view"] == "table";
        Series = await ReadSeriesAsync(cancellationToken);

        By = NodeSummary.TableOf(IsTable && !Request.Query.ContainsKey("by") ? "readings" : Request.Query["by"].ToString(), Range);
        Neighbors = await FindNeighborsAsync(address, cancellationToken);
        if (Series.ReadingCount == 0) return null;
        if (By == "events") Events = await ReadEventsAsync(cancellationToken);
        else if (By == "readings") await ReadRowsAsync(Series.ReadingCount, cancellationToken);
        else Summary = await NodeSummary.BuildAsync(analytics, node.Node, Range, View, By, Now, cancellationToken);
        return null;
    }

    private Task<NodeSeries> ReadSeriesAsync(CancellationToken cancellationToken)
        => analytics.SeriesAsync(new(Node.Node, Range.From, Range.To, ChartPoints, Node.Metadata?.ExpectedIntervalS, Now), cancellationToken);

    private Task<NodeEvents?> ReadEventsAsync(CancellationToken cancellationToken)
        => NodeEvents.ReadAsync(eventStore, eventCounts, Node.Node.Address, Range, clock, cancellationToken);

    private void ReadView()
    {
        View = ViewSettings.Of(HttpContext);
        Now = clock.GetUtcNow().ToUnixTimeSeconds();
        Range = ViewRange.Read(Request.Query, View.Zone, Now);
    }

    // One page of the table.
    private async Task ReadRowsAsync(long count, CancellationToken cancellationToken)
    {
        PageCount = (int)Math.Max(1, (count + PageLength - 1) / PageLength);
        PageNumber = Math.Clamp(Pager.NumberOf(Request), 1, PageCount);
        var rows = new Reading[PageLength];
        var query = new ReadingQuery(new(Node.Node.Address, new(Range.From, Range.To)), ReadingOrder.NewestFirst, Offset: (PageNumber - 1) * PageLength);
        Rows = rows[..await store.ReadAsync(query, rows, cancellationToken)];
    }

    // In the order of the rail.
    private async Task<(PageUrl? Previous, PageUrl? Next)> FindNeighborsAsync(int address, CancellationToken cancellationToken)
    {
        var all = (await rail.ListAsync(HttpContext, cancellationToken)).Order(NodeOrder.ByZone).Select(n => n.Node.Address).ToArray();
        var at = Array.IndexOf(all, address);
        return at < 0 ? (null, null) : (At(at - 1), At(at + 1));

        PageUrl? At(int index) => index < 0 || index >= all.Length ? null
            : View.CurrentUrl.Without(name => name == "page").Path(FormattableString.Invariant($"{Request.PathBase}/nodes/{all[index]}"));
    }
}
