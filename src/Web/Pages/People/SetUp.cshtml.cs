using Microsoft.AspNetCore.Mvc;
using SensorDash.Data.Access;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Security;

namespace SensorDash.Web.Pages.People;

/// <summary>Makes the first administrator.</summary>
[Need(Need.Nothing)]
internal sealed class SetUpModel(AccessStore store, SetUp setUp, Sessions sessions, Passwords passwords, AuditTrail audit) : FormPage
{
    public string? Name { get; private set; }

    public string? Secret { get; private set; }

    public bool TakesSecret => setUp.TakesSecret;

    public IActionResult OnGet() => setUp.IsNeeded ? Page() : LocalRedirect("/sign-in");

    [Need(Need.Nothing)]
    public async Task<IActionResult> OnPostAsync(string? secret, string? name, string? password, string? again, CancellationToken cancellationToken)
    {
        if (!setUp.IsNeeded) return LocalRedirect("/sign-in");
        (Name, Secret) = (Sessions.Normalize(name), secret);
        var isRightSecret = !TakesSecret || setUp.Matches(secret);
        if (!isRightSecret) Errors["secret"] = "is not the secret of this start; the log has it";
        if (Sessions.NameError(Name) is { } nameError) Errors["name"] = nameError;
        if (Passwords.Error(password, Name) is { } passwordError) Errors["password"] = passwordError;
        else if (again != password) Errors["again"] = "must be the same password";
        if (Errors.Count > 0)
        {
            if (!isRightSecret) await audit.WriteAsync(HttpContext, AuditAction.SetUp, Name, AuditOutcome.Refused, "wrong one-time secret", cancellationToken);
            return Invalid();
        }
        var admin = new User { Name = Name, Role = UserRole.Admin, PasswordHash = await passwords.HashAsync(password!, cancellationToken) };
        // Somebody else was first.
        if (await store.AddUserAsync(admin, isFirst: true, cancellationToken) != AccessChange.Done) return LocalRedirect("/sign-in");
        await sessions.StartSessionAsync(HttpContext, admin, isLong: false, null, cancellationToken);
        await audit.WriteAsync(HttpContext, AuditAction.SetUp, Name, AuditOutcome.Done, "the first administrator", cancellationToken);
        TempData["Notice"] = $"{Name} is the administrator. Add people and keys under System.";
        return LocalRedirect("/");
    }
}
