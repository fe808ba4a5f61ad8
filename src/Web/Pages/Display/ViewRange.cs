using System.Globalization;
using System.Text.RegularExpressions;
using NodaTime;
using NodaTime.Text;

namespace SensorDash.Web.Pages.Display;

/// <summary>The time range of a page.</summary>
/// <param name="From">Unix seconds.</param>
/// <param name="To">Unix seconds, after <paramref name="From"/>.</param>
/// <param name="Length">The length as typed, such as <c>6h</c>, of a range that ends now; null for another range.</param>
/// <param name="Error">Why the page shows another range than the requested one; null when it does not.</param>
/// <param name="Calendar">The calendar range, such as <c>today</c>; null for another range.</param>
internal sealed partial record ViewRange(long From, long To, string? Length, string? Error, CalendarRange? Calendar = null)
{
    public const string Default = "24h";

    // A longer range is a typing error, and reading it would take minutes.
    private const long MaxSeconds = 20 * 366 * 86_400L;

    // 1970 to 2100: nothing that is stored is older or newer, and ranges beside these are still times.
    private const long MaxTime = 4_102_444_800;

    private const string Allowed = "Try 6h, 2d, yesterday, this week, now-2d to now-1d, or two dates such as 2026-05-01 08:00.";

    private static readonly LocalDateTimePattern[] _localPatterns = [
        .. new[] { "uuuu'-'MM'-'dd'T'HH':'mm", "uuuu'-'MM'-'dd'T'HH':'mm':'ss", "uuuu'-'MM'-'dd' 'HH':'mm", "uuuu'-'MM'-'dd' 'HH':'mm':'ss", "uuuu'-'MM'-'dd" }
            .Select(LocalDateTimePattern.CreateWithInvariantCulture)];

    /// <summary>The ranges that pages offer.</summary>
    public static IReadOnlyList<string> Presets { get; } = ["5m", "15m", "1h", "6h", "24h", "2d", "7d", "30d", "90d"];

    /// <summary>Those that the bar shows without opening its menu.</summary>
    public static IReadOnlyList<string> BarPresets { get; } = ["15m", "1h", "6h", "24h", "7d", "30d"];

    public long Seconds => To - From;

    /// <summary>Whether the range ends now, so that it moves along.</summary>
    public bool IsRolling => Length is not null || Calendar is { IsCurrent: true };

    /// <summary>Whether its ends are given, not a length or a name.</summary>
    public bool IsFixed => Length is null && Calendar is null;

    /// <summary>Its length or name as in the URL; null for a fixed range.</summary>
    public string? Name => Length ?? Calendar?.Name;

    private long Now { get; init; }

    public static ViewRange Read(IQueryCollection query, DateTimeZone zone, long now)
        => Parse(query["range"].ToString(), query["from"].ToString(), query["to"].ToString(), zone, now);

    /// <param name="range">A length, a name of <see cref="CalendarRange.Names"/>, a time, or two times separated by " to ". Ignored with <paramref name="from"/> or <paramref name="to"/>.</param>
    /// <param name="from">A time; empty: one day before the end.</param>
    /// <param name="to">A time; empty: now.</param>
    /// <param name="zone">Time zone of times without an offset.</param>
    /// <param name="now">Unix seconds.</param>
    public static ViewRange Parse(string range, string from, string to, DateTimeZone zone, long now) => Read(range, from, to, zone, now) with { Now = now };

    private static ViewRange Read(string range, string from, string to, DateTimeZone zone, long now)
    {
        if (from.Length > 0 || to.Length > 0) return Between(from, to, zone, now);
        var parts = range.Split(" to ", 2, StringSplitOptions.TrimEntries);
        if (parts.Length == 2) return Between(parts[0], parts[1], zone, now);
        var text = range.Trim();
        if (text.Length == 0) text = Default;
        if (CalendarRange.Find(text, zone, now) is var (start, calendar)) return new(start, Math.Max(start + 1, Math.Min(calendar.End, now)), null, null, calendar);
        var length = text.StartsWith("now-", StringComparison.Ordinal) ? text[4..] : text;
        if (ParseLength(length) is { } seconds && seconds <= MaxSeconds) return new(now - seconds, now, text, null);
        return ParseTime(text, zone, now) is not null ? Between(text, "", zone, now) : Invalid(now, $"“{range}” is not a valid range. {Allowed}");
    }

    /// <summary>Parses a time as typed or as in links; null when invalid.</summary>
    public static long? ParseTime(string text, DateTimeZone zone, long now)
    {
        text = text.Trim();
        if (text == "now") return now;
        if (text.StartsWith("now-", StringComparison.Ordinal)) return now - ParseLength(text[4..]);
        if (text.Length > 8 && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var unix)) return unix;
        if (OffsetDateTimePattern.Rfc3339.Parse(text) is { Success: true } exact)
            return IsInstantEverywhere(exact.Value.Year) ? exact.Value.ToInstant().ToUnixTimeSeconds() : null;
        foreach (var pattern in _localPatterns)
        {
            if (pattern.Parse(text) is { Success: true } local)
                return !IsInstantEverywhere(local.Value.Year) ? null : local.Value.InZoneLeniently(zone).ToInstant().ToUnixTimeSeconds(); // A time in a skipped hour moves forward.
        }
        return null;
    }

    /// <summary>The range, moved by a number of its lengths; a calendar range moves to the day, week or month before or after.</summary>
    public (string From, string To) Shifted(int lengths) => Calendar is { } calendar
        ? lengths < 0 ? (ClockText.Utc(calendar.Before), ClockText.Utc(From)) : (ClockText.Utc(calendar.End), ClockText.Utc(calendar.After))
        : (ClockText.Utc(From + (lengths * Seconds)), ClockText.Utc(To + (lengths * Seconds)));

    /// <summary>Double the length around the same middle, but not beyond the current time, after which there is nothing to see.</summary>
    public (string From, string To) Doubled()
    {
        var end = Math.Max(To, Math.Min(To + (Seconds / 2), Now));
        return (ClockText.Utc(end - (2 * Seconds)), ClockText.Utc(end));
    }

    private static ViewRange Between(string from, string to, DateTimeZone zone, long now)
    {
        var end = to.Length == 0 ? now : ParseTime(to, zone, now);
        var start = from.Length == 0 ? end - 86_400 : ParseTime(from, zone, now);
        if (start is null || end is null) return Invalid(now, $"“{(start is null ? from : to)}” is not a valid time. {Allowed}");
        if (start >= end) return Invalid(now, "The range must end after it starts.");
        if (start < 0 || end > MaxTime) return Invalid(now, "The range must be between 1970 and 2100.");
        if (end - start > MaxSeconds) return Invalid(now, "The range must be at most 20 years long.");
        return new(start.Value, end.Value, null, null);
    }

    // At the ends of the calendar an offset leads out of it.
    private static bool IsInstantEverywhere(int year) => year is > 1 and < 9999;

    private static ViewRange Invalid(long now, string error) => new(now - 86_400, now, Default, error);

    private static long? ParseLength(string text)
    {
        if (LengthPattern().Match(text) is not { Success: true } match) return null;
        var unit = match.Groups[2].Value switch { "s" => 1L, "m" => 60, "h" => 3600, "d" => 86_400, "w" => 7 * 86_400, _ => 365 * 86_400 };
        var count = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        return count > 0 ? count * unit : null;
    }

    [GeneratedRegex("^([0-9]{1,6}) ?([smhdwy])$", RegexOptions.CultureInvariant)]
    private static partial Regex LengthPattern();
}
