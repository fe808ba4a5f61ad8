using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Options;
using SensorDash.Data.Access;
using SensorDash.Data.Storage;

namespace SensorDash.Web.Security;

/// <summary>Sign-in and rights in the services and the pipeline.</summary>
internal static class AccessSetup
{
    private const string CookieName = "sensordash-session";

    public static void AddAccess(this IServiceCollection services)
    {
        services.AddOptions<SecurityOptions>().BindConfiguration(SecurityOptions.SectionName);
        services.AddSingleton<AccessStore>();
        services.AddSingleton<AccessDirectory>();
        services.AddHostedService(provider => provider.GetRequiredService<AccessDirectory>());
        services.AddSingleton<Exposure>();
        services.AddSingleton<OpenRequests>();
        services.AddSingleton<Tickets>();
        services.AddSingleton<Passwords>();
        services.AddSingleton<Sessions>();
        services.AddSingleton<SetUp>();
        services.AddSingleton<SocketSignIn>();
        services.AddAuthentication(AccessHandler.Name)
            .AddScheme<AuthenticationSchemeOptions, AccessHandler>(AccessHandler.Name, null)
            .AddCookie(AccessHandler.Cookie, cookie =>
            {
                cookie.Cookie.Name = CookieName;
                cookie.Cookie.HttpOnly = true;
                cookie.Cookie.SameSite = SameSiteMode.Lax;
                cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest; // Also plain http in a home network.
                cookie.SlidingExpiration = false;
                cookie.Events.OnValidatePrincipal = ValidateAsync;
            });
        services.AddSingleton<RequestRates>();
        services.AddAuthorization(Rights.AddPolicies);
        services.Configure<CookieTempDataProviderOptions>(cookie => cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest);
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<SecurityOptions>>((forwarded, security) =>
        {
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();
            var networks = security.Value.ProxyNetworks;
            if (networks.Count == 0) return; // From nobody, then.
            forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            foreach (var network in networks) forwarded.KnownIPNetworks.Add(network);
        });
    }

    /// <summary>Finds out who asks and whether they may, and watches the request as long as it runs.</summary>
    public static void UseAccess(this IApplicationBuilder app)
    {
        app.UseAuthentication();
        RequestRates.Use(app);
        app.UseAuthorization();
        KeyLimit.Use(app);
        var open = app.ApplicationServices.GetRequiredService<OpenRequests>();
        app.Use(async (context, next) =>
        {
            // A form by which people sign out, or lose a role, is to be answered. All else may go on for hours: streams, downloads, bodies of readings.
            var isForm = !HttpMethods.IsGet(context.Request.Method) && context.GetEndpoint()?.Metadata.GetMetadata<PageActionDescriptor>() is not null;
            using var watched = isForm ? null : open.Watch(context);
            await next(context);
        });
    }

    // The cookie only names a session; the session says who it is and what they may do now.
    private static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        var services = context.HttpContext.RequestServices;
        var (directory, now) = (services.GetRequiredService<AccessDirectory>(), services.GetRequiredService<TimeProvider>().NowMicroseconds());
        if (context.Principal?.FindFirst(Rights.SessionClaim)?.Value is { } session && directory.Current?.FindUser(session, now) is { } user)
        {
            context.Principal = Rights.Of(user, session);
            return;
        }
        context.RejectPrincipal();
        await Task.CompletedTask;
    }
}
