using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using NodaTime;
using NodaTime.TimeZones;

namespace SensorDash.Data.Export;

/// <summary>Writes cells as UTF-8 into a buffer, without a string per value.</summary>
internal sealed class CsvLine(CsvOptions options, IBufferWriter<byte> output)
{
    private const int LongestNumber = 32;

    private static readonly SearchValues<char> _needsQuotes = SearchValues.Create("\",;\t\r\n");

    private readonly byte _separator = (byte)options.Separator;
    private readonly byte _decimalMark = (byte)options.DecimalMark;
    private bool _startsLine = true;
    private ZoneInterval? _interval;

    public void End()
    {
        Byte((byte)'\n');
        _startsLine = true;
    }

    public void Number(long? value)
    {
        StartCell();
        if (value is not { } given) return;
        Utf8Formatter.TryFormat(given, output.GetSpan(LongestNumber), out var length);
        output.Advance(length);
    }

    public void Number(ulong? value)
    {
        StartCell();
        if (value is not { } given) return;
        Utf8Formatter.TryFormat(given, output.GetSpan(LongestNumber), out var length);
        output.Advance(length);
    }

    /// <summary>A value in hundredths with exactly two decimals.</summary>
    public void Hundredths(short? value)
    {
        StartCell();
        if (value is not { } given) return;
        var span = output.GetSpan(LongestNumber);
        var (length, absolute) = (0, Math.Abs((int)given));
        if (given < 0) span[length++] = (byte)'-';
        Utf8Formatter.TryFormat(absolute / 100, span[length..], out var whole);
        length += whole;
        span[length++] = _decimalMark;
        span[length++] = (byte)('0' + (absolute / 10 % 10));
        span[length++] = (byte)('0' + (absolute % 10));
        output.Advance(length);
    }

    public void Decimal(decimal? value, int decimals)
    {
        StartCell();
        if (value is not { } given) return;
        var span = output.GetSpan(LongestNumber);
        Utf8Formatter.TryFormat(given, span, out var length, new StandardFormat('F', (byte)decimals));
        if (_decimalMark != '.') span[span[..length].IndexOf((byte)'.')] = _decimalMark;
        output.Advance(length);
    }

    public void Time(long unixSeconds)
    {
        if (options.Time == CsvTime.Unix)
        {
            Number(unixSeconds);
            return;
        }
        StartCell();
        var offset = options.Time == CsvTime.Iso ? 0 : OffsetAt(unixSeconds);
        var local = DateTime.UnixEpoch.AddSeconds(unixSeconds + offset);
        var span = output.GetSpan(LongestNumber);
        local.TryFormat(span, out var length, "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        if (options.Time == CsvTime.Iso)
        {
            span[length++] = (byte)'Z';
        }
        else
        {
            span[length++] = offset < 0 ? (byte)'-' : (byte)'+';
            TimeSpan.FromSeconds(Math.Abs(offset)).TryFormat(span[length..], out var written, "hh\\:mm", CultureInfo.InvariantCulture);
            length += written;
        }
        output.Advance(length);
    }

    /// <summary>Text, quoted if necessary. A text that a spreadsheet would run as a formula gets an apostrophe in front of it.</summary>
    public void Text(string? value)
    {
        StartCell();
        if (string.IsNullOrEmpty(value)) return;
        var isFormula = value[0] is '=' or '+' or '-' or '@' or '\t' or '\r';
        if (isFormula) value = "'" + value;
        if (isFormula || value.AsSpan().ContainsAny(_needsQuotes)) value = "\"" + value.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
        Encoding.UTF8.GetBytes(value, output);
    }

    // Consecutive readings usually have the same offset, so the time zone is queried only when its offset may have changed.
    private long OffsetAt(long unixSeconds)
    {
        var instant = Instant.FromUnixTimeSeconds(unixSeconds);
        if (_interval?.Contains(instant) != true) _interval = options.Zone.GetZoneInterval(instant);
        return _interval.WallOffset.Seconds;
    }

    private void StartCell()
    {
        if (!_startsLine) Byte(_separator);
        _startsLine = false;
    }

    private void Byte(byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }
}
