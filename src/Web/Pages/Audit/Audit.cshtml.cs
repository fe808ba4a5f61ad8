using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Options;
using SensorDash.Data.Access;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Pages.Audit;

/// <summary>The audit log: who did what, newest first, filtered and paged.</summary>
[Need(Need.Admin)]
internal sealed class AuditModel(AuditLog audit, IOptions<AuditOptions> options, TimeProvider clock) : PageModel
{
    /// <summary>Entries per page of the table.</summary>
    public const int PageLength = 100;

    /// <summary>The table of all pages, as a file.</summary>
    public const string AllTable = "all";

    private const string ListTable = "list";
    private const string PageParameter = "page";
    private const long Second = 1_000_000; // Microseconds.

    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public long Now { get; private set; }
    public ViewRange Range { get; private set; } = null!;
    public AuditQuery Query { get; private set; } = null!;

    /// <summary>Invalid filters. With any, the page reads nothing.</summary>
    public IReadOnlyList<string> Errors { get; private set; } = [];

    public AuditPage Entries { get; private set; } = new([], null);

    /// <summary>The latest entry that meets the filters, in any range. Only set when the range has none.</summary>
    public AuditEntry? Latest { get; private set; }

    public int MaxEntries => options.Value.MaxEntries;

    /// <summary>Entries that could not be written since the start.</summary>
    public long Missing => audit.Missing;

    public bool IsFiltered => Query is not { Actor: null, Action: null, Outcome: null, Target: null };

    public bool IsLaterPage => Query.Before is not null;

    public PageUrl? NextPage => AuditParameters.CursorOf(Entries.Next) is { } next ? View.CurrentUrl.With((PageParameter, next)) : null;

    /// <summary>This page without filters.</summary>
    public PageUrl Unfiltered => View.CurrentUrl.With([.. AuditParameters.All.Select(p => (p.Name, (string?)null)), (PageParameter, null)]);

    /// <summary>The value of a filter as typed.</summary>
    public string Typed(QueryParameter parameter) => Request.Query[parameter.Name].ToString();

    /// <summary>The files of a table. A range that ends now includes this second, as on the page.</summary>
    public TableLinks Files(string table) => TableFiles.Of(table, View, Request, Range.IsRolling ? Range with { To = Range.To + 1 } : Range);

    /// <summary>All pages as a file.</summary>
    public PageUrl AllFile => Files(AllTable).Csv.With((PageParameter, null));

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        if (!Read(PageLength)) return;
        Entries = await audit.ReadAsync(Query, cancellationToken);
        if (Entries.Entries.Count > 0 || IsLaterPage) return;
        Latest = (await audit.ReadAsync(Query with { Limit = 1, From = null, To = null }, cancellationToken)).Entries.SingleOrDefault();
    }

    /// <summary>The page, or all pages up to a limit, as a file.</summary>
    public async Task<IActionResult> OnGetTableAsync(string? table, string? format, CancellationToken cancellationToken)
    {
        if (table is not (ListTable or AllTable)) return NotFound();
        if (!Read(table == ListTable ? PageLength : AuditQuery.MaxLimit)) return BadRequest();
        var file = new CsvTable();
        file.AddRow(["time", "actor", "address", "action", "target", "outcome", "detail"]);
        foreach (var entry in (await audit.ReadAsync(Query, cancellationToken)).Entries)
            file.AddRow([ClockText.IsoPrecise(entry.At, View.Zone), entry.Actor, entry.Address, entry.Action, entry.Target, NameOf(entry.Outcome), entry.Detail]);
        return TableFiles.Send(file, format, FormattableString.Invariant($"sensordash_audit_{Range.From}_{Range.To}.csv"));
    }

    public static string NameOf(AuditOutcome outcome) => AuditParameters.Outcome.Choices.First(c => c.Value == outcome).Text;

    private bool Read(int limit)
    {
        View = ViewSettings.Of(HttpContext);
        Now = clock.GetUtcNow().ToUnixTimeSeconds();
        Range = ViewRange.Read(Request.Query, View.Zone, Now);
        var reader = new QueryReader(Request);
        Query = AuditParameters.Read(reader, limit) with
        {
            From = Range.From * Second,
            To = (Range.IsRolling ? Range.To + 1 : Range.To) * Second,
            Before = AuditParameters.ReadCursor(reader, PageParameter),
        };
        Errors = [.. reader.Errors.Select(e => $"{e.Key} {e.Value[0]}")];
        return Errors.Count == 0;
    }
}
