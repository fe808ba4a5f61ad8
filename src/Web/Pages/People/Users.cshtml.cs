using Microsoft.AspNetCore.Mvc;
using SensorDash.Data.Access;
using SensorDash.Data.Storage;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Security;

namespace SensorDash.Web.Pages.People;

/// <summary>Adds, edits and removes users.</summary>
[Need(Need.Admin)]
internal sealed class UsersModel(AccessStore store, AccessDirectory directory, Passwords passwords, AuditTrail audit, TimeProvider clock) : FormPage
{
    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public IReadOnlyList<User> Users { get; private set; } = [];

    /// <summary>The user whose forms are open; null: none.</summary>
    public User? Selected { get; private set; }

    public string? AddedName { get; private set; }

    public UserRole AddedRole { get; private set; }

    /// <summary>Unix microseconds.</summary>
    public long Now => clock.NowMicroseconds();

    public bool HasAdmin => Users.Any(u => u.Role == UserRole.Admin);

    public Task OnGetAsync(CancellationToken cancellationToken) => LoadAsync(Request.Query["edit"], cancellationToken);

    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostAddAsync(string? name, string? role, string? password, CancellationToken cancellationToken)
    {
        (AddedName, AddedRole) = (Sessions.Normalize(name), RoleOf(role) ?? UserRole.Viewer);
        await LoadAsync(null, cancellationToken);
        // The first administrator is made by set-up only, which may take the secret.
        if (!HasAdmin || RoleOf(role) is null) return BadRequest();
        if (Sessions.NameError(AddedName) is { } nameError) Errors["name"] = nameError;
        if (Passwords.Error(password, AddedName) is { } passwordError) Errors["password"] = passwordError;
        if (Errors.Count > 0) return Invalid();
        var user = new User { Name = AddedName, Role = AddedRole, PasswordHash = await passwords.HashAsync(password!, cancellationToken) };
        switch (await store.AddUserAsync(user, isFirst: false, cancellationToken))
        {
            case AccessChange.AlreadyExists:
                Errors["name"] = "is taken";
                return Invalid();
            case AccessChange.TooMany:
                Errors["name"] = $"is one too many: there may be {AccessStore.MaxUsers} users";
                return Invalid();
            default:
                return await DoneAsync(AuditAction.UserAdd, user.Name, $"Added {user.Name}.", $"role: {role}", cancellationToken);
        }
    }

    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostRoleAsync(string? id, string? role, CancellationToken cancellationToken)
    {
        if (RoleOf(role) is not { } chosen || id is null) return BadRequest();
        return await ChangeAsync(AuditAction.UserRole, id, "role", "must stay admin: nobody else is an administrator", $"{id} is {role} now.", $"role: {role}", () => store.SetRoleAsync(id, chosen, cancellationToken), cancellationToken);
    }

    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostResetAsync(string? id, string? newPassword, CancellationToken cancellationToken)
    {
        if (id is null) return BadRequest();
        if (Passwords.Error(newPassword, id) is { } error)
        {
            Errors["newPassword"] = error;
            await LoadAsync(id, cancellationToken);
            return Invalid();
        }
        var hash = await passwords.HashAsync(newPassword!, cancellationToken);
        return await ChangeAsync(AuditAction.UserPassword, id, "newPassword", "", $"{id} has a new password.", null, () => store.SetPasswordAsync(id, hash, null, cancellationToken), cancellationToken);
    }

    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostRemoveAsync(string? id, string? typedName, CancellationToken cancellationToken)
    {
        if (id is null) return BadRequest();
        if (Sessions.Normalize(typedName) == id)
            return await ChangeAsync(AuditAction.UserRemove, id, "typedName", "is the only administrator and cannot be removed", $"Removed {id}.", null, () => store.RemoveUserAsync(id, cancellationToken), cancellationToken);
        Errors["typedName"] = $"must be exactly “{id}”; nobody was removed";
        await LoadAsync(id, cancellationToken);
        return Invalid();
    }

    private async Task<IActionResult> ChangeAsync(
        string action, string id, string field, string lastAdmin, string notice, string? detail, Func<Task<AccessChange>> change, CancellationToken cancellationToken)
    {
        switch (await change())
        {
            case AccessChange.Done:
                return await DoneAsync(action, id, notice, detail, cancellationToken);
            case AccessChange.LastAdmin:
                Errors[field] = lastAdmin;
                await LoadAsync(id, cancellationToken);
                return Invalid();
            default:
                return NotFound();
        }
    }

    private async Task<IActionResult> DoneAsync(string action, string name, string notice, string? detail, CancellationToken cancellationToken)
    {
        await audit.WriteAsync(HttpContext, action, name, AuditOutcome.Done, detail, cancellationToken);
        await directory.RefreshAsync(cancellationToken);
        TempData["Notice"] = notice;
        return LocalRedirect(ViewSettings.Of(HttpContext).CurrentUrl.With(("edit", null)).ToString());
    }

    private async Task LoadAsync(string? selected, CancellationToken cancellationToken)
    {
        View = ViewSettings.Of(HttpContext);
        Users = await store.ListUsersAsync(cancellationToken);
        Selected = Users.FirstOrDefault(u => u.Name == selected);
    }

    private static UserRole? RoleOf(string? text) => text switch
    {
        "viewer" => UserRole.Viewer,
        "operator" => UserRole.Operator,
        "admin" => UserRole.Admin,
        _ => null,
    };
}
