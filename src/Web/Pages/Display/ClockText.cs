using System.Globalization;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Mvc.Rendering;
using NodaTime;
using NodaTime.Text;
using SensorDash.Data.Nodes;

namespace SensorDash.Web.Pages.Display;

/// <summary>Times as pages show them. The markup always has the exact time.</summary>
internal static class ClockText
{
    private const long DaySeconds = 86_400;

    private static readonly ZonedDateTimePattern _iso = ZonedDateTimePattern.CreateWithInvariantCulture("uuuu'-'MM'-'dd'T'HH':'mm':'sso<Z+HH:mm>", null);
    private static readonly ZonedDateTimePattern _clock = ZonedDateTimePattern.CreateWithInvariantCulture("uuuu'-'MM'-'dd HH':'mm':'ss", null);
    private static readonly ZonedDateTimePattern _minute = ZonedDateTimePattern.CreateWithInvariantCulture("uuuu'-'MM'-'dd HH':'mm", null);
    private static readonly ZonedDateTimePattern _word = ZonedDateTimePattern.CreateWithInvariantCulture("d MMM HH':'mm", null);
    private static readonly ZonedDateTimePattern _wordWithYear = ZonedDateTimePattern.CreateWithInvariantCulture("d MMM uuuu HH':'mm", null);
    private static readonly ZonedDateTimePattern _wordWithSeconds = ZonedDateTimePattern.CreateWithInvariantCulture("d MMM HH':'mm':'ss", null);
    private static readonly ZonedDateTimePattern _date = ZonedDateTimePattern.CreateWithInvariantCulture("uuuu'-'MM'-'dd", null);
    private static readonly ZonedDateTimePattern _timeOfDay = ZonedDateTimePattern.CreateWithInvariantCulture("HH':'mm", null);
    private static readonly ZonedDateTimePattern _input = ZonedDateTimePattern.CreateWithInvariantCulture("uuuu'-'MM'-'dd'T'HH':'mm':'ss", null);
    private static readonly ZonedDateTimePattern _offset = ZonedDateTimePattern.CreateWithInvariantCulture("o<+HH:mm>", null);

    /// <summary>2026-05-01T08:00:00+02:00.</summary>
    public static string Iso(long time, DateTimeZone zone) => _iso.Format(At(time, zone));

    /// <summary>2026-05-01T08:00:00.000123+02:00.</summary>
    /// <param name="microseconds">Unix microseconds.</param>
    public static string IsoPrecise(long microseconds, DateTimeZone zone)
    {
        var time = (long)Math.Floor(microseconds / 1_000_000m);
        return Iso(time, zone).Insert("0000-00-00T00:00:00".Length, FormattableString.Invariant($".{microseconds - (time * 1_000_000):000000}"));
    }

    /// <summary>2026-05-01T06:00:00Z, for links.</summary>
    public static string Utc(long time) => Iso(time, DateTimeZone.Utc);

    /// <summary>2026-05-01 08:00:00, for places that name the time zone themselves.</summary>
    public static string Clock(long time, DateTimeZone zone) => _clock.Format(At(time, zone));

    /// <summary>The format of a <c>datetime-local</c> field.</summary>
    public static string Input(long time, DateTimeZone zone) => _input.Format(At(time, zone));

    /// <summary>+02, +05:30.</summary>
    public static string Offset(long time, DateTimeZone zone) => _offset.Format(At(time, zone));

    /// <summary>A duration to the second: "45 s", "7 min 13 s", "3 h 36 min".</summary>
    public static string Length(long seconds) => string.Join(' ', new[] { (seconds / DaySeconds, "d"), (seconds % DaySeconds / 3600, "h"), (seconds % 3600 / 60, "min"), (seconds % 60, "s") }
        .Where(part => part.Item1 > 0).Select(part => FormattableString.Invariant($"{part.Item1} {part.Item2}")));

    /// <summary>"2026-05-01 08:00 – 09:30".</summary>
    public static string Span(long from, long to, DateTimeZone zone)
    {
        var (start, end) = (At(from, zone), At(to, zone));
        return $"{_minute.Format(start)} – {(start.Date == end.Date ? _timeOfDay.Format(end) : _minute.Format(end))}";
    }

