using System.Globalization;
using System.Reflection;
using SensorDash.Data.Ingest;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Api;

/// <summary>Health and time.</summary>
internal static class SystemApi
{
    private static readonly string _version = typeof(SystemApi).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public static void MapSystem(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithTags("System");
        group.MapGet("/health/live", () => TypedResults.Ok(new HealthAnswer("ok", null, null, _version)))
            .WithName("Live").Produces<HealthAnswer>().WithSummary("The process answers");
        group.MapGet("/health/ready", ReadyAsync).WithName("Ready").Produces<HealthAnswer>().Produces<HealthAnswer>(503)
            .WithSummary("The store can be written and read");
        group.MapGet("/api/health", ReadyAsync).WithName("Health").Produces<HealthAnswer>().Produces<HealthAnswer>(503).WithSummary("As /health/ready");
        group.MapGet("/api/system/time", Time).WithName("SystemTime").Produces<TimeAnswer>().WithSummary("The server's clock, UTC; weekday 0 is Sunday");
    }

    private static async Task<IResult> ReadyAsync(IReadingStore store, IngestWorker worker, HttpContext context, CancellationToken cancellationToken)
    {
        var failing = worker.Status.FailingSince is not null;
        try
        {
            if (!failing) await store.CheckAsync(cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            failing = true;
        }
        // There is no side path yet whose state could be told.
        if (!failing) return TypedResults.Ok(new HealthAnswer("ok", "ok", "off", _version));
        context.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
        return TypedResults.Json(new HealthAnswer("unavailable", "unavailable", "off", _version), statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    private static TimeAnswer Time(TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        return new(now.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture), now.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
            (int)now.DayOfWeek, now.ToUnixTimeSeconds());
    }
}

/// <param name="Store"><c>ok</c> or <c>unavailable</c>.</param>
/// <param name="Analytics"><c>off</c>: no side path is configured.</param>
internal sealed record HealthAnswer(string Status, string? Store, string? Analytics, string Version);

internal sealed record TimeAnswer(string Datetime, string Formatted, int Weekday, long Timestamp);
