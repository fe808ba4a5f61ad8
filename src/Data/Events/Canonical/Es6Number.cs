using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;

namespace SensorDash.Data.Events.Canonical;

/// <summary>Numbers as RFC 8785 writes them: the text of ECMAScript's Number::toString.</summary>
internal static class Es6Number
{
    /// <summary>Longest text: <c>-1.7976931348623157e+308</c> has 24 characters, <c>-0.00000…</c> with 17 digits 25.</summary>
    public const int MaxLength = 32;

    // Up to here every whole number has its own double; beyond it, a store may return a neighbor.
    private const long LargestWhole = 1L << 53;

    // From here on the text has an exponent, so it does not look like a whole number.
    private const double ExponentFrom = 1e21;

    // ECMAScript writes leading zeros of a fraction down to 0.000001.
    private const int MinPoint = -6;
    private const int MaxPoint = 21;

    private const long MantissaBits = (1L << 52) - 1;

    // Maximum length of a double's shortest text in .NET: sign, 17 digits, point and exponent.
    private const int ShortestLength = 32;

    /// <summary>Writes the canonical text of a JSON number.</summary>
    /// <param name="literal">A valid JSON number.</param>
    /// <param name="text">Receives the text; at least <see cref="MaxLength"/> long.</param>
    /// <returns>The reason why no store can return the number unchanged, or null.</returns>
    public static string? Canonicalize(ReadOnlySpan<byte> literal, Span<byte> text, out int length)
    {
        length = 0;
        var isWhole = literal.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0
            || (literal[0] == '-' && literal[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0);
        if (isWhole && (!Utf8Parser.TryParse(literal, out long whole, out _) || whole is > LargestWhole or < -LargestWhole)) return TooLarge(literal);
        if (!double.TryParse(literal, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
            return $"contains the number {Shown(literal)}, which is beyond the range of a double";
        // Also for a notation with a point or an exponent: one value, one result, and canonical text stays canonical.
        if (Math.Abs(value) is > LargestWhole and < ExponentFrom) return TooLarge(literal);
        // Values slightly above are rounded down to it.
        if (Math.Abs(value) == LargestWhole && decimal.TryParse(literal, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact) && Math.Abs(exact) > LargestWhole)
            return TooLarge(literal);
        length = Format(value, text);
        return null;
    }

    private static string TooLarge(ReadOnlySpan<byte> literal) => $"contains the whole number {Shown(literal)}, which is beyond ±2^53; send it as a string";

    private static string Shown(ReadOnlySpan<byte> literal)
        => literal.Length <= MaxLength ? System.Text.Encoding.ASCII.GetString(literal) : System.Text.Encoding.ASCII.GetString(literal[..MaxLength]) + "…";

    /// <summary>Writes a finite number.</summary>
    /// <returns>Bytes written, at most <see cref="MaxLength"/>.</returns>
    public static int Format(double value, Span<byte> text)
    {
        if (value == 0)
        {
            text[0] = (byte)'0'; // Also for -0.
            return 1;
        }
        Span<byte> shortest = stackalloc byte[ShortestLength];
        var shortestLength = FormatShortest(Math.Abs(value), shortest);
        Span<byte> digits = stackalloc byte[ShortestLength];
        var point = Split(shortest[..shortestLength], digits, out var count);
        var at = 0;
        if (value < 0) text[at++] = (byte)'-';
        return at + Lay(digits[..count], point, text[at..]);
    }

    // .NET's shortest text of some powers of two is that of their neighbor, because the distance below them is half of the distance above.
    // For two of these 2,046 powers the text with all digits is also the shortest.
    private static int FormatShortest(double value, Span<byte> text)
    {
        var fits = value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        var isPowerOfTwo = (BitConverter.DoubleToInt64Bits(value) & MantissaBits) == 0;
        if (isPowerOfTwo && double.Parse(text[..length], CultureInfo.InvariantCulture) != value)
            fits = value.TryFormat(text, out length, "E16", CultureInfo.InvariantCulture);
        Debug.Assert(fits);
        return length;
    }

    // The significant digits, and how many digits (with trailing zeros) are left of the point.
    private static int Split(ReadOnlySpan<byte> text, Span<byte> digits, out int count)
    {
        var exponent = 0;
        var mantissa = text;
        if (text.IndexOf((byte)'E') is var e and >= 0)
        {
            exponent = int.Parse(text[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            mantissa = text[..e];
        }
        var point = mantissa.IndexOf((byte)'.');
        if (point < 0) point = mantissa.Length;
        count = 0;
        foreach (var c in mantissa)
        {
            if (c == '.') continue;
            if (count == 0 && c == '0') point--;
            else digits[count++] = c;
        }
        while (count > 1 && digits[count - 1] == '0') count--;
        return point + exponent;
    }

    private static int Lay(ReadOnlySpan<byte> digits, int point, Span<byte> text)
    {
        if (digits.Length <= point && point <= MaxPoint)
        {
            digits.CopyTo(text);
            text[digits.Length..point].Fill((byte)'0');
            return point;
        }
        if (point is > 0 and <= MaxPoint)
        {
            digits[..point].CopyTo(text);
            text[point] = (byte)'.';
            digits[point..].CopyTo(text[(point + 1)..]);
            return digits.Length + 1;
        }
        if (point is > MinPoint and <= 0)
        {
            "0."u8.CopyTo(text);
            text[2..(2 - point)].Fill((byte)'0');
            digits.CopyTo(text[(2 - point)..]);
            return digits.Length + 2 - point;
        }
        var at = 0;
        text[at++] = digits[0];
        if (digits.Length > 1)
        {
            text[at++] = (byte)'.';
            digits[1..].CopyTo(text[at..]);
            at += digits.Length - 1;
        }
        text[at++] = (byte)'e';
        text[at++] = point > 0 ? (byte)'+' : (byte)'-';
        Utf8Formatter.TryFormat(Math.Abs(point - 1), text[at..], out var exponentLength);
        return at + exponentLength;
    }
}