    /// <summary>"1 May 08:00 – 2 May 09:30", with the year when it is not that of <paramref name="now"/>.</summary>
    public static string Words(long from, long to, DateTimeZone zone, long now, bool endsNow = false)
    {
        var (start, end) = (At(from, zone), At(to, zone));
        var pattern = start.Year == At(now, zone).Year ? _word : _wordWithYear;
        return $"{pattern.Format(start)} – {(endsNow ? "now" : (start.Date == end.Date ? _timeOfDay : pattern).Format(end))}";
    }

    /// <summary>"1 May 08:00", for tables that name the time zone themselves.</summary>
    public static IHtmlContent Short(long time, ViewSettings view, bool hasSeconds = false)
        => Tag(time, view, (hasSeconds ? _wordWithSeconds : _word).Format(At(time, view.Zone)) + (IsNearClockChange(time, view.Zone) ? $" {Offset(time, view.Zone)}" : ""));

    /// <summary>"3 min ago", with the exact time as tooltip and for programs; js/clock.js keeps it up to date.</summary>
    public static IHtmlContent Relative(long time, long now, ViewSettings view)
    {
        var tag = Tag(time, view, now >= time ? $"{Liveness.FormatDuration(now - time)} ago" : $"in {Liveness.FormatDuration(time - now)}");
        tag.Attributes["data-relative"] = "";
        return tag;
    }

    /// <summary>Why a node has its status; js/clock.js goes on counting, and js/refresh.js fetches the page when the status is due to change.</summary>
    public static IHtmlContent Reason(Liveness liveness, long now, ViewSettings view)
    {
        var html = new HtmlContentBuilder();
        if (liveness is not { ReceivedSeconds: { } silent, ReasonDuration: { } duration }) return html.Append(liveness.Reason);
        var tag = Tag(now - silent, view, liveness.Reason[duration]);
        tag.Attributes["data-relative"] = "length";
        if (liveness.ChangesAt is { } changes) tag.Attributes["data-turns-at"] = changes.ToString(CultureInfo.InvariantCulture);
        return html.Append(liveness.Reason[..duration.Start]).AppendHtml(tag).Append(liveness.Reason[duration.End..]);
    }

    /// <summary>The exact time.</summary>
    public static IHtmlContent Exact(long time, ViewSettings view)
        => Tag(time, view, Clock(time, view.Zone) + (IsNearClockChange(time, view.Zone) ? $" {Offset(time, view.Zone)}" : ""));

    /// <summary>The exact time of an event, to the microsecond.</summary>
    /// <param name="microseconds">Unix microseconds.</param>
    public static IHtmlContent Precise(long microseconds, ViewSettings view)
    {
        var time = (long)Math.Floor(microseconds / 1_000_000m);
        var fraction = FormattableString.Invariant($".{microseconds - (time * 1_000_000):000000}");
        var tag = Tag(time, view, Clock(time, view.Zone) + fraction + (IsNearClockChange(time, view.Zone) ? $" {Offset(time, view.Zone)}" : ""));
        tag.Attributes["datetime"] = tag.Attributes["title"] = IsoPrecise(microseconds, view.Zone);
        return tag;
    }

    /// <summary>The date of a time.</summary>
    public static IHtmlContent Day(long time, ViewSettings view) => Tag(time, view, _date.Format(At(time, view.Zone)));

    // Around a clock change an hour occurs twice; only the offset distinguishes the two.
    private static bool IsNearClockChange(long time, DateTimeZone zone)
        => At(time - DaySeconds, zone).Offset != At(time, zone).Offset || At(time + DaySeconds, zone).Offset != At(time, zone).Offset;

    private static TagBuilder Tag(long time, ViewSettings view, string text)
    {
        var tag = new TagBuilder("time");
        tag.Attributes["datetime"] = tag.Attributes["title"] = Iso(time, view.Zone);
        tag.InnerHtml.Append(text);
        return tag;
    }

    private static ZonedDateTime At(long time, DateTimeZone zone) => Instant.FromUnixTimeSeconds(time).InZone(zone);
}
