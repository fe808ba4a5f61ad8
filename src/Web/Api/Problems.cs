using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;
using SensorDash.Data.Storage;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Api;

/// <summary>Errors on the wire: RFC 9457 problem details with the extra members <c>error</c> (the text) and <c>traceId</c>.</summary>
internal static class Problems
{
    /// <summary>Seconds after which a refused sender may try again.</summary>
    public const string RetryAfterSeconds = "1";

    public static ProblemHttpResult Create(int status, string detail, params KeyValuePair<string, object?>[] members)
        => TypedResults.Problem(detail, statusCode: status, extensions: members);

    public static ProblemHttpResult NotFound(string what) => Create(StatusCodes.Status404NotFound, what);

    /// <summary>400 with every fault, by the name of the parameter or field.</summary>
    public static ProblemHttpResult Invalid(IReadOnlyDictionary<string, string[]> faults)
        => Create(StatusCodes.Status400BadRequest,
            string.Join("; ", faults.SelectMany(f => f.Value.Select(text => $"{f.Key} {text}"))), new KeyValuePair<string, object?>("errors", faults));

    public static Task WriteAsync(HttpContext context, int status, string detail) => Create(status, detail).ExecuteAsync(context);

    /// <summary>Gives a body to bare 4xx and 5xx answers: JSON to programs, a page to people.</summary>
    public static void UseErrorResponses(this IApplicationBuilder app)
    {
        app.UseWhen(context => !AcceptsHtml(context), branch => branch.UseStatusCodePages(context =>
            WriteAsync(context.HttpContext, context.HttpContext.Response.StatusCode, Describe(context.HttpContext))));
        app.UseWhen(AcceptsHtml, branch =>
        {
            branch.UseExceptionHandler("/error"); // Here, not outside: programs must go on getting JSON.
            branch.UseStatusCodePagesWithReExecute("/error", "?code={0}");
        });
    }

    public static bool AcceptsHtml(HttpContext context)
    {
        var path = context.Request.Path;
        var isApi = path.StartsWithSegments("/api") || path.StartsWithSegments("/write") || path.StartsWithSegments("/health")
            || path.StartsWithSegments("/openapi");
        return !isApi && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
    }

    private static string Describe(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => $"there is nothing at {context.Request.Path}",
        StatusCodes.Status405MethodNotAllowed => $"{context.Request.Method} is not possible at {context.Request.Path}",
        var status => ReasonPhrases.GetReasonPhrase(status),
    };
}

/// <summary>Writes every problem as JSON, whatever the request accepts: a script that asks for HTML by mistake still gets the reason.</summary>
internal sealed class ProblemWriter : IProblemDetailsWriter
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public bool CanWrite(ProblemDetailsContext context) => true;

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var (problem, response) = (context.ProblemDetails, context.HttpContext.Response);
        var status = problem.Status ??= response.StatusCode;
        problem.Title ??= ReasonPhrases.GetReasonPhrase(status);
        problem.Type ??= "about:blank";
        problem.Extensions["error"] = problem.Detail ?? problem.Title;
        problem.Extensions["traceId"] = Activity.Current?.Id ?? context.HttpContext.TraceIdentifier;
        response.StatusCode = status;
        if (status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
            response.Headers.RetryAfter = Problems.RetryAfterSeconds;
        await response.WriteAsJsonAsync(problem, _json, "application/problem+json", context.HttpContext.RequestAborted);
    }
}

/// <summary>The one place where exceptions become answers. None of their text is passed on, except of our own about requests.</summary>
internal sealed class ExceptionProblems(IStoreErrors errors, ILogger<ExceptionProblems> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && context.RequestAborted.IsCancellationRequested) return true;
        var (status, detail) = exception switch
        {
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => (413, "the body is too large"),
            BadHttpRequestException bad => (bad.StatusCode, "the request cannot be read"),
            InvalidDataException => (400, "the compressed body is broken"),
            _ when errors.IsUnavailable(exception) => (503, "the store is unavailable just now; try again"),
            _ => (500, "something went wrong here; the log has the details under the trace id"),
        };
        if (status >= 500) Log.RequestFailed(logger, context.Request.Method, PathOf(context), exception);
        context.Response.StatusCode = status;
        if (Problems.AcceptsHtml(context)) return false;
        await Problems.WriteAsync(context, status, detail);
        return true;
    }

    // Where a page stands in for the failed one, the request's own path is already that of the page.
    private static string PathOf(HttpContext context) => context.Features.Get<IExceptionHandlerPathFeature>()?.Path ?? context.Request.Path;
}
