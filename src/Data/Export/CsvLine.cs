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

    private static readonly long[] _powersOfTen = [1, 10, 100, 1_000, 10_000];

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
        if (value is { } given) FixedPoint(Math.Abs((int)given), given < 0, 2);
    }

    /// <summary>A value with at most <paramref name="decimals"/> decimals, written with exactly as many.</summary>
    public void Decimal(decimal? value, byte decimals)
    {
        StartCell();
        if (value is not { } given) return;
        // Formatting a decimal takes ten times as long, which shows in files of statistics: twelve cells per row.
        if (given.Scale != decimals) given = decimal.Round(given + new decimal(0, 0, 0, false, decimals), decimals);
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(given, parts);
        FixedPoint(((long)parts[1] << 32) | (uint)parts[0], decimal.IsNegative(given), decimals);
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

    private void FixedPoint(long digits, bool isNegative, byte decimals)
    {
        var span = output.GetSpan(LongestNumber);
        var length = 0;
        if (isNegative && digits > 0) span[length++] = (byte)'-';
        var (whole, fraction) = Math.DivRem(digits, _powersOfTen[decimals]);
        Utf8Formatter.TryFormat(whole, span[length..], out var written);
        length += written;
        span[length] = _decimalMark;
        for (var i = decimals; i > 0; i--, fraction /= 10) span[length + i] = (byte)('0' + (fraction % 10));
        output.Advance(length + 1 + decimals);
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
