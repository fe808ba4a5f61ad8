using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SensorDash.Data.Access;
using SensorDash.Data.Nodes;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Security;

namespace SensorDash.Web.Pages.Zones;

/// <summary>Adds, edits and deletes zones.</summary>
[Need(Need.Viewer)]
internal sealed class ZonesModel(ZoneDirectory zones, AuditTrail audit) : PageModel
{
    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public IReadOnlyList<ZoneEdit> Zones { get; private set; } = [];

    /// <summary>The form of a new zone.</summary>
    public ZoneEdit Added { get; private set; } = ZoneEdit.New;

    /// <summary>The zone whose form is open; null: none.</summary>
    public int? SelectedId { get; private set; }

    public ZoneEdit? Selected => Zones.FirstOrDefault(z => z.Id == SelectedId);

    public Task OnGetAsync(CancellationToken cancellationToken) => LoadAsync(cancellationToken);

    /// <summary>The table as a file.</summary>
    public async Task<IActionResult> OnGetTableAsync(string? table, string? format, CancellationToken cancellationToken)
    {
        if (table != "list") return NotFound();
        await LoadAsync(cancellationToken);
        var file = new CsvTable();
        file.AddRow(["zone_id", "name", "color", "node_count", "description"]);
        foreach (var zone in Zones) file.AddRow([zone.Id, zone.SavedName, zone.SavedColor, zone.NodeCount, zone.Description]);
        return TableFiles.Send(file, format, "sensordash_zones.csv");
    }

    [Need(Need.Operator)]
    public async Task<IActionResult> OnPostAddAsync(string? name, string? color, string? description, CancellationToken cancellationToken)
    {
        var patch = PatchOf(name, color, description);
        if (patch.Errors.Count > 0)
        {
            await LoadAsync(cancellationToken);
            Added = new ZoneEdit(0, name, color, description, 0, patch.Errors);
            return Invalid();
        }
        var zone = patch.Create();
        await zones.AddAsync(zone, cancellationToken);
        return await DoneAsync(AuditAction.ZoneAdd, zone, $"Added {zone.Name}.", cancellationToken);
    }

    [Need(Need.Operator)]
    public async Task<IActionResult> OnPostEditAsync(int id, string? name, string? color, string? description, CancellationToken cancellationToken)
    {
        var patch = PatchOf(name, color, description);
        if (patch.Errors.Count == 0)
            return await zones.EditAsync(id, patch, cancellationToken) is { } zone ? await DoneAsync(AuditAction.ZoneEdit, zone, $"Saved {zone.Name}.", cancellationToken) : NotFound();
        await LoadAsync(cancellationToken);
        Zones = [.. Zones.Select(z => z.Id == id ? new ZoneEdit(id, name, color, description, z.NodeCount, patch.Errors) { SavedName = z.SavedName, SavedColor = z.SavedColor } : z)];
        SelectedId = id;
        return Invalid();
    }

    [Need(Need.Operator)]
    public async Task<IActionResult> OnPostDeleteAsync(int id, string? typedName, CancellationToken cancellationToken)
    {
        if (await zones.FindAsync(id, cancellationToken) is not { } zone) return NotFound();
        if (typedName?.Trim() == zone.Name)
            return await zones.DeleteAsync(id, cancellationToken) ? await DoneAsync(AuditAction.ZoneDelete, zone, $"Deleted {zone.Name}; its nodes have no zone.", cancellationToken) : NotFound();
        await LoadAsync(cancellationToken);
        var errors = new Dictionary<string, string[]> { ["typedName"] = [$"must be exactly “{zone.Name}”; nothing was deleted"] };
        Zones = [.. Zones.Select(z => z.Id == id ? z with { Errors = errors } : z)];
        SelectedId = id;
        return Invalid();
    }

    // The page again, with the fields as typed and their errors.
    private PageResult Invalid()
    {
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }

    private static ZonePatch PatchOf(string? name, string? color, string? description)
    {
        var patch = new ZonePatch();
        patch.SetName(name);
        patch.SetColor(color);
        patch.SetDescription(description);
        return patch;
    }

    private async Task<LocalRedirectResult> DoneAsync(string action, Zone zone, string notice, CancellationToken cancellationToken)
    {
        await audit.WriteAsync(HttpContext, action, AuditTrail.ZoneText(zone), AuditOutcome.Done, null, cancellationToken);
        TempData["Notice"] = notice;
        return LocalRedirect(ViewSettings.Of(HttpContext).CurrentUrl.With(("edit", null)).ToString());
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        View = ViewSettings.Of(HttpContext);
        var counts = await zones.CountNodesAsync(cancellationToken);
        Zones = [.. (await zones.ListAsync(cancellationToken)).Select(z =>
            new ZoneEdit(z.Id, z.Name, z.Color, z.Description, counts.GetValueOrDefault(z.Id), ZoneEdit.NoErrors) { SavedName = z.Name, SavedColor = z.Color })];
        if (int.TryParse(Request.Query["edit"], NumberStyles.None, CultureInfo.InvariantCulture, out var id)) SelectedId = id;
    }
}

/// <summary>The form of one zone, as stored or as typed.</summary>
internal sealed record ZoneEdit(int Id, string? Name, string? Color, string? Description, int NodeCount, IReadOnlyDictionary<string, string[]> Errors)
{
    public static readonly IReadOnlyDictionary<string, string[]> NoErrors = new Dictionary<string, string[]>();

    public static ZoneEdit New { get; } = new(0, null, Zone.DefaultColor, null, 0, NoErrors);

    /// <summary>The stored name, whatever the form contains.</summary>
    public string SavedName { get; init; } = "";

    /// <summary>The stored color.</summary>
    public string SavedColor { get; init; } = Zone.DefaultColor;

    public string? ErrorOf(string field) => Errors.TryGetValue(field, out var errors) ? string.Join("; ", errors) : null;
}
