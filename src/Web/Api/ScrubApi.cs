using Microsoft.AspNetCore.Http.HttpResults;
using SensorDash.Data.Scrub;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>What the scrub in the background has found.</summary>
internal static class ScrubApi
{
    private const long MicrosecondsPerSecond = 1_000_000;

    public static void MapScrub(this IEndpointRouteBuilder routes)
        => routes.MapGet("/api/system/scrub", Read).WithTags("System").WithName("Scrub").For(Need.Viewer).Produces<ScrubResponse>()
            .WithSummary("The scrub: the pass that runs, the last one, and what has rotted");

    private static Ok<ScrubResponse> Read(ScrubWorker scrub)
    {
        var record = scrub.Record;
        return TypedResults.Ok(new ScrubResponse(scrub.IsEnabled, Of(record.Running), Of(record.Last), scrub.NextAt / MicrosecondsPerSecond));
    }

    private static ScrubPassResponse? Of(ScrubState? pass) => pass is null ? null : new(
        pass.StartedAt / MicrosecondsPerSecond, pass.EndedAt / MicrosecondsPerSecond, ScrubReport.Name(pass.Part), pass.Rows, pass.FindingCount, [.. pass.Findings.Select(Of)], pass.Notes);

    private static ScrubFindingResponse Of(ScrubFinding f)
        => new(ScrubReport.Name(f.Kind), f.Table, f.Row, f.Problem, f.Stored, f.Expected, f.Advice);
}

/// <param name="Enabled">Whether the server reads its stores again and again (<c>Scrub:Enabled</c>).</param>
/// <param name="Running">The pass that runs; null between passes.</param>
/// <param name="Last">The last pass that was done; null before the first.</param>
/// <param name="NextAt">When the next pass begins, Unix seconds; null while one runs or before the first.</param>
internal sealed record ScrubResponse(bool Enabled, ScrubPassResponse? Running, ScrubPassResponse? Last, long? NextAt);

/// <param name="StartedAt">Unix seconds.</param>
/// <param name="EndedAt">Unix seconds; null while it runs.</param>
/// <param name="Part"><c>files</c>, <c>readings</c>, <c>event index</c>, <c>events</c>, <c>requests</c> or <c>done</c>.</param>
/// <param name="Rows">Rows read.</param>
/// <param name="FindingCount">Things that have rotted.</param>
/// <param name="Findings">At most 100 of them.</param>
/// <param name="NotChecked">What could not be checked, and why.</param>
internal sealed record ScrubPassResponse(long StartedAt, long? EndedAt, string Part, long Rows, long FindingCount, IReadOnlyList<ScrubFindingResponse> Findings, IReadOnlyList<string> NotChecked);

/// <param name="Kind">What it is, such as <c>reading_differs</c> or <c>event_id</c>.</param>
/// <param name="Row">The row or rows.</param>
/// <param name="Stored">What the store has; null if it cannot be told.</param>
/// <param name="Expected">What it should be, or what the side path has; null if nothing tells it.</param>
/// <param name="Advice">What to do.</param>
internal sealed record ScrubFindingResponse(string Kind, string Table, string Row, string Problem, string? Stored, string? Expected, string Advice);
