using SensorDash.Data.Access;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Api;

/// <summary>Dual-write to a second store, cut-over, rollback; for this machine only.</summary>
internal static class TransfersApi
{
    public static void MapTransfers(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/transfers").WithTags("Transfers");
        group.MapGet("", ReadAsync).WithName("Transfers").For(Need.Viewer).Produces<TransfersResponse>().WithSummary("Role of this store, and state of dual-write to the second one");
        group.MapPost("", ResumeAsync).WithName("ResumeDualWrite").For(Need.Admin).Produces<TransfersResponse>(202).WithSummary("Resumes dual-write to Transfer:Secondary");
        group.MapDelete("", PauseAsync).WithName("PauseDualWrite").For(Need.Admin).Produces<TransfersResponse>().WithSummary("Pauses dual-write until it is resumed or the server starts again; the second store falls behind");
        group.MapPost("/cutover", (HttpContext context, TransferControl control, TransferMoves moves, TransferJobs jobs, DualWrite dualWrite, AuditTrail audit, TimeProvider clock, CancellationToken token) => MoveAsync(false, context, control, moves, jobs, dualWrite, audit, clock, token))
            .WithName("CutOver").For(Need.Admin).Produces<TransfersResponse>(202).WithSummary("Makes the second store the primary; this one follows it. The result is last_move of GET /api/transfers");
        group.MapPost("/rollback", (HttpContext context, TransferControl control, TransferMoves moves, TransferJobs jobs, DualWrite dualWrite, AuditTrail audit, TimeProvider clock, CancellationToken token) => MoveAsync(true, context, control, moves, jobs, dualWrite, audit, clock, token))
            .WithName("RollBack").For(Need.Admin).Produces<TransfersResponse>(202).WithSummary("Makes the former primary the primary again, with everything stored since");
        group.MapPost("/finish", FinishAsync).WithName("FinishTransfer").For(Need.Admin).Produces<TransfersResponse>().WithSummary("Ends dual-write: retires the second store and removes the ledger");
    }

    private static async Task<IResult> ReadAsync(TransferControl control, TransferMoves moves, TransferJobs jobs, DualWrite dualWrite, TimeProvider clock, CancellationToken cancellationToken)
        => TypedResults.Ok(await RespondAsync(control, moves, jobs, dualWrite, clock, cancellationToken));

    private static async Task<IResult> ResumeAsync(HttpContext context, TransferControl control, TransferMoves moves, TransferJobs jobs, DualWrite dualWrite, AuditTrail audit, TimeProvider clock, CancellationToken cancellationToken)
    {
        dualWrite.Resume();
        await audit.WriteAsync(context, AuditAction.DualWriteResume, dualWrite.Status.Secondary, AuditOutcome.Done, null, cancellationToken);
        return TypedResults.Accepted("/api/transfers", await RespondAsync(control, moves, jobs, dualWrite, clock, cancellationToken));
    }

    private static async Task<IResult> PauseAsync(HttpContext context, TransferControl control, TransferMoves moves, TransferJobs jobs, DualWrite dualWrite, AuditTrail audit, TimeProvider clock, CancellationToken cancellationToken)
    {
        await dualWrite.PauseAsync();
        await audit.WriteAsync(context, AuditAction.DualWritePause, dualWrite.Status.Secondary, AuditOutcome.Done, null, cancellationToken);
        return TypedResults.Ok(await RespondAsync(control, moves, jobs, dualWrite, clock, cancellationToken));
    }

    private static async Task<IResult> MoveAsync(
        bool isBack, HttpContext context, TransferControl control, TransferMoves moves, TransferJobs jobs, DualWrite dualWrite, AuditTrail audit, TimeProvider clock, CancellationToken cancellationToken)
    {
        var response = await RespondAsync(control, moves, jobs, dualWrite, clock, cancellationToken);
        if (await control.TryMoveAsync(isBack, context.Response, cancellationToken) is { } refusal) return Problems.Create(StatusCodes.Status409Conflict, refusal);
        await audit.WriteAsync(context, isBack ? AuditAction.StoreRollBack : AuditAction.StoreCutOver, response.Secondary, AuditOutcome.Done, "begun", cancellationToken);
        return TypedResults.Accepted("/api/transfers", response);
    }

    private static async Task<IResult> FinishAsync(HttpContext context, TransferControl control, TransferMoves moves, TransferJobs jobs, DualWrite dualWrite, AuditTrail audit, TimeProvider clock, CancellationToken cancellationToken)
    {
        var secondary = dualWrite.Status.Secondary;
        if (await control.FinishAsync(cancellationToken) is { } refusal) return Problems.Create(StatusCodes.Status409Conflict, refusal);
        await audit.WriteAsync(context, AuditAction.StoreFinish, secondary, AuditOutcome.Done, null, cancellationToken);
        return TypedResults.Ok(await RespondAsync(control, moves, jobs, dualWrite, clock, cancellationToken));
    }

