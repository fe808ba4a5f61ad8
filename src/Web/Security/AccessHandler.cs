using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Options;
using SensorDash.Data.Access;
using SensorDash.Data.Ingest;
using SensorDash.Data.Ingest.Parsing;
using SensorDash.Data.Storage;
using SensorDash.Web.Api;
using SensorDash.Web.Requests;

namespace SensorDash.Web.Security;

/// <summary>Finds out who asks: a program by its key or ticket, a person by the cookie of a session, and everybody while only this machine reaches the server.</summary>
internal sealed class AccessHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, AccessDirectory directory, Exposure exposure, Tickets tickets, OpenRequests open, RejectedRows rejections, IOptions<SecurityOptions> security, TimeProvider clock)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    /// <summary>The scheme.</summary>
    public const string Name = "access";

    /// <summary>The scheme of the cookie.</summary>
    public const string Cookie = "session";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (directory.Current is not { } state) return AuthenticateResult.NoResult();
        var credentials = Credentials.Of(Context);
        if (credentials.Ticket is { } ticket) return tickets.Take(ticket) is { } owner && open.IsStillAllowed(owner) ? Success(owner) : AuthenticateResult.Fail("the ticket is unknown, used or too old; get another one from /api/tickets");
        if (credentials.Key is { } text)
        {
            if (FindKey(state, text) is { } key)
            {
                if (!key.IsValid(clock.NowMicroseconds())) return AuthenticateResult.Fail(key.RevokedAt is not null ? "the key is revoked" : "the key has expired");
                directory.NoteUse(key);
                return Success(Rights.Of(key));
            }
            // Clients of InfluxDB send some token in any case; who needs none is asked for none.
            if (!exposure.IsOpen(Context)) return AuthenticateResult.Fail("the key is unknown");
        }
        if (await Context.AuthenticateAsync(Cookie) is { Succeeded: true } session) return Success(session.Principal!);
        if (exposure.IsOpen(Context)) return Success(Rights.Local);
        if (Context.Connection.RemoteIpAddress is { } remote && security.Value.OpenIngestNetworks.Any(n => n.Contains(remote.IsIPv4MappedToIPv6 ? remote.MapToIPv4() : remote)))
            return Success(Rights.OpenNetwork);
        return AuthenticateResult.NoResult();
    }

    /// <summary>The key of a text; null if there is none.</summary>
    public static ApiKey? FindKey(AccessState state, string text)
        => ApiKeys.TryReadPrefix(text, out var prefix) && state.FindKey(prefix) is { } key && ApiKeys.Matches(key, text) ? key : null;

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var failure = (await HandleAuthenticateOnceSafeAsync()).Failure?.Message;
        if (directory.Current is null)
        {
            await Problems.WriteAsync(Context, StatusCodes.Status503ServiceUnavailable, "users and keys are not read yet; retry");
            return;
        }
        var needsSetUp = !directory.Current.HasAdmin;
        if (Problems.AcceptsHtml(Context) && HttpMethods.IsGet(Request.Method))
        {
            var target = OriginalPath + Request.QueryString;
            Response.Redirect(needsSetUp ? "/set-up" : target == "/" ? "/sign-in" : $"/sign-in?return={Uri.EscapeDataString(target)}");
            return;
        }
        if (Problems.AcceptsHtml(Context))
        {
            await Refuse(StatusCodes.Status401Unauthorized);
            return;
        }
        Response.Headers.WWWAuthenticate = "Bearer";
        var reason = failure ?? (needsSetUp ? "nobody is an administrator yet: open /set-up in a browser" : $"this takes {Rights.Describe(NeedOfEndpoint)}");
        CountRefused(reason);
        await Problems.WriteAsync(Context, StatusCodes.Status401Unauthorized, reason);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        if (Problems.AcceptsHtml(Context)) return Refuse(StatusCodes.Status403Forbidden);
        var reason = Refusal(NeedOfEndpoint);
        CountRefused(reason);
        return Problems.WriteAsync(Context, StatusCodes.Status403Forbidden, reason);
    }

    // A node whose key is wrong never appears; its address is all that is known of it.
    private void CountRefused(string reason)
    {
        if (NeedOfEndpoint is Need.Send or Need.SendReadings) rejections.Count(RejectedRows.Requests, IngestRequest.OriginOf(Context), new RowError("key", reason));
    }

    private Task Refuse(int status)
    {
        Context.Items[PageNeeds.Refused] = NeedOfEndpoint;
        Response.StatusCode = status;
        return Task.CompletedTask;
    }

    private string Refusal(Need need) => $"{Context.User.Identity?.Name} may not do this: it takes {Rights.Describe(need)}";

    private Need NeedOfEndpoint
    {
        get
        {
            var metadata = Context.GetEndpoint()?.Metadata;
            var need = metadata?.GetMetadata<NeedAttribute>()?.Need ?? Need.Admin;
            // Pages take both a role and a person.
            return Context.User.May(need) && metadata?.GetMetadata<PageActionDescriptor>() is not null ? Need.Person : need;
        }
    }

    private static AuthenticateResult Success(ClaimsPrincipal principal) => AuthenticateResult.Success(new(principal, Name));
}
