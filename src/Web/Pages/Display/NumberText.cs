using System.Globalization;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Mvc.Rendering;

namespace SensorDash.Web.Pages.Display;

/// <summary>Numbers as pages show them. The markup has the machine's form; js/clock.js shows the reader's.</summary>
internal static class NumberText
{
    /// <summary>Two decimals, as sensors send them; a dash when there is no value, so that 0 stays one.</summary>
    public static IHtmlContent Decimal(decimal? value) => Text(value, "0.00");

    /// <summary>Two to four decimals: percentiles lie between two readings.</summary>
    public static IHtmlContent Percentile(decimal? value) => Text(value, "0.00##");

    public static IHtmlContent Whole(long value) => Data(value.ToString(CultureInfo.InvariantCulture));

    /// <summary>"1 node", "2 nodes".</summary>
    public static string Count(long count, string one, string? many = null)
        => $"{count.ToString("N0", CultureInfo.InvariantCulture)} {(count == 1 ? one : many ?? one + "s")}";

    private static TagBuilder Text(decimal? value, string format)
    {
        if (value is { } number) return Data(number.ToString(format, CultureInfo.InvariantCulture));
        var none = new TagBuilder("span") { Attributes = { ["class"] = "none", ["title"] = "no value" } };
        none.InnerHtml.Append("–");
        return none;
    }

    private static TagBuilder Data(string text)
    {
        var tag = new TagBuilder("data") { Attributes = { ["value"] = text } };
        tag.InnerHtml.Append(text);
        return tag;
    }
}
