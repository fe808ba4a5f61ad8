using System.Globalization;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SensorDash.Data.Export;
using SensorDash.Data.Readings;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Security;

namespace SensorDash.Web.Pages.Export;

/// <summary>A form for all options of the CSV export. Its result is an API URL, which also works in a script.</summary>
[Need(Need.Viewer)]
internal sealed class ExportModel(NodeViews nodes, TimeProvider clock) : PageModel
{
    // The URL contains these even with their defaults, so that it says what the file contains.
    private static readonly string[] _choices = ["order", "time", "separator", "decimal", "resolution"];
    private static readonly string[] _switches = ["bom", "footer", "gzip"];
    private static readonly string[] _rangeFields = ["range", "from", "to"];

    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public NodeOptions Nodes { get; private set; } = null!;

    /// <summary>The range; null for all readings.</summary>
    public ViewRange? Range { get; private set; }

    public CsvResolution Resolution { get; private set; }
    public IReadOnlyList<string> Columns { get; private set; } = [];

    /// <summary>The API URL of the file.</summary>
    public string FilePath { get; private set; } = "";

    public string ManifestPath => FilePath.Replace("/export", "/export/manifest", StringComparison.Ordinal);
    public string Command => $"curl -OJ '{Request.Scheme}://{Request.Host}{FilePath}'";

    public string Selected(string name, string defaultValue) => Request.Query[name].ToString() is { Length: > 0 } value ? value : defaultValue;

    public bool IsOn(string name) => Request.Query[name] == "1";

    public Task OnGetAsync(CancellationToken cancellationToken) => LoadAsync(cancellationToken);

    /// <summary>Redirects to the file, for browsers without JavaScript.</summary>
    public async Task<IActionResult> OnGetDownloadAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        return Range?.Error is null && View.ZoneError is null ? LocalRedirect(FilePath) : Page();
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        View = ViewSettings.Of(HttpContext);
        var find = NodeOptions.FindOf(Request);
        var node = Selected("node_address", "");
        Nodes = NodeOptions.Of(await nodes.ListAsync(find, cancellationToken), n => n.Node.Address.ToString(CultureInfo.InvariantCulture) == node, find);
        var query = Request.Query;
        var isAll = _rangeFields.All(name => string.IsNullOrWhiteSpace(query[name]));
        Range = isAll ? null : ViewRange.Read(query, View.Zone, clock.GetUtcNow().ToUnixTimeSeconds());
        Resolution = query["resolution"].ToString() switch { "hourly" => CsvResolution.Hourly, "daily" => CsvResolution.Daily, _ => CsvResolution.Raw };
        var all = CsvColumns.All(Resolution);
        var wanted = query["columns"].SelectMany(c => (c ?? "").Split(',')).ToHashSet();
        Columns = [.. all.Where(wanted.Contains)];
        // A column of another resolution means that the columns were selected for that resolution.
        if (Columns.Count < wanted.Count || Columns.Count == 0) Columns = CsvColumns.Default(Resolution);
        FilePath = "/api/sensor-data/export" + BuildQuery();
    }

    private QueryBuilder BuildQuery()
    {
        var file = new QueryBuilder();
        if (Request.Query["node_address"].ToString() is { Length: > 0 } node) file.Add("node_address", node);
        if (Range is { } range)
        {
            file.Add("start_time", range.From.ToString(CultureInfo.InvariantCulture));
            file.Add("end_time", range.To.ToString(CultureInfo.InvariantCulture));
        }
        foreach (var name in _choices)
            if (Request.Query[name].ToString() is { Length: > 0 } value) file.Add(name, value);
        var needsZone = Resolution != CsvResolution.Raw || Request.Query["time"] == "local";
        if (needsZone && View.Zone.Id != "UTC") file.Add("tz", View.Zone.Id);
        if (!Columns.SequenceEqual(CsvColumns.Default(Resolution))) file.Add("columns", string.Join(',', Columns));
        foreach (var name in _switches)
            if (IsOn(name)) file.Add(name, "1");
        return file;
    }
}
