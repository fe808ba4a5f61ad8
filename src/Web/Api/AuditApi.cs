using SensorDash.Data.Access;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>The audit log, read only: entries come from the acts themselves.</summary>
internal static class AuditApi
{
    private const long Second = 1_000_000; // Microseconds.

    private static readonly WholeParameter _from = RangeParameters.StartTime with { Name = "from", Description = "Earliest time, Unix seconds, inclusive." };
    private static readonly WholeParameter _to = RangeParameters.EndTime with { Name = "to", Description = "End time, Unix seconds, exclusive." };
    private static readonly WholeParameter _limit = new("limit", 1, AuditQuery.MaxLimit, "Maximum number of entries, 1 to 10000. Default 1000.", "100", 1000);
    private static readonly TextParameter _cursor = new("cursor", "Continue after an earlier page: its `next`.", "MTI");

    public static void MapAudit(this IEndpointRouteBuilder routes)
        => routes.MapGroup("/api/audit").WithTags("System").MapGet("", ListAsync).WithName("ListAudit").For(Need.Admin).Produces<AuditResponse>()
            .WithSummary("Who did what, newest first").WithQuery([_from, _to, .. AuditParameters.All, _limit, _cursor]);

    private static async Task<IResult> ListAsync(HttpRequest request, AuditLog audit, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var range = RangeParameters.ReadRange(reader, _from, _to);
        var query = AuditParameters.Read(reader, (int)_limit.Read(reader)!) with
        {
            From = range.Start * Second,
            To = range.End * Second,
            Before = AuditParameters.ReadCursor(reader, _cursor.Name),
        };
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        var page = await audit.ReadAsync(query, cancellationToken);
        return TypedResults.Ok(new AuditResponse(page.Entries.Count, AuditParameters.CursorOf(page.Next), [.. page.Entries.Select(AuditEntryResponse.Of)]));
    }
}

/// <param name="Next">Cursor of the next page, or null at the end.</param>
internal sealed record AuditResponse(int Count, string? Next, IReadOnlyList<AuditEntryResponse> Entries);

/// <param name="Id">Ascending in the order of writing.</param>
/// <param name="At">Unix seconds.</param>
/// <param name="Actor">User or key; <c>this machine</c> without a sign-in, <c>command line</c>, or <c>SensorDash</c> itself.</param>
/// <param name="Address">Address of the client; null if there is none.</param>
/// <param name="Action">The kind of thing, a dot, what was done to it.</param>
/// <param name="Target">What it was done to; null if there is nothing.</param>
/// <param name="Outcome">done, refused or failed.</param>
/// <param name="Detail">For people; null if there is nothing to add.</param>
internal sealed record AuditEntryResponse(long Id, long At, string Actor, string? Address, string Action, string? Target, AuditOutcome Outcome, string? Detail)
{
    public static AuditEntryResponse Of(AuditEntry entry) => new(entry.Id, entry.At / 1_000_000, entry.Actor, entry.Address, entry.Action, entry.Target, entry.Outcome, entry.Detail);
}
