using System.Globalization;
using System.Text;
using NodaTime;

namespace SensorDash.Data.Events;

/// <summary>Times of events: RFC 3339 with a UTC offset in the API, Unix microseconds internally.</summary>
public static class EventTime
{
    /// <summary>Maximum length of a time as text, in bytes.</summary>
    public const int MaxTextLength = 64;

    /// <summary>2000-01-01T00:00:00Z. An older source time comes from a wrong clock, and would create a separate partition.</summary>
    public const long Earliest = 946_684_800_000_000;

    /// <summary>Maximum time that a source time may be ahead of the server's clock.</summary>
    public const long MaxAhead = 86_400_000_000;

    // 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z.
    private const long MinTime = -62_135_596_800_000_000;
    private const long MaxTime = 253_402_300_799_999_999;

    private const int MicrosecondDigits = 6;
    private const long MicrosecondsPerMinute = 60_000_000;

    /// <summary>Reads RFC 3339: years 0001 to 9999, any UTC offset, any number of decimals; decimals after the sixth are ignored.</summary>
    /// <param name="text">Such as <c>2026-01-26T10:00:00.25+01:00</c>.</param>
    /// <param name="time">Unix microseconds.</param>
    /// <param name="isCanonical">Whether <paramref name="text"/> equals <see cref="Format(long)"/> of <paramref name="time"/>.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, out long time, out bool isCanonical)
    {
        (time, isCanonical) = (0, false);
        // 2026-01-26T10:00:00Z
        if (text.Length is < 20 or > MaxTextLength || text[4] != '-' || text[7] != '-' || text[10] is not ((byte)'T' or (byte)'t')
            || text[13] != ':' || text[16] != ':') return false;
        if (Number(text[..4]) is not (>= 1 and var year) || Number(text[5..7]) is not (>= 1 and <= 12 and var month)
            || Number(text[8..10]) is not (>= 1 and var day) || day > DateTime.DaysInMonth(year, month)
            || Number(text[11..13]) is not (>= 0 and <= 23 and var hour) || Number(text[14..16]) is not (>= 0 and <= 59 and var minute)
            || Number(text[17..19]) is not (>= 0 and <= 59 and var second)) return false;
        var rest = text[19..];
        if (!TakeFraction(ref rest, out var microseconds) || !TryParseZone(rest, out var offsetMinutes)) return false;
        var ticks = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc).Ticks - DateTime.UnixEpoch.Ticks;
        time = (ticks / TimeSpan.TicksPerMicrosecond) + microseconds - (offsetMinutes * MicrosecondsPerMinute);
        if (time is < MinTime or > MaxTime) return false; // The offset moves it out of the calendar.

        // Format only a text that can be canonical: it has no fraction or six decimals, and ends in Z.
        if (text.Length is not (20 or 27) || text[^1] != 'Z' || text[10] != 'T') return true;
        isCanonical = text.Length == 20 || microseconds != 0;
        return true;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{byte}, out long, out bool)"/>
    public static bool TryParse(ReadOnlySpan<char> text, out long time)
    {
        time = 0;
        Span<byte> utf8 = stackalloc byte[MaxTextLength];
        return text.Length <= MaxTextLength && Ascii.FromUtf16(text, utf8, out var length) == System.Buffers.OperationStatus.Done
            && TryParse(utf8[..length], out time, out _);
    }

    /// <summary>The canonical text: UTC with <c>Z</c>, six decimals if there are microseconds, else none.</summary>
    /// <param name="time">Unix microseconds of the years 0001 to 9999.</param>
    public static string Format(long time)
    {
        Span<byte> text = stackalloc byte[MaxTextLength];
        return Encoding.ASCII.GetString(text[..Format(time, text)]);
    }

    /// <summary>The time in a time zone, with its UTC offset: six decimals if there are microseconds, else none.</summary>
    /// <inheritdoc cref="Format(long)" path="/param"/>
    public static string Format(long time, DateTimeZone zone)
    {
        var at = Instant.FromUnixTimeTicks(time * TimeSpan.TicksPerMicrosecond).InZone(zone).ToDateTimeOffset();
        return at.ToString(at.Ticks % TimeSpan.TicksPerSecond != 0 ? "yyyy-MM-ddTHH:mm:ss.ffffffzzz" : "yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture);
    }

    /// <param name="text">At least <see cref="MaxTextLength"/> bytes.</param>
    /// <returns>Bytes written: 20 or 27.</returns>
    /// <inheritdoc cref="Format(long)"/>
    public static int Format(long time, Span<byte> text)
    {
        var at = DateTime.UnixEpoch.AddTicks(time * TimeSpan.TicksPerMicrosecond);
        var hasMicroseconds = at.Ticks % TimeSpan.TicksPerSecond != 0;
        at.TryFormat(text, out var length, hasMicroseconds ? "yyyy-MM-ddTHH:mm:ss.ffffffZ" : "yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        return length;
    }

    private static int Number(ReadOnlySpan<byte> digits)
    {
        var number = 0;
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9') return -1;
            number = (number * 10) + (digit - '0');
        }
        return number;
    }

    private static bool TakeFraction(ref ReadOnlySpan<byte> rest, out int microseconds)
    {
        microseconds = 0;
        if (rest.IsEmpty || rest[0] != '.') return true;
        rest = rest[1..];
        var count = rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (count <= 0) return false;
        microseconds = Number(rest[..Math.Min(count, MicrosecondDigits)]);
        for (var i = count; i < MicrosecondDigits; i++) microseconds *= 10;
        rest = rest[count..];
        return true;
    }

    private static bool TryParseZone(ReadOnlySpan<byte> zone, out int offsetMinutes)
    {
        offsetMinutes = 0;
        if (zone.Length == 1) return zone[0] is (byte)'Z' or (byte)'z';
        if (zone.Length != 6 || zone[0] is not ((byte)'+' or (byte)'-') || zone[3] != ':') return false;
        if (Number(zone[1..3]) is not (>= 0 and <= 23 and var hours) || Number(zone[4..]) is not (>= 0 and <= 59 and var minutes)) return false;
        offsetMinutes = ((hours * 60) + minutes) * (zone[0] == '-' ? -1 : 1);
        return true;
    }
}
