using System.Globalization;
using NodaTime;

namespace SensorDash.Web.Pages.Display;

/// <summary>How one request wants times and temperatures shown. All but the theme stands in the address, so that a link shows everyone the same.</summary>
internal sealed class ViewSettings
{
    /// <summary>Cookie with the browser's own zone, set by js/theme.js; the one thing a server cannot ask for.</summary>
    public const string ZoneCookie = "sensordash-zone";
    public const string ThemeCookie = "sensordash-theme";
    public const string BrowserZone = "browser";

    private static readonly object _itemKey = new();

    private readonly bool _isZoneKnown;

    private ViewSettings(HttpContext context)
    {
        CurrentUrl = new PageUrl(context.Request);
        var (query, cookies) = (context.Request.Query, context.Request.Cookies);
        var wanted = query["tz"].ToString();
        ZoneChoice = wanted.Length == 0 || wanted == BrowserZone ? BrowserZone : wanted;
        var name = ZoneChoice == BrowserZone ? cookies[ZoneCookie] ?? "UTC" : ZoneChoice;
        var found = DateTimeZoneProviders.Tzdb.GetZoneOrNull(name);
        ZoneError = found is null && ZoneChoice != BrowserZone ? $"“{name}” is no IANA time zone such as Europe/Paris; times are UTC." : null;
        Zone = found ?? DateTimeZone.Utc;
        _isZoneKnown = found is not null && cookies.ContainsKey(ZoneCookie);
        HasScript = cookies.ContainsKey(ZoneCookie);
        Fahrenheit = query["unit"] == "f";
        RefreshSeconds = int.TryParse(query["refresh"], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && RefreshChoices.Any(c => c.Seconds == seconds) ? seconds : 0;
        Theme = cookies[ThemeCookie] is "light" or "dark" ? cookies[ThemeCookie] : null;
    }

    public static IReadOnlyList<(int Seconds, string Words)> RefreshChoices { get; } = [(0, "off"), (5, "5 s"), (10, "10 s"), (30, "30 s"), (60, "1 min")];

    /// <summary>This page's own address, from which its links are made.</summary>
    public PageUrl CurrentUrl { get; }

    /// <summary><see cref="BrowserZone"/>, <c>UTC</c> or an IANA name, as chosen.</summary>
    public string ZoneChoice { get; }

    /// <summary>Why the chosen zone is not used, or null.</summary>
    public string? ZoneError { get; }

    public DateTimeZone Zone { get; }

    /// <summary>The zone and why it is this one.</summary>
    public string ZoneText => ZoneChoice != BrowserZone ? Zone.Id : _isZoneKnown ? $"{Zone.Id} (browser)" : "UTC (the browser's zone is not known)";

    /// <summary>Whether this browser has run our scripts before, and so can fetch parts of a page by itself.</summary>
    public bool HasScript { get; }

    public bool Fahrenheit { get; }

    public string TemperatureUnit => Fahrenheit ? "°F" : "°C";

    /// <summary>0: off.</summary>
    public int RefreshSeconds { get; }

    /// <summary><c>light</c> or <c>dark</c>; null follows the system.</summary>
    public string? Theme { get; }

    public static ViewSettings Of(HttpContext context)
    {
        if (context.Items[_itemKey] is ViewSettings known) return known;
        var settings = new ViewSettings(context);
        context.Items[_itemKey] = settings;
        return settings;
    }

    /// <summary>A temperature in the chosen unit.</summary>
    public decimal? Temperature(decimal? celsius) => Fahrenheit ? (celsius * 9 / 5) + 32 : celsius;
}
