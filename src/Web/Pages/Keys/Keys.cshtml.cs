using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using SensorDash.Data.Access;
using SensorDash.Data.Storage;
using SensorDash.Web.Pages.Display;
using SensorDash.Web.Security;

namespace SensorDash.Web.Pages.Keys;

/// <summary>Makes and revokes API keys.</summary>
[Need(Need.Admin)]
[ResponseCache(NoStore = true, Location = ResponseCacheLocation.None)]
internal sealed class KeysModel(AccessStore store, AccessDirectory directory, AuditTrail audit, TimeProvider clock) : FormPage
{
    private const long DayMicroseconds = 86_400_000_000;

    /// <summary>After how many days a key may expire; 0: never.</summary>
    public static IReadOnlyList<(int Days, string Label)> Lifetimes { get; } = [(0, "never"), (1, "1 day"), (30, "30 days"), (90, "90 days"), (365, "1 year")];

    public ViewSettings View { get; private set; } = null!; // The rest is set before the page renders.
    public IReadOnlyList<ApiKey> Keys { get; private set; } = [];

    /// <summary>The text of a key that was just made.</summary>
    public string? NewKey { get; private set; }

    public string? NewName { get; private set; }

    /// <summary>The form, as typed.</summary>
    public KeyForm Added { get; private set; } = new("", KeyScopes.None, "", "");

    public int Days { get; private set; }

    /// <summary>Unix microseconds.</summary>
    public long Now => clock.NowMicroseconds();

    public Task OnGetAsync(CancellationToken cancellationToken) => LoadAsync(cancellationToken);

    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostAddAsync(string? name, string[]? scope, string? nodes, string? eventScopes, string? days, CancellationToken cancellationToken)
    {
        if (!int.TryParse(days, NumberStyles.None, CultureInfo.InvariantCulture, out var lifetime) || Lifetimes.All(l => l.Days != lifetime)) return BadRequest();
        if (!KeyLimits.TryParseScopes(scope ?? [], out var scopes)) return BadRequest();
        (Added, Days) = (new((name ?? "").Trim(), scopes, (nodes ?? "").Trim(), (eventScopes ?? "").Trim()), lifetime);
        Check();
        if (Errors.Count > 0) return await InvalidAsync(cancellationToken);
        var (text, prefix, hash) = ApiKeys.Create();
        var key = new ApiKey
        {
            Name = Added.Name,
            Prefix = prefix,
            Hash = hash,
            Scopes = scopes,
            Nodes = KeyLimits.NormalizeNodes(Added.Nodes),
            EventScopes = KeyLimits.NormalizeEventScopes(Added.EventScopes),
            CreatedBy = User.Identity!.Name!,
            ExpiresAt = lifetime == 0 ? null : Now + (lifetime * DayMicroseconds),
        };
        switch (await store.AddKeyAsync(key, cancellationToken))
        {
            case AccessChange.AlreadyExists:
                Errors["name"] = "is the name of another key";
                return await InvalidAsync(cancellationToken);
            case AccessChange.TooMany:
                Errors["name"] = $"is one too many: there may be {AccessStore.MaxKeys} keys that are not revoked";
                return await InvalidAsync(cancellationToken);
        }
        await directory.RefreshAsync(cancellationToken);
        var limits = KeyLimits.Describe(key.Nodes, key.EventScopes);
        await audit.WriteAsync(HttpContext, AuditAction.KeyAdd, Named(key), AuditOutcome.Done, $"scopes: {scopes.ToString().ToLowerInvariant()}{(limits.Length > 0 ? $"; {limits}" : "")}", cancellationToken);
        // No redirect, unlike other forms: the key would have to be kept somewhere until the next request.
        (NewKey, NewName, Added, Days) = (text, key.Name, new("", KeyScopes.None, "", ""), 0);
        await LoadAsync(cancellationToken);
        return Page();
    }

    [Need(Need.Admin)]
    public async Task<IActionResult> OnPostRevokeAsync(int id, CancellationToken cancellationToken)
    {
        if (await store.RevokeKeyAsync(id, cancellationToken) is not { } key) return NotFound();
        await directory.RefreshAsync(cancellationToken);
        await audit.WriteAsync(HttpContext, AuditAction.KeyRevoke, Named(key), AuditOutcome.Done, null, cancellationToken);
        TempData["Notice"] = $"Revoked {key.Name}; its requests, streams and sockets are ended.";
        return LocalRedirect(ViewSettings.Of(HttpContext).CurrentUrl.ToString());
    }

    // The prefix too: a name can be used again.
    private static string Named(ApiKey key) => $"key {key.Name}, {ApiKeys.Mark}{key.Prefix}…";

    private void Check()
    {
        if (KeyLimits.NameError(Added.Name) is { } nameError) Errors["name"] = nameError;
        if (Added.Scopes == KeyScopes.None) Errors["scope"] = "choose at least one";
        if (KeyLimits.NodesError(Added.Nodes) is { } nodesError) Errors["nodes"] = nodesError;
        if (KeyLimits.EventScopesError(Added.EventScopes) is { } scopesError) Errors["eventScopes"] = scopesError;
        if (Added.Scopes.HasFlag(KeyScopes.Admin) && Added.Nodes.Length + Added.EventScopes.Length > 0) Errors["scope"] = "admin cannot be limited";
    }

    private async Task<PageResult> InvalidAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        return Invalid();
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        View = ViewSettings.Of(HttpContext);
        Keys = await store.ListKeysAsync(cancellationToken);
    }
}

/// <summary>The form of a new key, as typed.</summary>
internal sealed record KeyForm(string Name, KeyScopes Scopes, string Nodes, string EventScopes);
