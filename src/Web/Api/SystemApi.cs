using System.Globalization;
using System.Security.Claims;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using SensorDash.Data.Access;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.Events;
using SensorDash.Data.Ingest;
using SensorDash.Data.Readings;
using SensorDash.Data.Retention;
using SensorDash.Data.Scrub;
using SensorDash.Data.Storage;
using SensorDash.Web.Operations;
using SensorDash.Web.Operations.Figures;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;
using SensorDash.Web.Transfers;

namespace SensorDash.Web.Api;

/// <summary>Health, side path, stores and time.</summary>
internal static class SystemApi
{
    public static void MapSystem(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithTags("System");
        group.MapGet("/health/live", (ClaimsPrincipal user) => TypedResults.Ok(WithoutDetails(user, "ok")))
            .WithName("Live").For(Need.Nothing).Produces<HealthResponse>().WithSummary("Liveness: the process runs");
        group.MapGet("/health/ready", ReadyAsync).WithName("Ready").For(Need.Nothing).Produces<HealthResponse>().Produces<HealthResponse>(503)
            .WithSummary("Readiness: the store reads and writes");
        group.MapGet("/api/health", ReadyAsync).WithName("Health").For(Need.Nothing).Produces<HealthResponse>().Produces<HealthResponse>(503).WithSummary("Same as /health/ready");
        group.MapGet("/api/system/analytics", AnalyticsAsync).WithName("AnalyticsStatus").For(Need.Viewer).Produces<AnalyticsStatusResponse>()
            .WithSummary("State and lag of the DuckDB side path");
        group.MapPost("/api/system/analytics/rebuild", RebuildAsync).WithName("RebuildAnalytics").For(Need.Operator).Produces<AnalyticsStatusResponse>(202)
            .WithSummary("Deletes and rebuilds the DuckDB side path");
        group.MapGet("/api/system/stores", StoresAsync).WithName("Stores").For(Need.Viewer).Produces<StoreReport[]>()
            .WithSummary("Stores: engine, version, size, connections");
        group.MapGet("/api/system/rejected-rows", (RejectedRows rejections) => TypedResults.Ok(rejections.Read())).WithName("RejectedRows").For(Need.Viewer).Produces<RejectedGroup[]>()
            .WithSummary("Rejected rows of the last 24 hours since the start, by sender and reason; the largest groups first");
        group.MapGet("/api/system/warnings", (SystemWatch watch) => TypedResults.Ok(watch.Look().Warnings.Select(WarningResponse.Of))).WithName("Warnings").For(Need.Viewer).Produces<WarningResponse[]>()
            .WithSummary("What somebody should do something about, the most urgent first; empty when all is well");
        group.MapGet("/api/system/time", Time).WithName("SystemTime").For(Need.Viewer).Produces<TimeResponse>().WithSummary("The server's clock, UTC; weekday 0 is Sunday");
    }

