using Microsoft.AspNetCore.Html;

namespace SensorDash.Web.Pages.Display;

/// <summary>Line icons of 16 × 16 units. They are decoration: the text or label beside them carries the meaning.</summary>
internal static class Icon
{
    private static readonly Dictionary<string, string> _paths = new()
    {
        ["overview"] = "M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9H7v4.5H2.5zM9 9h4.5v4.5H9z",
        ["analytics"] = "M2 13.5h12M2.5 10 6 6l2.5 2.5 5-6",
        ["events"] = "M1.5 8.5h3l2-5.5 3 10 2-4.5h3",
        ["zones"] = "M2.5 2.5h11v11h-11zM2.5 8.5h6M8.5 2.5v11",
        ["export"] = "M8 2v8.5M4.5 7 8 10.5 11.5 7M2.5 13.5h11",
        ["system"] = "M2.6 12.5a6.3 6.3 0 1 1 10.8 0M8 9.5l3-3.8",
        ["more"] = "M3.5 8h.01M8 8h.01M12.5 8h.01",
        ["up"] = "m3.5 10 4.5-4.5 4.5 4.5",
        ["down"] = "M3.5 6 8 10.5 12.5 6",
        ["previous"] = "M10 3.5 5.5 8l4.5 4.5",
        ["next"] = "M6 3.5 10.5 8 6 12.5",
        ["zoom-out"] = "M11.5 7a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0zM10.3 10.3 14 14M5 7h4",
        ["zoom-reset"] = "M3 6V3h3M13 6V3h-3M3 10v3h3M13 10v3h-3",
        ["refresh"] = "M13.5 8a5.5 5.5 0 1 1-1.6-3.9M13.5 1.5v3.2h-3.2",
        ["table"] = "M2 3h12v10H2zM2 6.5h12M6.5 6.5V13",
        ["chart"] = "M2 2.5v11h12M4.5 10l3-3.5 2.5 2 3.5-4.5",
        ["theme"] = "M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12",
        ["keys"] = "M6 6a2 2 0 1 1 2.7 1.9c-.5.2-.7.6-.7 1.3M8 12h.01",
        ["close"] = "m4 4 8 8M12 4l-8 8",
        ["first"] = "M3.5 3v10M12.5 3 6 8l6.5 5z",
        ["backward"] = "M12 3 4.5 8l7.5 5z",
        ["play"] = "M4.5 3 12 8l-7.5 5z",
        ["pause"] = "M5.5 3v10M10.5 3v10",
        ["arrow"] = "M2 8h11.5M9.5 4l4 4-4 4",
        ["user"] = "M8 8a2.8 2.8 0 1 0 0-5.6A2.8 2.8 0 0 0 8 8zM2.8 13.6a5.2 5.2 0 0 1 10.4 0",
        ["edit"] = "m10.5 3 2.5 2.5L6 12.5l-3 .5.5-3z",
    };

    /// <param name="name">One of the names above.</param>
    public static IHtmlContent Of(string name)
        => new HtmlString($"<svg class=\"icon icon-{name}\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><path d=\"{_paths[name]}\" /></svg>");
}
