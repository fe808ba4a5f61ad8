using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Pages.Error;

/// <summary>The page that browsers get for a 4xx or 5xx status. It accepts any method, because it replaces the response of the failed page.</summary>
[ResponseCache(Duration = 0, Location = ResponseCacheLocation.None, NoStore = true)]
[IgnoreAntiforgeryToken]
[Need(Need.Nothing)]
internal sealed class ErrorModel : PageModel
{
    public int Code { get; private set; }

    public string TraceId => Activity.Current?.Id ?? HttpContext.TraceIdentifier;

    /// <summary>Path and query of the failed request, for trying again.</summary>
    public string? RequestedUrl => HttpContext.Features.Get<IStatusCodeReExecuteFeature>() is { } status
        ? status.OriginalPathBase + status.OriginalPath + status.OriginalQueryString
        : HttpContext.Features.Get<IExceptionHandlerPathFeature>() is { } failure ? failure.Path + Request.QueryString : null;

    /// <summary>Whether the same request may succeed in a moment.</summary>
    public bool IsTemporary => Code is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable;

    private Need? Refused => HttpContext.Items[PageNeeds.Refused] as Need?;

    public (string Title, string Text) Message => Code switch
    {
        400 => ("Invalid request", "Go back and check your input. Reload a form left open for long."),
        401 => ("You are signed out", "The session has ended. Sign in, then do it again."),
        403 when Refused is { } need => ("Not allowed", $"{User.Identity?.Name} may not do this. It takes {Rights.Describe(need)}."),
        404 => ("Page not found", "The page or node does not exist or was deleted. The overview lists all nodes."),
        429 => ("Too many queries at once", "DuckDB answers a few queries at a time, and too many wait for it. Try again in a moment."),
        503 => ("Database temporarily unavailable", "Readings that arrive now are queued, not lost. Try again in a moment."),
        504 => ("Request timed out", "The database did not respond in time. Try again in a moment."),
        >= 500 => ("Server error", "Search the log for the trace ID."),
        _ => ("Request refused", "The server does not accept this request."),
    };

    [NonHandler] // Else a request with the method PAGE would call it.
    public override void OnPageHandlerExecuting(PageHandlerExecutingContext context)
    {
        // Called directly nothing has failed: a status of 5xx would raise an alarm.
        if (HttpContext.Features.Get<IStatusCodeReExecuteFeature>() is null && HttpContext.Features.Get<IExceptionHandlerPathFeature>() is null)
        {
            (Code, Response.StatusCode) = (StatusCodes.Status404NotFound, StatusCodes.Status404NotFound);
            return;
        }
        Code = int.TryParse(Request.Query["code"], NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code is >= 400 and <= 599
            ? code : Response.StatusCode >= 400 ? Response.StatusCode : 500;
        if (Response.StatusCode < 400) Response.StatusCode = Code;
        if (IsTemporary && Response.Headers.RetryAfter.Count == 0) Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
    }
}
