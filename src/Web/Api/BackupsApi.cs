using Microsoft.Extensions.Options;
using SensorDash.Data.Backup;
using SensorDash.Web.Backups;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>Backups of the stores of this server.</summary>
internal static class BackupsApi
{
    public static void MapBackups(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/backups").WithTags("Backups");
        group.MapGet("", Read).WithName("Backups").For(Need.Admin).Produces<BackupsResponse>().WithSummary("Backups, newest first, and the one that is being made or verified");
        group.MapPost("", Create).WithName("CreateBackup").For(Need.Admin).Produces<BackupsResponse>(202).WithSummary("Begins a backup. Its result is job of GET /api/backups");
        group.MapPost("/{id}/verify", Verify).WithName("VerifyBackup").For(Need.Admin).Produces<BackupsResponse>(202)
            .WithSummary("Begins to read a backup and to compare it with its manifest. The result is job of GET /api/backups");
    }

    private static IResult Read(Data.Backup.Backups backups, BackupJobs jobs, IOptions<BackupOptions> options) => Answer(() => TypedResults.Ok(Response(backups, jobs, options)));

    private static IResult Create(HttpContext context, Data.Backup.Backups backups, BackupJobs jobs, IOptions<BackupOptions> options) => Answer(() =>
        jobs.TryStart(null, BackupActor.Of(context)) is { } refusal ? Problems.Create(StatusCodes.Status409Conflict, refusal) : TypedResults.Accepted("/api/backups", Response(backups, jobs, options)));

    private static IResult Verify(string id, HttpContext context, Data.Backup.Backups backups, BackupJobs jobs, IOptions<BackupOptions> options) => Answer(() =>
    {
        if (backups.Folder.Find(id) is not { } backup) return Problems.Create(StatusCodes.Status404NotFound, $"not found: backup {Data.Storage.OutsideText.Shown(id)}");
        return jobs.TryStart(backup, BackupActor.Of(context)) is { } refusal ? Problems.Create(StatusCodes.Status409Conflict, refusal) : TypedResults.Accepted("/api/backups", Response(backups, jobs, options));
    });

    private static IResult Answer(Func<IResult> answer)
    {
        try
        {
            return answer();
        }
        catch (BackupException)
        {
            return Problems.Create(StatusCodes.Status503ServiceUnavailable, "the backup folder cannot be read; the System page and the log say why");
        }
    }

    private static BackupsResponse Response(Data.Backup.Backups backups, BackupJobs jobs, IOptions<BackupOptions> options) => new(
        options.Value.At, options.Value.Keep, [.. backups.Folder.List().Select(BackupResponse.Of)],
        jobs.Current is { } job ? new(job.Number, job.Kind, job.Backup, job.State, Math.Round(job.Share, 3), job.Message, job.StartedAt / 1_000_000) : null);
}

/// <param name="At">When a backup is made each day, UTC; off: only when somebody asks.</param>
/// <param name="Keep">Number of good backups that stay.</param>
/// <param name="Backups">Newest first.</param>
/// <param name="Job">What is being made or verified, or was last since the start; null without.</param>
internal sealed record BackupsResponse(string At, int Keep, IReadOnlyList<BackupResponse> Backups, BackupJobResponse? Job);

/// <param name="Name">Name of its folder.</param>
/// <param name="State">good; doubtful: complete, but the store did not agree with its own log; damaged.</param>
/// <param name="Error">Why it is doubtful or damaged.</param>
/// <param name="CreatedAt">Unix seconds; null if its manifest cannot be read.</param>
/// <param name="VerifiedAt">When it was last read and found as it was made, Unix seconds.</param>
/// <param name="Bytes">Size of its files.</param>
/// <param name="Readings">Number of readings.</param>
/// <param name="Events">Number of events.</param>
/// <param name="Program">The version that made it.</param>
internal sealed record BackupResponse(string Name, string State, string? Error, long? CreatedAt, long? VerifiedAt, long? Bytes, long? Readings, long? Events, string? Program)
{
    public static BackupResponse Of(BackupEntry backup)
    {
        var manifest = backup.Manifest;
        return new(backup.Name, BackupText.State(backup), backup.Error ?? manifest?.Doubt, manifest?.CreatedAt / 1_000_000, backup.VerifiedAt / 1_000_000, manifest?.Bytes,
            manifest is null ? null : BackupText.Readings(manifest), manifest is null ? null : BackupText.Events(manifest), manifest?.Program);
    }
}

/// <param name="Number">Ascending from 1 since the start.</param>
/// <param name="Kind">create or verify.</param>
/// <param name="Backup">Name of the backup; null until a new one is complete.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Share">How much is copied, 0 to 1.</param>
/// <param name="Message">The result, or why it failed; null while it runs.</param>
/// <param name="StartedAt">Unix seconds.</param>
internal sealed record BackupJobResponse(long Number, BackupJobKind Kind, string? Backup, BackupJobState State, double Share, string? Message, long StartedAt);
