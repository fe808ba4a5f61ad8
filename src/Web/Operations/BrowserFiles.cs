using Microsoft.AspNetCore.Mvc.ViewFeatures;

namespace SensorDash.Web.Operations;

/// <summary>Scripts, styles and pictures of wwwroot, and how long browsers keep them.</summary>
internal static class BrowserFiles
{
    private const string Forever = "public, max-age=31536000, immutable";

    public static void UseBrowserFiles(this IApplicationBuilder app)
    {
        var versions = app.ApplicationServices.GetRequiredService<IFileVersionProvider>();
        app.UseStaticFiles(new StaticFileOptions
        {
            OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = IsCurrent(file.Context.Request, versions) ? Forever : "no-cache",
        });
    }

    // Pages name the version of each file. Another version is that of a program that was updated since: its content must not be kept under that name.
    private static bool IsCurrent(HttpRequest request, IFileVersionProvider versions)
    {
        var path = request.PathBase + request.Path;
        return request.Query.ContainsKey("v") && versions.AddFileVersionToPath(request.PathBase, path) == path + request.QueryString;
    }
}