    private static async Task<IResult> ReadyAsync(
        IStoreHealth health, IngestWorker<Reading> worker, IngestWorker<LaneEvent> events, IDuckDbSource duckDb, IEnumerable<IStoreReporter> reporters,
        AuditLog audit, TransferControl transfers, RetentionRules retention, ScrubWorker scrub, IStoreErrors errors, IStoreStartup startup, HttpContext context, CancellationToken cancellationToken)
    {
        var hasDetails = context.User.May(Need.Anyone);
        var limitations = new List<string>();
        var failing = worker.Status.FailingSince is not null || events.Status.FailingSince is not null;
        var store = "unavailable";
        var analytics = duckDb.State;
        StoreRole? role = null;
        try
        {
            await health.CheckAsync(cancellationToken);
            role = (await transfers.ReadStateAsync(cancellationToken)).Role;
            if (role != StoreRole.Primary) limitations.Add("This store is not the primary any more; its data is in another store. Start the server with the settings of that store.");
            if (!failing)
            {
                foreach (var reporter in reporters)
                    if (await reporter.ReadLimitationAsync(cancellationToken) is { } limitation) limitations.Add(limitation);
            }
        }
        catch (Exception e) when (errors.IsUnavailable(e))
        {
            failing = true;
            if (e is StoreDamagedException) store = "damaged";
        }
        if (retention.Errors.Count > 0) limitations.Add($"Retention of readings has stopped: {string.Join(' ', retention.Errors)}");
        if (retention.Waiting is not null) limitations.Add("Retention waits and deletes nothing, because the clock is far ahead of its last run. The System page has what you can do.");
        if (scrub.Findings > 0) limitations.Add("The scrub found rows that have rotted; the System page and /api/system/scrub name them.");
        failing |= role is not (null or StoreRole.Primary);
        if (audit.Missing > 0) limitations.Add($"The audit log lacks {audit.Missing} entries since the start, because the database failed. The log of the program has them.");
        if (startup.Damage is { } damage)
            limitations.Add($"The database was damaged and was set aside as {Path.GetFileName(damage.Aside)}; what has arrived since is in a new one. The System page has what you can do.");
        // A failed side path makes analytics slower; the hub stays ready.
        if (!failing) return TypedResults.Ok(!hasDetails ? WithoutDetails(context.User, "ok") : new HealthResponse("ok", startup.Damage is null ? "ok" : "damaged", analytics, BuildInfo.Version, limitations.Count > 0 ? limitations : null, role));
        context.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
        return TypedResults.Json(!hasDetails ? WithoutDetails(context.User, "unavailable") : new HealthResponse("unavailable", store, analytics, BuildInfo.Version, limitations.Count > 0 ? limitations : null, role),
            statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    // The version helps attackers too.
    private static HealthResponse WithoutDetails(ClaimsPrincipal user, string status) => new(status, null, null, user.May(Need.Anyone) ? BuildInfo.Version : null);

    private static async Task<Ok<AnalyticsStatusResponse>> AnalyticsAsync(IDuckDbSource duckDb, CancellationToken cancellationToken)
        => TypedResults.Ok(Response(await duckDb.ReadStatusAsync(cancellationToken)));

    private static async Task<Accepted<AnalyticsStatusResponse>> RebuildAsync(HttpContext context, IDuckDbSource duckDb, AuditTrail audit, CancellationToken cancellationToken)
    {
        duckDb.Rebuild();
        await audit.WriteAsync(context, AuditAction.SidePathRebuild, null, AuditOutcome.Done, null, cancellationToken);
        return TypedResults.Accepted("/api/system/analytics", Response(await duckDb.ReadStatusAsync(cancellationToken)));
    }

    private static async Task<Ok<List<StoreReport>>> StoresAsync(IEnumerable<IStoreReporter> reporters, CancellationToken cancellationToken)
    {
        var reports = new List<StoreReport>();
        foreach (var reporter in reporters) reports.Add(await reporter.ReadAsync(cancellationToken));
        return TypedResults.Ok(reports);
    }

    private static AnalyticsStatusResponse Response(AnalyticsStatus status)
        => new(status.State, status.Notice, status.AppliedBatch, status.LagRows, Math.Round(status.LagSeconds, 1));

    private static TimeResponse Time(TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        return new(now.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture), now.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
            (int)now.DayOfWeek, now.ToUnixTimeSeconds());
    }
}

/// <param name="Store"><c>ok</c>, <c>unavailable</c> or <c>damaged</c>.</param>
/// <param name="Analytics">State of the DuckDB side path. Analytics work in all states.</param>
/// <param name="Role">Role of the store: <c>primary</c>; a server takes nothing for a <c>secondary</c> or <c>retired</c> one.</param>
/// <param name="Limitations">What the edition of the store cannot do, and entries that the audit log lacks, as text; absent without limitations.</param>
internal sealed record HealthResponse(
    string Status, string? Store, AnalyticsState? Analytics, string? Version,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Limitations = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] StoreRole? Role = null);

/// <param name="Notice">Why queries do not use DuckDB, as text; null when they do.</param>
/// <param name="LagRows">Rows that DuckDB is behind the store.</param>
/// <param name="LagSeconds">Age of the oldest of these rows.</param>
internal sealed record AnalyticsStatusResponse(AnalyticsState State, string? Notice, long AppliedBatch, long LagRows, double LagSeconds);

/// <param name="Kind">Its name, such as <c>disk_full</c>: the label of the metric sensordash_warnings.</param>
/// <param name="Severity"><c>error</c> if data is lost or rejected, or soon will be; otherwise <c>warning</c>.</param>
/// <param name="Text">What it is, as text.</param>
/// <param name="Advice">What to do, as text.</param>
/// <param name="Page">The page where it can be dealt with; null without one.</param>
internal sealed record WarningResponse(string Kind, string Severity, string Text, string Advice, string? Page)
{
    public static WarningResponse Of(SystemWarning warning) => new(warning.Kind, warning.IsBad ? "error" : "warning", warning.Text, warning.Advice, warning.Action?.Path);
}

internal sealed record TimeResponse(string Datetime, string Formatted, int Weekday, long Timestamp);
