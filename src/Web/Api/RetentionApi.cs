using SensorDash.Data.Access;
using SensorDash.Data.Retention;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Api;

/// <summary>What retention would delete.</summary>
internal static class RetentionApi
{
    private static readonly WholeParameter _days = new(
        "days", 1, RetentionOptions.MaxDays, $"Days to try for what is kept forever by the settings, 1 to {RetentionOptions.MaxDays}. Default {RetentionPreview.OfferedDays}.", "90", RetentionPreview.OfferedDays);

    public static void MapRetention(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/system/retention", PreviewAsync).WithTags("System").WithName("RetentionPreview").For(Need.Viewer).Produces<RetentionResponse>().WithQuery(_days)
            .WithSummary("What retention deletes with its next run, or would delete: rows, their size (an estimate), the oldest row").WithRequestTimeout(EventReadLimit.Policy);
        routes.MapPost("/api/system/retention/confirm-clock", ConfirmAsync).WithTags("System").WithName("ConfirmClock").For(Need.Admin).Produces(204)
            .WithSummary("Confirms a clock that is far ahead of the last run of retention: the next run, within the hour, deletes by it");
    }

    private static async Task<IResult> ConfirmAsync(HttpContext context, RetentionClock clock, AuditTrail audit, CancellationToken cancellationToken)
    {
        if (!clock.Confirm()) return Problems.Create(StatusCodes.Status409Conflict, "retention does not wait for the clock");
        await audit.WriteAsync(context, AuditAction.ClockConfirm, null, AuditOutcome.Done, null, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> PreviewAsync(HttpRequest request, RetentionPreview preview, RetentionRules rules, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var days = (int)_days.Read(reader)!;
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        return TypedResults.Ok(new RetentionResponse(await preview.ReadAsync(days, cancellationToken), rules.Errors, rules.Waiting));
    }
}

/// <param name="Settings">A line per setting.</param>
/// <param name="Errors">Settings that name a zone or node that does not exist; retention of readings has stopped until they are corrected.</param>
/// <param name="Waiting">Retention waits, because the clock is far ahead of its last run; null if it does not.</param>
internal sealed record RetentionResponse(IReadOnlyList<RetentionLine> Settings, IReadOnlyList<string> Errors, RetentionWait? Waiting);
