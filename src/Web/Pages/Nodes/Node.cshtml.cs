using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Options;
using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Web.Api;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Nodes;

/// <summary>One node: its status and metadata, and the statistics, charts and readings of a range.</summary>
internal sealed class NodeModel(
    NodeViews views, INodeStore nodes, NodeDirectory directory, ZoneDirectory zones, IReadingStore store, IReadingAnalytics analytics,
    IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions> json, TimeProvider clock) : PageModel
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
    public NodeSummary Summary { get; private set; } = null!;
    public IReadOnlyDictionary<string, string[]> Errors { get; private set; } = new Dictionary<string, string[]>();

    /// <summary>The series as the API returns it. It is part of the page, so that the charts do not read the range a second time.</summary>
    public string SeriesJson => JsonSerializer.Serialize(SeriesResponse.Of(Node.Node.Address, ChartPoints, Series), json.Value.SerializerOptions);

    /// <summary>Readings per point of the chart.</summary>
    public string Resolution => Series.BucketSeconds is null
        ? "raw, all readings"
        : string.Create(CultureInfo.InvariantCulture, $"{NumberText.Count((long)Math.Round(Series.ReadingCount / (double)Series.Runs.Sum(r => r.Count)), "reading")} per point, min–max");

    public async Task<IActionResult> OnGetAsync(int address, CancellationToken cancellationToken)
    {
        if (await LoadAsync(address, cancellationToken) is { } result) return result;
        Form = NodeForm.Of(Node.Metadata);
        return Page();
    }

    /// <summary>A table of the page as a file; of quality findings the first 100 of each kind.</summary>
    public async Task<IActionResult> OnGetTableAsync(int address, string? table, string? format, CancellationToken cancellationToken)
    {
        if (table is not ("readings" or "hours" or "days" or "findings") || await views.FindAsync(address, cancellationToken) is not { } node) return NotFound();
        Node = node;
        ReadView();
        return TableFiles.Send(await TableAsync(table, cancellationToken), format, FormattableString.Invariant($"sensordash_{address}_{table}_{Range.From}_{Range.To}.csv"));
    }

    private async Task<CsvTable> TableAsync(string table, CancellationToken cancellationToken)
    {
        var address = Node.Node.Address;
        if (table == "readings")
        {
            await ReadRowsAsync(await store.CountAsync(new(address, new(Range.From, Range.To)), cancellationToken), cancellationToken);
            return NodeTables.Readings(Rows, View);
        }
        var by = table switch { "hours" => "hour", "days" => "day", _ => "quality" };
        var summary = await NodeSummary.BuildAsync(analytics, Node.Node, Range, View, by, Now, cancellationToken);
        return summary.Quality is { } quality ? FindingsCsv.Of(quality, View) : NodeTables.Buckets(summary, View);
    }

    public async Task<IActionResult> OnPostEditAsync(int address, CancellationToken cancellationToken)
    {
        var patch = Form.ToPatch();
        if (patch.Errors.Count == 0)
        {
            switch (await directory.EditMetadataAsync(address, patch, cancellationToken))
            {
                case (MetadataWrite.Done, _):
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
        TempData["Notice"] = $"Deleted {node.DisplayName} and {NumberText.Count(node.Node.TotalReadings, "reading")}.";
        return LocalRedirect(ViewSettings.Of(HttpContext).CurrentUrl.At("/").ToString());
    }

    /// <returns>A result that replaces the page, or null.</returns>
    private async Task<IActionResult?> LoadAsync(int address, CancellationToken cancellationToken)
    {
        ReadView();
        if (await views.FindAsync(address, cancellationToken) is not { } node) return NotFound();
        Node = node;
        Zones = await zones.ListAsync(cancellationToken);
        IsTable = Request.Query["view"] == "table";
        Series = await NodeSeries.BuildAsync(store, node.Node, Range.From, Range.To, ChartPoints, node.Metadata?.ExpectedIntervalS, Now, cancellationToken);

        if (Series.ReadingCount > 0) Summary = await NodeSummary.BuildAsync(analytics, node.Node, Range, View, Request.Query["by"], Now, cancellationToken);

        await ReadRowsAsync(Series.ReadingCount, cancellationToken);
        return null;
    }

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
}
