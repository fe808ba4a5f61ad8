using System.Globalization;
using System.Reflection;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.Ingest;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Api;

/// <summary>Health and time.</summary>
internal static class SystemApi
{
    private static readonly string _version = typeof(SystemApi).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public static void MapSystem(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithTags("System");
        group.MapGet("/health/live", () => TypedResults.Ok(new HealthResponse("ok", null, null, _version)))
            .WithName("Live").Produces<HealthResponse>().WithSummary("The process answers");
        group.MapGet("/health/ready", ReadyAsync).WithName("Ready").Produces<HealthResponse>().Produces<HealthResponse>(503)
            .WithSummary("The store can be written and read");
        group.MapGet("/api/health", ReadyAsync).WithName("Health").Produces<HealthResponse>().Produces<HealthResponse>(503).WithSummary("As /health/ready");
        group.MapGet("/api/system/analytics", AnalyticsAsync).WithName("AnalyticsStatus").Produces<AnalyticsStatusResponse>()
            .WithSummary("How far the DuckDB side path is");
        group.MapPost("/api/system/analytics/rebuild", RebuildAsync).WithName("RebuildAnalytics").Produces<AnalyticsStatusResponse>(202)
            .WithSummary("Throws the DuckDB file away and fills it again from the store");
        group.MapGet("/api/system/stores", StoresAsync).WithName("Stores").Produces<StoreReport[]>()
            .WithSummary("What the data is stored in: engine, version, size, connections");
        group.MapGet("/api/system/time", Time).WithName("SystemTime").Produces<TimeResponse>().WithSummary("The server's clock, UTC; weekday 0 is Sunday");
    }

    private static async Task<IResult> ReadyAsync(
        IStoreHealth health, ReadingWorker worker, EventWorker events, IDuckDbSource duckDb, IEnumerable<IStoreReporter> reporters,
        HttpContext context, CancellationToken cancellationToken)
    {
        var lacks = new List<string>();
        var failing = worker.Status.FailingSince is not null || events.Status.FailingSince is not null;
        var analytics = duckDb.State;
        try
        {
            if (!failing)
            {
                await health.CheckAsync(cancellationToken);
                foreach (var reporter in reporters)
                    if (await reporter.ReadLimitationAsync(cancellationToken) is { } lack) lacks.Add(lack);
            }
        }
        catch (StoreUnavailableException)
        {
            failing = true;
        }
        // A broken side path makes analytics slower, not the hub unready.
        if (!failing) return TypedResults.Ok(new HealthResponse("ok", "ok", analytics, _version, lacks.Count > 0 ? lacks : null));
        context.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
        return TypedResults.Json(new HealthResponse("unavailable", "unavailable", analytics, _version), statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<Ok<AnalyticsStatusResponse>> AnalyticsAsync(IDuckDbSource duckDb, CancellationToken cancellationToken)
        => TypedResults.Ok(Response(await duckDb.ReadStatusAsync(cancellationToken)));

    private static async Task<Accepted<AnalyticsStatusResponse>> RebuildAsync(IDuckDbSource duckDb, CancellationToken cancellationToken)
    {
        duckDb.Rebuild();
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

/// <param name="Store"><c>ok</c> or <c>unavailable</c>.</param>
/// <param name="Analytics">State of the DuckDB side path; whatever it is, analytics are answered.</param>
/// <param name="Limitations">What the edition of the store cannot do, for people; absent when it can do everything.</param>
internal sealed record HealthResponse(
    string Status, string? Store, AnalyticsState? Analytics, string Version,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Limitations = null);

/// <param name="Notice">For people, when DuckDB does not answer.</param>
/// <param name="LagRows">Rows that the store has and DuckDB has not.</param>
/// <param name="LagSeconds">Age of the oldest of them.</param>
internal sealed record AnalyticsStatusResponse(AnalyticsState State, string? Notice, long AppliedBatch, long LagRows, double LagSeconds);

internal sealed record TimeResponse(string Datetime, string Formatted, int Weekday, long Timestamp);
