using System.Reflection;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace SensorDash.Web.Security;

/// <summary>Lets pages and their forms do only what <see cref="NeedAttribute"/> says of them.</summary>
internal sealed class PageNeeds : IPageFilter
{
    /// <summary>Key of the need that a refused request lacked, for the error page.</summary>
    public static readonly object Refused = new();

    /// <summary>The need of a page.</summary>
    public static Need Of(Type page) => page.GetCustomAttribute<NeedAttribute>()?.Need ?? Need.Admin;

    /// <summary>The need of a form or a view of a page.</summary>
    public static Need Of(Type page, MethodInfo handler)
        => handler.GetCustomAttribute<NeedAttribute>()?.Need ?? (handler.Name.StartsWith("OnGet", StringComparison.Ordinal) ? Of(page) : Need.Admin);

    public void OnPageHandlerSelected(PageHandlerSelectedContext context)
    {
    }

    public void OnPageHandlerExecuting(PageHandlerExecutingContext context)
    {
        if (context.HandlerMethod is not { } handler) return;
        var need = Of(context.HandlerInstance.GetType(), handler.MethodInfo);
        if (context.HttpContext.User.May(need)) return;
        context.HttpContext.Items[Refused] = need;
        context.Result = new StatusCodeResult(StatusCodes.Status403Forbidden);
    }

    public void OnPageHandlerExecuted(PageHandlerExecutedContext context)
    {
    }
}

internal static class PageNeedsOptions
{
    public static void AddNeeds(this RazorPagesOptions pages)
    {
        pages.Conventions.ConfigureFilter(new PageNeeds());
        pages.Conventions.AddFolderApplicationModelConvention("/", page =>
        {
            var need = PageNeeds.Of(page.ModelType!);
            page.EndpointMetadata.Add(new NeedAttribute(need));
            page.EndpointMetadata.Add(need == Need.Nothing ? new AllowAnonymousAttribute() : new AuthorizeAttribute(need.ToString()));
            // Programs have the API; a key that is let out must not make another one.
            if (need != Need.Nothing) page.EndpointMetadata.Add(new AuthorizeAttribute(nameof(Need.Person)));
        });
    }
}
