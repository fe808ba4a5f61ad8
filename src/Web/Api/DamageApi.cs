using SensorDash.Data.Access;
using SensorDash.Data.Storage;
using SensorDash.Web.Backups;
using SensorDash.Web.Damage;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>A database that was damaged and set aside, and what the owner does about it.</summary>
internal static class DamageApi
{
    public static void MapDamage(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/damage").WithTags("Damage");
        group.MapGet("", (IStoreStartup startup, DamageJobs jobs) => TypedResults.Ok(Response(startup, jobs))).WithName("Damage").For(Need.Admin).Produces<DamageResponse>()
            .WithSummary("The damaged database that waits for a decision, the repair that runs, and the files that were set aside");
        group.MapPost("/restore", (HttpContext context, IStoreStartup startup, DamageJobs jobs) => Start(RepairKind.Restore, context, startup, jobs)).WithName("RestoreDamaged").For(Need.Admin)
            .Produces<DamageResponse>(202).WithSummary("Begins to restore the latest good backup from before the damage; what has arrived since is added");
        group.MapPost("/salvage", (HttpContext context, IStoreStartup startup, DamageJobs jobs) => Start(RepairKind.Salvage, context, startup, jobs)).WithName("SalvageDamaged").For(Need.Admin)
            .Produces<DamageResponse>(202).WithSummary("Begins to salvage what can be read of the damaged database; what has arrived since is added");
        group.MapPost("/dismiss", DismissAsync).WithName("DismissDamage").For(Need.Admin).Produces<DamageResponse>().WithSummary("Goes on without the damaged database; its files stay");
    }

    private static IResult Start(RepairKind kind, HttpContext context, IStoreStartup startup, DamageJobs jobs) => jobs.TryStart(kind, BackupActor.Of(context)) is { } refusal
        ? Problems.Create(StatusCodes.Status409Conflict, refusal) : TypedResults.Accepted("/api/damage", Response(startup, jobs));

    private static async Task<IResult> DismissAsync(HttpContext context, IStoreStartup startup, DamageJobs jobs, AuditTrail audit, CancellationToken cancellationToken)
    {
        if (jobs.Dismiss() is not { } damage) return Problems.Create(StatusCodes.Status409Conflict, "there is no damaged database, or it is being repaired");
        await audit.WriteAsync(context, AuditAction.StoreGoOn, damage.Aside, AuditOutcome.Done, damage.Found, cancellationToken);
        return TypedResults.Ok(Response(startup, jobs));
    }

    private static DamageResponse Response(IStoreStartup startup, DamageJobs jobs)
    {
        var (damage, backup) = (startup.Damage, jobs.FindBackup());
        return new(
            damage is null ? null : new(Path.GetFileName(damage.Aside), damage.Found, damage.At, damage.Lost),
            backup is null ? null : BackupResponse.Of(backup),
            jobs.Current is { } job ? new(job.Kind, job.Error is null ? BackupJobState.Running : BackupJobState.Failed, job.Step, job.Error, job.StartedAt) : null,
            [.. jobs.Aside.Select(a => new AsideResponse(Path.GetFileName(a.Path), a.Bytes, a.At, a.Result is { } r ? new(r.Kind, r.At, r.Text, r.Losses) : null))]);
    }
}

/// <param name="Damage">The damage that waits for a decision; null without.</param>
/// <param name="Backup">The latest good backup from before it; null without.</param>
/// <param name="Job">The repair that runs, or the last one that failed; null without. A repair that succeeded is the result of the file that was set aside.</param>
/// <param name="Aside">Databases that were set aside, newest first. SensorDash never deletes them.</param>
internal sealed record DamageResponse(DamagedResponse? Damage, BackupResponse? Backup, DamageJobResponse? Job, IReadOnlyList<AsideResponse> Aside);

/// <param name="File">Name of the damaged file.</param>
/// <param name="Found">What is wrong with it.</param>
/// <param name="At">When it was set aside, Unix seconds.</param>
/// <param name="Lost">Tables of users and keys that could not be taken over from it.</param>
internal sealed record DamagedResponse(string File, string Found, long At, IReadOnlyList<string> Lost);

/// <param name="Kind">restore or salvage.</param>
/// <param name="State">running or failed.</param>
/// <param name="Step">What is done now.</param>
/// <param name="Error">Why it failed; null while it runs.</param>
/// <param name="StartedAt">Unix seconds.</param>
internal sealed record DamageJobResponse(RepairKind Kind, BackupJobState State, string Step, string? Error, long StartedAt);

/// <param name="File">Its name.</param>
/// <param name="Bytes">Its size, with its logs.</param>
/// <param name="WrittenAt">When it was last written, Unix seconds.</param>
/// <param name="Result">What became of it; null if nothing is known.</param>
internal sealed record AsideResponse(string File, long Bytes, long WrittenAt, RepairResultResponse? Result);

/// <param name="Kind">restore, salvage or go_on.</param>
/// <param name="At">When, Unix seconds.</param>
/// <param name="Text">The result in a sentence.</param>
/// <param name="Losses">What is lost or doubtful, in sentences.</param>
internal sealed record RepairResultResponse(string Kind, long At, string Text, IReadOnlyList<string> Losses);
