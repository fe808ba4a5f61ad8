using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;
using SensorDash.Data.Analytics;
using SensorDash.Data.Storage;
using SensorDash.Web.Operations;

namespace SensorDash.Web.Requests;

/// <summary>Error responses: RFC 9457 problem details with the extra fields <c>error</c> (the text) and <c>traceId</c>.</summary>
internal static class Problems
{
    /// <summary>Seconds after which a client may retry.</summary>
    public const string RetryAfterSeconds = "1";

    // More than any endpoint has parameters that can be wrong together.
    private const int MaxListedErrors = 20;

    public static ProblemHttpResult Create(int status, string detail, params KeyValuePair<string, object?>[] members)
        => TypedResults.Problem(detail, statusCode: status, extensions: members);

    public static ProblemHttpResult NotFound(string what) => Create(StatusCodes.Status404NotFound, what);

    /// <summary>400 with the errors, by the name of the parameter or field; of very many the first.</summary>
    public static ProblemHttpResult Invalid(IReadOnlyDictionary<string, string[]> errors)
    {
        var listed = errors.Take(MaxListedErrors).Select(f => KeyValuePair.Create(OutsideText.Shown(f.Key), f.Value)).DistinctBy(f => f.Key).ToDictionary();
        return Create(StatusCodes.Status400BadRequest,
            string.Join("; ", listed.SelectMany(f => f.Value.Select(text => $"{f.Key} {text}"))), new KeyValuePair<string, object?>("errors", listed));
    }

    public static Task WriteAsync(HttpContext context, int status, string detail) => Create(status, detail).ExecuteAsync(context);

    /// <summary>Adds a body to empty 4xx and 5xx responses: a page for browsers, JSON for all other clients.</summary>
    public static void UseErrorResponses(this IApplicationBuilder app)
    {
        app.UseWhen(context => !AcceptsHtml(context), branch => branch.UseStatusCodePages(context =>
            WriteAsync(context.HttpContext, context.HttpContext.Response.StatusCode, Describe(context.HttpContext))));
        app.UseWhen(AcceptsHtml, branch =>
        {
            branch.UseExceptionHandler("/error"); // Inside this branch: other clients must still get JSON.
            branch.UseStatusCodePagesWithReExecute("/error", "?code={0}");
        });
    }

    public static bool AcceptsHtml(HttpContext context)
    {
        var path = context.Request.Path;
        var isApi = path.StartsWithSegments("/api") || path.StartsWithSegments("/ws") || path.StartsWithSegments("/write") || path.StartsWithSegments("/query") || path.StartsWithSegments("/ping") || path.StartsWithSegments("/health")
            || path.StartsWithSegments("/openapi");
        return !isApi && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether reading the body threw this because of its chunks or its length.</summary>
    /// <remarks>Kestrel throws a plain <see cref="IOException"/> for a chunk size that is too large for it.</remarks>
    public static bool IsMalformedBody(Exception error) => error is BadHttpRequestException or IOException { InnerException: OverflowException };

    /// <summary>Ends the connection after the response: the rest of an unread body must not be read as the next request.</summary>
    public static void CloseConnection(this HttpResponse response)
    {
        if (HttpProtocol.IsHttp11(response.HttpContext.Request.Protocol)) response.Headers.Connection = "close";
    }

    private static string Describe(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => $"not found: {OutsideText.Shown(context.Request.Path.ToString())}",
        StatusCodes.Status405MethodNotAllowed => $"method {context.Request.Method} is not allowed at {OutsideText.Shown(context.Request.Path.ToString())}",
        var status => ReasonPhrases.GetReasonPhrase(status),
    };
}

/// <summary>Writes problems as JSON, whatever the request accepts: a script that accepts HTML by mistake still gets the reason.</summary>
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
        if (status is (StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable) && response.Headers.RetryAfter.Count == 0)
            response.Headers.RetryAfter = Problems.RetryAfterSeconds;
        await response.WriteAsJsonAsync(problem, _json, "application/problem+json", context.HttpContext.RequestAborted);
    }
}

/// <summary>Turns exceptions into responses. It exposes only texts that were written for clients.</summary>
internal sealed class ExceptionProblems(IStoreErrors errors, ILogger<ExceptionProblems> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (IsAbort(context, exception)) return true; // Nobody reads a response.
        var (status, detail) = exception switch
        {
            CompressionRatioException => (413, CompressionRatioException.Rule),
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => (413, "the body is too large"),
            BadHttpRequestException bad => (bad.StatusCode, "the request is invalid"),
            _ when Problems.IsMalformedBody(exception) => (400, "the request is invalid"),
            InvalidDataException => (400, context.Request.HasFormContentType ? "the form is invalid or has too many fields" : "the compressed body is corrupt"),
            TooManyQueriesException => (429, exception.Message),
            _ when errors.FindUnavailable(exception) is { } unavailable => (503,
                unavailable is StoreDamagedException ? "the database is damaged" : "the database is temporarily unavailable; retry"),
            _ => (500, "internal error; search the log for the trace ID"),
        };
        if (status >= 500) Log.RequestFailed(logger, context.Request.Method, PathOf(context), exception);
        context.Response.StatusCode = status;
        if (Problems.IsMalformedBody(exception)) context.Response.CloseConnection();
        if (Problems.AcceptsHtml(context)) return false;
        try
        {
            await Problems.WriteAsync(context, status, detail);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The sender went away meanwhile.
        }
        return true;
    }

    // Kestrel reports a reset, and the end of its own patience at shutdown, before it cancels the request.
    private static bool IsAbort(HttpContext context, Exception exception) => exception is ConnectionResetException || exception.InnerException is ConnectionAbortedException
        || (exception is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested);

    // When the error page replaces a failed page, the request has the path of the error page.
    private static string PathOf(HttpContext context) => context.Features.Get<IExceptionHandlerPathFeature>()?.Path ?? context.Request.Path;
}
