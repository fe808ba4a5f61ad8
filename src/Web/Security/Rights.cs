using System.Runtime.CompilerServices;
using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using SensorDash.Data.Access;

namespace SensorDash.Web.Security;

/// <summary>What an endpoint, a form or a message takes.</summary>
internal enum Need
{
    /// <summary>Nothing: set-up, sign-in and health.</summary>
    Nothing,

    /// <summary>Any user or key.</summary>
    Anyone,

    /// <summary>To send readings.</summary>
    SendReadings,

    /// <summary>To send readings, events and commands.</summary>
    Send,

    Viewer,
    Operator,
    Admin,

    /// <summary>A person who is signed in, with any role.</summary>
    Person,
}

/// <summary>Who asks, and what they may do.</summary>
internal static class Rights
{
    /// <summary>The claim types of the session and of the key of a request.</summary>
    public const string SessionClaim = "session", KeyClaim = "key";

    /// <summary>The name of whoever uses a server that only this machine reaches.</summary>
    public const string ThisMachine = "this machine";

    /// <summary>The name of nodes that need no key.</summary>
    public const string OpenNetworkName = "open network";

    // A gateway may send thousands of requests a second. A change of keys makes new objects of them.
    private static readonly ConditionalWeakTable<ApiKey, ClaimsPrincipal> _ofKeys = [];

    private const string Scheme = AccessHandler.Name;

    /// <summary>A signed-in user.</summary>
    public static ClaimsPrincipal Of(User user, string session)
        => Create(user.Name, $"user:{user.Id}", [.. NeedsOf(user.Role), Need.Person], new Claim(SessionClaim, session), new Claim(ClaimTypes.Role, user.Role.ToString()));

    /// <summary>A program with a key.</summary>
    public static ClaimsPrincipal Of(ApiKey key) => _ofKeys.GetValue(key, Create);

    private static ClaimsPrincipal Create(ApiKey key)
    {
        HashSet<Need> needs = [Need.Anyone];
        if (key.Scopes.HasFlag(KeyScopes.Ingest)) needs.UnionWith([Need.SendReadings, Need.Send]);
        if (key.Scopes.HasFlag(KeyScopes.Read)) needs.Add(Need.Viewer);
        if (key.Scopes.HasFlag(KeyScopes.Admin)) needs.UnionWith(NeedsOf(UserRole.Admin));
        List<Claim> claims = [new(KeyClaim, key.Prefix)];
        if (key.Nodes is { } nodes) claims.Add(new(KeyLimit.NodesClaim, nodes));
        if (key.EventScopes is { } scopes) claims.Add(new(KeyLimit.EventScopesClaim, scopes));
        return Create($"key {key.Name}", $"key:{key.Id}", needs, [.. claims]);
    }

    /// <summary>Everybody on this machine, while nobody signs in.</summary>
    public static ClaimsPrincipal Local { get; } = Create(ThisMachine, "local", [.. NeedsOf(UserRole.Admin), Need.Person]);

    /// <summary>A node of a network that needs no key.</summary>
    public static ClaimsPrincipal OpenNetwork { get; } = Create(OpenNetworkName, "open", [Need.SendReadings]);

    /// <summary>Whether a request may do what takes <paramref name="need"/>.</summary>
    public static bool May(this ClaimsPrincipal principal, Need need) => need == Need.Nothing || principal.HasClaim(NeedClaim, need.ToString());

    /// <summary>The role of a user, as one word; empty for others.</summary>
    public static string Role(this ClaimsPrincipal principal) => principal.FindFirst(ClaimTypes.Role)?.Value.ToLowerInvariant() ?? "";

    /// <summary>What it takes, for people.</summary>
    public static string Describe(Need need) => need switch
    {
        Need.Operator or Need.Viewer or Need.Admin => $"the role {need.ToString().ToLowerInvariant()}, or a key with the scope {(need == Need.Viewer ? "read" : "admin")}",
        Need.SendReadings or Need.Send => "the role operator, or a key with the scope ingest",
        Need.Person => "a person who is signed in, not a key",
        _ => "a sign-in or a key",
    };

    /// <summary>Says what endpoints take.</summary>
    public static TBuilder For<TBuilder>(this TBuilder builder, Need need)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.WithMetadata(new NeedAttribute(need));
        return need == Need.Nothing ? builder.AllowAnonymous() : builder.RequireAuthorization(need.ToString());
    }

    /// <summary>One policy for each need. An endpoint that says nothing takes an administrator.</summary>
    public static void AddPolicies(AuthorizationOptions options)
    {
        foreach (var need in Enum.GetValues<Need>().Where(n => n != Need.Nothing))
            options.AddPolicy(need.ToString(), policy => policy.AddRequirements(new NeedRequirement(need)));
        options.DefaultPolicy = options.FallbackPolicy = options.GetPolicy(nameof(Need.Admin))!;
    }

    private const string NeedClaim = "may";

    private static IEnumerable<Need> NeedsOf(UserRole role) => role switch
    {
        UserRole.Viewer => [Need.Anyone, Need.Viewer],
        UserRole.Operator => [Need.Anyone, Need.Viewer, Need.Operator, Need.SendReadings, Need.Send],
        _ => [Need.Anyone, Need.Viewer, Need.Operator, Need.SendReadings, Need.Send, Need.Admin],
    };

    private static ClaimsPrincipal Create(string name, string id, IEnumerable<Need> needs, params Claim[] claims)
        => new(new ClaimsIdentity([new(ClaimTypes.Name, name), new(ClaimTypes.NameIdentifier, id), .. claims, .. needs.Select(n => new Claim(NeedClaim, n.ToString()))], Scheme));
}

/// <summary>What a page, or a form of a page, takes. A form that says nothing takes an administrator.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class NeedAttribute(Need need) : Attribute
{
    public Need Need => need;
}

/// <summary>Checks one need.</summary>
internal sealed class NeedRequirement(Need need) : AuthorizationHandler<NeedRequirement>, IAuthorizationRequirement
{
    public Need Need => need;

    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, NeedRequirement requirement)
    {
        // Each requirement of an endpoint is asked about all of them.
        if (context.User.May(requirement.Need)) context.Succeed(requirement);
        return Task.CompletedTask;
    }
}
