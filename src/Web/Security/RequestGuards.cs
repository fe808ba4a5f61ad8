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

    /// <summary>Rejects requests of a proxy that is not configured, and writing requests from other web sites.</summary>
    public static void UseRequestGates(this IApplicationBuilder app)
    {
        var exposure = app.ApplicationServices.GetRequiredService<Exposure>();
        app.Use((context, next) =>
        {
            if (exposure.IsFromUnknownProxy(context))
            {
                return Problems.WriteAsync(context, StatusCodes.Status403Forbidden,
                    "A proxy passes this request on, and behind it everybody looks local. Add the proxy to the setting Security:Proxies; then everybody signs in.");
            }
            if (IsWrite(context.Request) && IsFromAnotherSite(context.Request))
                return Problems.WriteAsync(context, StatusCodes.Status403Forbidden, "Writing requests from pages of other sites are not allowed.");
            return next(context);
        });
    }

    private static bool IsWrite(HttpRequest request)
        => !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) && !HttpMethods.IsOptions(request.Method);

    // Without the check, pages of other sites could post to /write. Browsers send Origin with every writing request, and Sec-Fetch-Site only to https and
    // localhost; other programs send neither.
    public static bool IsFromAnotherSite(HttpRequest request)
    {
        if (request.Headers["Sec-Fetch-Site"].ToString() is not ("" or "same-origin" or "none")) return true;
        if (request.Headers.Origin.Count == 0) return false;
        if (!Uri.TryCreate(request.Headers.Origin, UriKind.Absolute, out var origin) || origin.Scheme is not ("http" or "https")) return true;
        // The scheme does not count: a proxy may have removed TLS.
        return !origin.Host.Equals(request.Host.Host, StringComparison.OrdinalIgnoreCase) || origin.Port != (request.Host.Port ?? (origin.Scheme == "https" ? 443 : 80));
    }
}
