using Microsoft.AspNetCore.Mvc;
using SensorDash.Data.Access;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Security;

namespace SensorDash.Web.Pages.People;

/// <summary>Changes the password of whoever is signed in.</summary>
[Need(Need.Person)]
internal sealed class AccountModel(AccessStore store, AccessDirectory directory, Sessions sessions, Passwords passwords, AuditTrail audit) : FormPage
{
    public IActionResult OnGet() => Session is null ? NotFound() : Page();

    [Need(Need.Person)]
    public async Task<IActionResult> OnPostAsync(string? current, string? password, string? again, CancellationToken cancellationToken)
    {
        if (Session is not { } session) return NotFound();
        var name = User.Identity!.Name!;
        if (Passwords.Error(password, name) is { } error) Errors["password"] = error;
        else if (again != password) Errors["again"] = "must be the same password";
        if (Errors.Count > 0) return Invalid();
        // By the same rule as a sign-in: a browser left open must not become a place to guess.
        if (await sessions.CheckAsync(name, current ?? "", cancellationToken) is { } fault)
        {
            Errors["current"] = fault;
            await audit.WriteAsync(HttpContext, AuditAction.UserPassword, name, AuditOutcome.Refused, "the password now was wrong", cancellationToken);
            return Invalid();
        }
        if (await store.SetPasswordAsync(name, await passwords.HashAsync(password!, cancellationToken), session, cancellationToken) != AccessChange.Done) return NotFound();
        await directory.RefreshAsync(cancellationToken);
        await audit.WriteAsync(HttpContext, AuditAction.UserPassword, name, AuditOutcome.Done, null, cancellationToken);
        TempData["Notice"] = "The password is changed; your other browsers are signed out.";
        return LocalRedirect("/account");
    }

    // Nobody signs in on a server that only this machine reaches.
    private string? Session => User.FindFirst(Rights.SessionClaim)?.Value;
}
