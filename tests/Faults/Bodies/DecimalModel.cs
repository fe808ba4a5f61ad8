using System.Globalization;
using System.Numerics;

namespace SensorDash.Faults.Tests.Bodies;

/// <summary>Decimal text as hundredths, by arithmetic on whole numbers of any size: independent of the product's digits.</summary>
internal static class DecimalModel
{
    private const int MaxShift = 60; // Beyond every quantity.

    /// <param name="text">A sign, digits with at most one dot, an exponent; all but one digit optional.</param>
    /// <param name="value">Rounded half away from zero; null when it is beyond every quantity.</param>
    /// <returns>False if it is not a number.</returns>
    public static bool TryParse(string text, out long? value)
    {
        value = null;
        var e = text.IndexOfAny(['e', 'E']);
        var (mantissa, exponentText) = e < 0 ? (text, "0") : (text[..e], text[(e + 1)..]);
        var isNegative = mantissa.StartsWith('-');
        if (mantissa.StartsWith('-') || mantissa.StartsWith('+')) mantissa = mantissa[1..];
        var dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        var digits = dot < 0 ? mantissa : mantissa[..dot] + mantissa[(dot + 1)..];
        var decimals = dot < 0 ? 0 : mantissa.Length - dot - 1;
        if (!AreDigits(digits) || !AreDigits(exponentText.StartsWith('-') || exponentText.StartsWith('+') ? exponentText[1..] : exponentText)) return false;

        var number = BigInteger.Parse("0" + digits, CultureInfo.InvariantCulture);
        var shift = BigInteger.Parse(exponentText, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) - decimals + 2;
        if (number.IsZero || shift < -digits.Length - 1) value = 0;
        else if (shift > MaxShift) return true;
        else
        {
            var rounded = shift >= 0 ? number * BigInteger.Pow(10, (int)shift) : RoundedQuotient(number, BigInteger.Pow(10, (int)-shift));
            if (rounded < long.MaxValue) value = isNegative ? -(long)rounded : (long)rounded;
        }
        return true;
    }

    private static BigInteger RoundedQuotient(BigInteger number, BigInteger divisor) => ((2 * number) + divisor) / (2 * divisor);

    private static bool AreDigits(string text) => text.Length > 0 && text.All(char.IsAsciiDigit);
}
