using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace SensorDash.Web.Pages.Error;

/// <summary>What people see instead of a bare 4xx or 5xx. Any method: it answers in place of the page that failed.</summary>
[ResponseCache(Duration = 0, Location = ResponseCacheLocation.None, NoStore = true)]
[IgnoreAntiforgeryToken]
internal sealed class ErrorModel : PageModel
{
    public int Code { get; private set; }

    public string TraceId => Activity.Current?.Id ?? HttpContext.TraceIdentifier;

    /// <summary>What was asked for, so that it can be asked for again.</summary>
    public string? Asked => HttpContext.Features.Get<IStatusCodeReExecuteFeature>() is { } answer
        ? answer.OriginalPathBase + answer.OriginalPath + answer.OriginalQueryString
        : HttpContext.Features.Get<IExceptionHandlerPathFeature>() is { } failure ? failure.Path + Request.QueryString : null;

    public (string Title, string Text) Words => Code switch
    {
        400 => ("That request cannot be read", "Go back, look over what was entered, and try again. "
            + "A form that stood open for long may just need loading again."),
        404 => ("There is nothing here", "The page or the node does not exist, or no longer. Every node there is stands on the overview."),
        503 => ("The store is unavailable just now", "Readings that arrive meanwhile are kept waiting, not lost. Try again in a moment."),
        >= 500 => ("Something went wrong here", "It is not your doing. The log has the details under the trace id."),
        _ => ("That is not possible", "The server refused the request."),
    };

    public void OnGet() => Load();

    public void OnPost() => Load();

    private void Load()
    {
        Code = int.TryParse(Request.Query["code"], NumberStyles.None, CultureInfo.InvariantCulture, out var code) && code is >= 400 and <= 599
            ? code : Response.StatusCode >= 400 ? Response.StatusCode : 500;
        if (Response.StatusCode < 400) Response.StatusCode = Code;
    }
}
