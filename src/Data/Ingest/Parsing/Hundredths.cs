namespace SensorDash.Data.Ingest.Parsing;

/// <summary>Parses decimal text as whole hundredths, exact at any length: 25.34 is 2534 because no double is involved and no digit is dropped.</summary>
internal static class Hundredths
{
    // Ten million in hundredths: beyond every quantity, so that an error text can still contain a value that is slightly too large.
    private const long Limit = 1_000_000_000;

    // Far above any valid value, far below the limit of an int.
    private const int MaxExponent = 1_000_000;

    /// <summary>Reads a number in either notation, such as 21.5 or 2.15e1.</summary>
    /// <param name="text">An optional sign, digits with at most one dot, an optional exponent.</param>
    /// <param name="value">Hundredths, rounded half away from zero; null if the number is ten million or more.</param>
    /// <returns>False if the text is not a number.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, out long? value)
    {
        value = null;
        var rest = text;
        var isNegative = TakeSign(ref rest);
        var mantissa = rest.IndexOfAny((byte)'e', (byte)'E') is >= 0 and var end ? rest[..end] : rest;
        var dot = mantissa.IndexOf((byte)'.');
        var whole = dot < 0 ? mantissa : mantissa[..dot];
        var fraction = dot < 0 ? default : mantissa[(dot + 1)..];
        if (whole.Length + fraction.Length == 0 || !AreDigits(whole) || !AreDigits(fraction)) return false;
        if (!TryTakeExponent(rest[mantissa.Length..], out var exponent)) return false;

        // Hundredths end this many digits after the first digit of the mantissa; the next digit determines the rounding.
        var length = whole.Length + exponent + 2;
        var (sum, digits) = (0L, Math.Min(length, whole.Length + fraction.Length));
        for (var i = 0; i < digits; i++)
        {
            sum = (sum * 10) + DigitAt(whole, fraction, i);
            if (sum >= Limit) return true;
        }
        for (var i = digits; i < length && sum != 0; i++)
        {
            sum *= 10;
            if (sum >= Limit) return true;
        }
        if (length >= 0 && length < whole.Length + fraction.Length && DigitAt(whole, fraction, length) >= 5) sum++;
        value = isNegative ? -sum : sum;
        return true;
    }

    private static bool AreDigits(ReadOnlySpan<byte> text) => text.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;

    private static int DigitAt(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> fraction, int index)
        => (index < whole.Length ? whole[index] : fraction[index - whole.Length]) - '0';

    private static bool TakeSign(ref ReadOnlySpan<byte> rest)
    {
        if (rest.IsEmpty || rest[0] is not ((byte)'-' or (byte)'+')) return false;
        var isNegative = rest[0] == '-';
        rest = rest[1..];
        return isNegative;
    }

    private static bool TryTakeExponent(ReadOnlySpan<byte> text, out int exponent)
    {
        exponent = 0;
        if (text.IsEmpty) return true;
        var digits = text[1..]; // After the letter.
        var isNegative = TakeSign(ref digits);
        if (digits.IsEmpty || !AreDigits(digits)) return false;
        foreach (var digit in digits) exponent = Math.Min((exponent * 10) + (digit - '0'), MaxExponent);
        if (isNegative) exponent = -exponent;
        return true;
    }
}
