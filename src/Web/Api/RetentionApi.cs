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
        => routes.MapGet("/api/system/retention", PreviewAsync).WithTags("System").WithName("RetentionPreview").For(Need.Viewer).Produces<RetentionResponse>().WithQuery(_days)
            .WithSummary("What retention deletes with its next run, or would delete: rows, their size (an estimate), the oldest row").WithRequestTimeout(EventReadLimit.Policy);

    private static async Task<IResult> PreviewAsync(HttpRequest request, RetentionPreview preview, RetentionRules rules, CancellationToken cancellationToken)
    {
        var reader = new QueryReader(request);
        var days = (int)_days.Read(reader)!;
        if (reader.HasErrors) return Problems.Invalid(reader.Errors);
        return TypedResults.Ok(new RetentionResponse(await preview.ReadAsync(days, cancellationToken), rules.Errors));
    }
}

/// <param name="Settings">A line per setting.</param>
/// <param name="Errors">Settings that name a zone or node that does not exist; retention of readings has stopped until they are corrected.</param>
internal sealed record RetentionResponse(IReadOnlyList<RetentionLine> Settings, IReadOnlyList<string> Errors);
