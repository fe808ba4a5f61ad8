using System.Globalization;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Mvc.Rendering;

namespace SensorDash.Web.Pages.Display;

/// <summary>Numbers as pages show them. The markup has the invariant format; js/clock.js shows that of the browser's language.</summary>
internal static class NumberText
{
    /// <summary>Two decimals, the resolution of sensors; a dash for null, which differs from 0.</summary>
    public static IHtmlContent Decimal(decimal? value) => Text(value, "0.00");

    /// <summary>A difference, with one decimal and its sign.</summary>
    public static string Difference(decimal value) => value.ToString("+0.0;−0.0;0.0", CultureInfo.InvariantCulture);

    /// <summary>A whole number with its sign.</summary>
    public static string Signed(long value) => value.ToString("+0;−0;0", CultureInfo.InvariantCulture);

    public static IHtmlContent Whole(long value) => Data(value.ToString(CultureInfo.InvariantCulture));

    /// <summary>"1 node", "2 nodes".</summary>
    public static string Count(long count, string one, string? many = null)
        => $"{count.ToString("N0", CultureInfo.InvariantCulture)} {(count == 1 ? one : many ?? one + "s")}";

    private static TagBuilder Text(decimal? value, string format)
    {
        if (value is { } number) return Data(number.ToString(format, CultureInfo.InvariantCulture));
        var dash = new TagBuilder("span") { Attributes = { ["class"] = "none", ["title"] = "no value" } };
        dash.InnerHtml.Append("–");
        return dash;
    }

    private static TagBuilder Data(string text)
    {
        var tag = new TagBuilder("data") { Attributes = { ["value"] = text } };
        tag.InnerHtml.Append(text);
        return tag;
    }
}