    private static async Task<TransfersResponse> RespondAsync(TransferControl control, TransferMoves moves, TransferJobs jobs, DualWrite dualWrite, TimeProvider clock, CancellationToken cancellationToken)
    {
        var (state, status) = (await control.ReadStateAsync(cancellationToken), dualWrite.Status);
        return new(state.Role, state.PromotedAt / 1_000_000, status.State, status.Secondary, status.Message, status.Copied.Rows, status.Copied.Total, status.LagRows, Math.Round(status.LagSeconds(clock), 1),
            status.VerifiedAt / 1_000_000, status.Comparison.Rows, status.Comparison.Mismatches, status.ShadowReads.Count, status.ShadowReads.Mismatches, control.FindRefusal(state, isBack: state.PromotedAt is not null),
            jobs.Current is { } job ? JobResponse.Of(job) : null, moves.Last is { } last ? new(last.Number, last.Plan.Name, last.Plan.From.Text, last.Plan.To.Text, last.Error, Math.Round(last.Seconds, 3), last.Error is null ? moves.Settings.ToDictionary(s => s.Key, s => s.Value ?? "") : null) : null);
    }
}

/// <param name="Role">Role of the store of this server.</param>
/// <param name="PromotedAt">When a cut-over made it the primary, Unix seconds; null if it always was, or is again.</param>
/// <param name="State">State of dual-write.</param>
/// <param name="Secondary">Address of the second store; null without one.</param>
/// <param name="Message">Why dual-write does not go on; null when it does.</param>
/// <param name="CopiedRows">Rows of the part that is being copied.</param>
/// <param name="RowsToCopy">Rows of that part in all.</param>
/// <param name="LagRows">Rows that the second store is behind.</param>
/// <param name="LagSeconds">Age of the oldest of these rows.</param>
/// <param name="VerifiedAt">When both stores were last found equal, Unix seconds; null: not yet.</param>
/// <param name="ComparedRows">Rows compared in the current pass.</param>
/// <param name="Mismatches">Chunks that differed since dual-write began in this process.</param>
/// <param name="ShadowReads">Reads of clients that also ran on the second store.</param>
/// <param name="ShadowMismatches">Those whose results differed.</param>
/// <param name="Refusal">Why a cut-over (or a rollback after one) would be refused now; null if it may begin.</param>
/// <param name="Job">The import or comparison that the Move page began: the one that runs, or the last one since the process started; null without.</param>
/// <param name="LastMove">The last cut-over or rollback since the process started.</param>
internal sealed record TransfersResponse(
    StoreRole Role, long? PromotedAt, DualWriteState State, string? Secondary, string? Message, long CopiedRows, long RowsToCopy, long LagRows, double LagSeconds, long? VerifiedAt,
    long ComparedRows, long Mismatches, long ShadowReads, long ShadowMismatches, string? Refusal, JobResponse? Job, MoveResponse? LastMove);

/// <param name="Kind">What it does.</param>
/// <param name="File">Its file in the import folder; null: this store.</param>
/// <param name="Target">The store that takes the rows, or is compared.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Message">Why it does not go on; null if it does.</param>
/// <param name="Step">copy or verify; null before the first rows.</param>
/// <param name="Part">What it copies or compares.</param>
/// <param name="Rows">Rows of that step so far.</param>
/// <param name="Total">Rows of that step in all, as far as known.</param>
/// <param name="StartedAt">Unix seconds.</param>
internal sealed record JobResponse(
    TransferJobKind Kind, string? File, string Target, TransferJobState State, string? Message, string? Step, TransferPart? Part, long Rows, long Total, long StartedAt)
{
    public static JobResponse Of(TransferJob job)
    {
        var status = job.Status;
        var step = status.Pace?.Step;
        return new(job.Kind, job.File, job.Target, status.State, status.Message, step?.Step, step?.Part, step?.Rows ?? 0, step?.Total ?? 0, job.StartedAt);
    }
}

/// <param name="Number">Ascending from 1.</param>
/// <param name="Kind">cutover or rollback.</param>
/// <param name="Error">Why the data did not move; null if it did.</param>
/// <param name="Seconds">How long requests waited until the roles were swapped.</param>
/// <param name="Settings">Settings for the next start of the server; null if the data did not move.</param>
internal sealed record MoveResponse(long Number, string Kind, string From, string To, string? Error, double Seconds, IReadOnlyDictionary<string, string>? Settings);
