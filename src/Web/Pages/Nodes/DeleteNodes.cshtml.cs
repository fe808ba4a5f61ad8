using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Pages.Nodes;

/// <summary>Deletes many nodes: conditions in the URL, a preview, and a typed confirmation.</summary>
[Need(Need.Admin)]
internal sealed class DeleteNodesModel(NodeViews views, INodeStore nodes, AuditTrail audit, TimeProvider clock) : PageModel
{
    /// <summary>Nodes that the preview names.</summary>
    public const int MaxListed = 20;

    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public long Now { get; private set; }

    /// <summary>Errors by field.</summary>
    public IReadOnlyDictionary<string, string[]> Errors { get; private set; } = new Dictionary<string, string[]>();

    /// <summary>The conditions; null without any, or with errors.</summary>
    public NodeCriteria? Criteria { get; private set; }

    /// <summary>The nodes that meet the conditions, by name; the first ones.</summary>
    public IReadOnlyList<NodeEntry> Listed { get; private set; } = [];

    public NodeCount Count { get; private set; }

    /// <summary>How many of them users have named or assigned to a zone.</summary>
    public int KnownCount { get; private set; }

    /// <summary>What the user types to confirm.</summary>
    public string Confirmation => FormattableString.Invariant($"{Count.Nodes} {(Count.Nodes == 1 ? "node" : "nodes")}");

    public string? TypedError { get; private set; }

    public string Typed(QueryParameter parameter) => Request.Query[parameter.Name].ToString();

    public Task OnGetAsync(CancellationToken cancellationToken) => LoadAsync(cancellationToken);

    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostDeleteAsync(string? typedCount, CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        if (Criteria is not { } criteria || Count.Nodes == 0) return Page();
        if (typedCount?.Trim() != Confirmation)
        {
            TypedError = $"must be exactly “{Confirmation}”; nothing was deleted";
            Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
            return Page();
        }
        var removed = await audit.DeleteAllAsync(HttpContext, nodes, criteria, cancellationToken);
        TempData["Notice"] = $"Deleted {NumberText.Count(removed.Nodes, "node")} and {NumberText.Count(removed.Readings, "reading")}.";
        return LocalRedirect(View.CurrentUrl.At("/").ToString());
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        View = ViewSettings.Of(HttpContext);
        Now = clock.GetUtcNow().ToUnixTimeSeconds();
        var reader = new QueryReader(Request);
        var criteria = NodeCriteriaParameters.Read(reader, ReadTime(reader));
        Errors = reader.Errors;
        if (reader.HasErrors || criteria is null) return;
        Criteria = criteria;
        var matching = (await views.ListAsync(null, cancellationToken)).Where(n => criteria.Selects(n.Node)).ToArray();
        Count = new(matching.Length, matching.Sum(n => n.Node.TotalReadings));
        KnownCount = matching.Count(n => n.Name is not null || n.Zone is not null);
        Listed = [.. matching.OrderBy(n => n.Name is null && n.Zone is null).ThenBy(n => n, NodeOrder.ByName).Take(MaxListed)];
    }

    // As in ranges: people type a date or now-30d.
    private long? ReadTime(QueryReader reader)
    {
        if (reader.Text(NodeCriteriaParameters.LastSeenBefore.Name) is not { } text) return null;
        if (ViewRange.ParseTime(text, View.Zone, Now) is { } time) return time;
        reader.Error(NodeCriteriaParameters.LastSeenBefore.Name, "must be a time such as now-30d or 2026-05-01 08:00");
        return null;
    }
}
