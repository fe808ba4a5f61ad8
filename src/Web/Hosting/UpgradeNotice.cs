using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;

namespace SensorDash.Web.Hosting;

/// <summary>Answers every request while the database is upgraded, which may take minutes: it says how far it is.</summary>
internal sealed class UpgradeNotice
{
    private const string RetrySeconds = "5";

    /// <summary>Where the upgrade is, for people.</summary>
    public string Step { get; set; } = "preparing";

    /// <summary>Writes the whole response: a page that looks again by itself, JSON for other clients. <c>/health/live</c> is ok, because the process lives.</summary>
    public async Task WriteAsync(IFeatureCollection features)
    {
        var (request, response, body) = (features.GetRequiredFeature<IHttpRequestFeature>(), features.GetRequiredFeature<IHttpResponseFeature>(), features.GetRequiredFeature<IHttpResponseBodyFeature>());
        var isLive = request.Path == "/health/live";
        var isPage = !isLive && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
        var detail = $"SensorDash upgrades its database: {Step}; retry";
        var text = isLive ? JsonSerializer.SerializeToUtf8Bytes(new { status = "ok" })
            : isPage ? Encoding.UTF8.GetBytes(Page())
            : JsonSerializer.SerializeToUtf8Bytes(new { type = "about:blank", title = "Service Unavailable", status = 503, detail, error = detail });
        response.StatusCode = isLive ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        var headers = response.Headers;
        headers.ContentType = isPage ? "text/html; charset=utf-8" : isLive ? "application/json" : "application/problem+json";
        headers.ContentLength = text.Length;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        if (!isLive) headers.RetryAfter = RetrySeconds;
        if (isPage) headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
        if (!HttpMethods.IsHead(request.Method)) await body.Writer.WriteAsync(text);
        await body.CompleteAsync();
    }

    // The style sheet of the hub is not served yet.
    private string Page() => $$"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="refresh" content="{{RetrySeconds}}">
        <title>Upgrading · SensorDash</title>
        <style>
        :root { color-scheme: light dark; }
        body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: light-dark(#f3f4f6, #0b0e11); color: light-dark(#14181d, #e4e8ec); font: 14px/1.5 system-ui, sans-serif; }
        main { max-width: 360px; margin: 16px; padding: 24px; border: 1px solid light-dark(#cfd4da, #2e363f); background: light-dark(#fff, #12161a); }
        h1 { margin: 0 0 8px; font-size: 18px; }
        p { margin: 8px 0 0; }
        .muted { color: light-dark(#545e6b, #9aa5b1); }
        </style>
        </head>
        <body>
        <main>
        <h1>SensorDash upgrades its database</h1>
        <p role="status">{{WebUtility.HtmlEncode(string.Create(CultureInfo.InvariantCulture, $"{char.ToUpperInvariant(Step[0])}{Step[1..]}."))}}</p>
        <p class="muted">Nothing is lost if it is interrupted: it goes on at the next start. This page looks again every {{RetrySeconds}} seconds.</p>
        </main>
        </body>
        </html>
        """;
}
