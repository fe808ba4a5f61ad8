using System.Net;
using Microsoft.Extensions.Options;
using SensorDash.Web.Requests;

namespace SensorDash.Web.Security;

/// <summary>Rejects requests before they reach an endpoint, and adds security headers to all responses.</summary>
internal static class RequestGuards
{
    // Pages have no inline scripts or styles: they load all of them from wwwroot.
    private const string ContentSecurityPolicy =
        "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none'; "
        + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    public static void UseSecurityHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        return next(context);
    });

    /// <summary>Rejects requests from other machines, unless a setting allows them, and writing requests from other web sites.</summary>
    public static void UseNetworkGate(this IApplicationBuilder app)
    {
        var options = app.ApplicationServices.GetRequiredService<IOptions<SecurityOptions>>();
        app.Use((context, next) =>
        {
            // The address that received the request, not the configured one: it is right for every kind of binding.
            if (!options.Value.AllowNetworkAccess && context.Connection.LocalIpAddress is { } local && !IPAddress.IsLoopback(local))
            {
                return Problems.WriteAsync(context, StatusCodes.Status403Forbidden,
                    "SensorDash has no login, so it accepts only requests from this machine. "
                    + "Security__AllowNetworkAccess=true opens it to everyone who can reach this port.");
            }
            // Browsers send this header. Without the check, pages of other sites could post to /write.
            var method = context.Request.Method;
            if (context.Request.Headers["Sec-Fetch-Site"] == "cross-site" && !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method))
                return Problems.WriteAsync(context, StatusCodes.Status403Forbidden, "Cross-site requests are not allowed.");
            return next(context);
        });
    }
}
