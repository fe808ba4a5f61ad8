using System.Globalization;
using NodaTime;

namespace SensorDash.Web.Pages.Display;

/// <summary>Time zone, unit, refresh interval and theme of one request. All but the theme are in the URL, so that a link shows everybody the same.</summary>
internal sealed class ViewSettings
{
    /// <summary>Cookie with the browser's time zone, which no request header contains. js/app.js sets it.</summary>
    public const string ZoneCookie = "sensordash-zone";
    public const string ThemeCookie = "sensordash-theme";
    public const string BrowserZone = "browser";
    public const int DefaultRefreshSeconds = 30;

    private static readonly object _itemKey = new();

    private readonly bool _isZoneKnown;

    private ViewSettings(HttpContext context)
    {
        CurrentUrl = new PageUrl(context.Request);
        var (query, cookies) = (context.Request.Query, context.Request.Cookies);
        var tz = query["tz"].ToString();
        ZoneChoice = tz.Length == 0 ? BrowserZone : tz;
        var name = ZoneChoice == BrowserZone ? cookies[ZoneCookie] ?? "UTC" : ZoneChoice;
        var found = DateTimeZoneProviders.Tzdb.GetZoneOrNull(name);
        ZoneError = found is null && ZoneChoice != BrowserZone ? $"“{name}” is not a valid IANA time zone, such as Europe/Paris. Times are in UTC." : null;
        Zone = found ?? DateTimeZone.Utc;
        _isZoneKnown = found is not null && cookies.ContainsKey(ZoneCookie);
        HasScript = cookies.ContainsKey(ZoneCookie);
        Fahrenheit = query["unit"] == "f";
        IsRefreshChosen = int.TryParse(query["refresh"], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && RefreshChoices.Any(c => c.Seconds == seconds);
        RefreshSeconds = IsRefreshChosen ? seconds : DefaultRefreshSeconds;
        Theme = cookies[ThemeCookie] is "light" or "dark" ? cookies[ThemeCookie] : null;
    }

    public static IReadOnlyList<(int Seconds, string Label)> RefreshChoices { get; } = [(0, "off"), (5, "5 s"), (10, "10 s"), (30, "30 s"), (60, "1 min")];

    /// <summary>The URL of this page, from which its links are made.</summary>
    public PageUrl CurrentUrl { get; }

    /// <summary><see cref="BrowserZone"/>, <c>UTC</c> or an IANA name, as selected.</summary>
    public string ZoneChoice { get; }

    /// <summary>Why the selected time zone is not used; null when it is.</summary>
    public string? ZoneError { get; }

    public DateTimeZone Zone { get; }

    /// <summary>The time zone and where it comes from.</summary>
    public string ZoneText => ZoneChoice != BrowserZone ? Zone.Id : _isZoneKnown ? $"{Zone.Id} (browser)" : "UTC (browser time zone unknown)";

    /// <summary>Whether this browser runs scripts, and so can fetch parts of a page.</summary>
    public bool HasScript { get; }

    public bool Fahrenheit { get; }

    public string TemperatureUnit => Fahrenheit ? "°F" : "°C";

    /// <summary>0: off.</summary>
    public int RefreshSeconds { get; }

    /// <summary>Without scripts a page reloads, and loses what was typed, only when somebody asked for it.</summary>
    public bool IsRefreshChosen { get; }

    /// <summary><c>light</c> or <c>dark</c>; null follows the system.</summary>
    public string? Theme { get; }

    public static ViewSettings Of(HttpContext context)
    {
        if (context.Items[_itemKey] is ViewSettings known) return known;
        var settings = new ViewSettings(context);
        context.Items[_itemKey] = settings;
        return settings;
    }

    /// <summary>A temperature in the selected unit.</summary>
    public decimal? Temperature(decimal? celsius) => Fahrenheit ? (celsius * 9 / 5) + 32 : celsius;
}
