using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Mvc.Rendering;

namespace SensorDash.Web.Pages.Display.Plots;

/// <summary>Text of a drawing. Razor reserves the element's name inside blocks of code.</summary>
internal static class SvgText
{
    public static IHtmlContent Of(string x, string y, string text, string? dy = null, string? cssClass = null)
    {
        var tag = new TagBuilder("text") { Attributes = { ["x"] = x, ["y"] = y } };
        if (dy is not null) tag.Attributes["dy"] = dy;
        if (cssClass is not null) tag.AddCssClass(cssClass);
        tag.InnerHtml.Append(text);
        return tag;
    }

    /// <summary>The value of a tick; those at the ends stay within the drawing.</summary>
    public static IHtmlContent Tick(decimal tick, PlotScale scale, int height)
        => Of("33", LinePlot.Number(scale.At(tick, height)), LinePlot.Label(tick), tick == scale.Highest ? "9" : tick == scale.Lowest ? "0" : "4");
}
