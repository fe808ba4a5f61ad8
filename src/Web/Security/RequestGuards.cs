using System.Net;
using Microsoft.Extensions.Options;
using SensorDash.Web.Requests;

namespace SensorDash.Web.Security;

/// <summary>What is refused before any endpoint sees it, and what every answer says to the browser.</summary>
internal static class RequestGuards
{
    // No inline script or style anywhere: what a page needs comes from wwwroot.
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

    /// <summary>Keeps other machines out unless told otherwise, and other web sites always.</summary>
    public static void UseNetworkGate(this IApplicationBuilder app)
    {
        var options = app.ApplicationServices.GetRequiredService<IOptions<SecurityOptions>>();
        app.Use((context, next) =>
        {
            // The address the request arrived at, not the configured one: it holds for every way of binding.
            if (!options.Value.AllowNetworkAccess && context.Connection.LocalIpAddress is { } local && !IPAddress.IsLoopback(local))
            {
                return Problems.WriteAsync(context, StatusCodes.Status403Forbidden,
                    "SensorDash has no login set up, so it only answers on this machine. "
                    + "Security__AllowNetworkAccess=true opens it to everyone who reaches this port.");
            }
            // Browsers send this header; a page of another site could otherwise post text to /write unasked.
            var method = context.Request.Method;
            if (context.Request.Headers["Sec-Fetch-Site"] == "cross-site" && !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method))
                return Problems.WriteAsync(context, StatusCodes.Status403Forbidden, "Requests from other sites are refused.");
            return next(context);
        });
    }
}
