using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SensorDash.Data.Access;
using SensorDash.Data.Storage;
using SensorDash.Web.Requests;
using SensorDash.Web.Security;

namespace SensorDash.Web.Pages.People;

/// <summary>Signs people in and out.</summary>
[Need(Need.Nothing)]
internal sealed class SignInModel(Sessions sessions, SetUp setUp, AuditTrail audit, TimeProvider clock) : PageModel
{
    public string? Name { get; private set; }

    public bool IsLong { get; private set; }

    public (string Title, string Text)? Error { get; private set; }

    public string? Notice { get; private set; }

    public bool NeedsSetUp => setUp.IsNeeded;

    public IActionResult OnGet()
    {
        if (User.FindFirst(Rights.SessionClaim) is not null) return LocalRedirect(Target);
        Notice = TempData["Notice"] as string;
        return Page();
    }

    [Need(Need.Nothing)]
    public async Task<IActionResult> OnPostAsync(string? name, string? password, string? stay, CancellationToken cancellationToken)
    {
        (Name, IsLong) = (Sessions.Normalize(name), stay == "true");
        if (Name.Length == 0 || Name.Length > Sessions.MaxNameLength || password is not { Length: > 0 and <= Passwords.MaxLength })
            return Refuse(StatusCodes.Status422UnprocessableEntity, "Name or password is wrong.", "Enter both.");
        try
        {
            var result = await sessions.TryAsync(HttpContext, Name, password, IsLong, cancellationToken);
            await audit.WriteAsync(HttpContext, AuditAction.SignIn, Name, result.User is null ? AuditOutcome.Refused : AuditOutcome.Done, result.LockedUntil is null ? null : "the name waits for a minute", cancellationToken);
            if (result.User is not null) return LocalRedirect(Target);
            if (result.LockedUntil is not { } until)
                return Refuse(StatusCodes.Status422UnprocessableEntity, "Name or password is wrong.", $"{result.TriesLeft} more {(result.TriesLeft == 1 ? "try" : "tries")}, then a pause of a minute.");
            var seconds = (until - clock.NowMicroseconds() + 999_999) / 1_000_000;
            Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            return Refuse(StatusCodes.Status429TooManyRequests, "Too many wrong passwords.", $"Try again in {seconds} s.");
        }
        catch (TooManyPasswordsException)
        {
            Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
            return Refuse(StatusCodes.Status429TooManyRequests, "Too many sign-ins at once.", "Try again in a moment.");
        }
    }

    /// <summary>Ends the session.</summary>
    [Need(Need.Nothing)]
    public async Task<IActionResult> OnPostOutAsync(CancellationToken cancellationToken)
    {
        await sessions.EndAsync(HttpContext, cancellationToken);
        await audit.WriteAsync(HttpContext, AuditAction.SignOut, null, AuditOutcome.Done, null, cancellationToken);
        TempData["Notice"] = "You are signed out.";
        return LocalRedirect("/sign-in");
    }

    // Only pages of this server: a link to the sign-in must not lead on to another site.
    private string Target => Request.Query["return"].ToString() is { Length: > 0 } target && Url.IsLocalUrl(target) ? target : "/";

    private PageResult Refuse(int status, string title, string text)
    {
        (Error, Response.StatusCode) = ((title, text), status);
        return Page();
    }
}
