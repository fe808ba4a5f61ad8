using System.Globalization;
using System.Numerics;
using System.Text;
using SensorDash.Data.Ingest.Parsing;

namespace SensorDash.Data.Tests.Ingest.Parsing;

/// <summary>Decimal text becomes whole hundredths exactly, whatever its length and notation.</summary>
public sealed class HundredthsTests
{
    [Theory]
    [InlineData("2.61901787426543364745157e+02", 26190L)]
    [InlineData("0.000000000000000000028757e40", null)] // 2.8757e20
    [InlineData("0.000000000000000000028757e21", 2876L)]
    [InlineData("25.3449999999999999999999999999999999999999", 2534L)]
    [InlineData("25.345", 2535L)]
    [InlineData("-25.345", -2535L)]
    [InlineData("-0.004999999999999999999999999999999999", 0L)]
    [InlineData("0.005", 1L)]
    [InlineData("5e-3", 1L)]
    [InlineData("49e-4", 0L)]
    [InlineData("+21.5", 2150L)]
    [InlineData(".5", 50L)]
    [InlineData("5.", 500L)]
    [InlineData("1e-999999999999", 0L)]
    [InlineData("0e999999999999", 0L)]
    [InlineData("1e999999999999", null)]
    [InlineData("9999999.99", 999999999L)]
    [InlineData("10000000", null)]
    public void TryParse_Number_IsItsHundredths(string text, long? expected)
    {
        Assert.True(Hundredths.TryParse(Encoding.ASCII.GetBytes(text), out var value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("-")]
    [InlineData("e5")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("1.2.3")]
    [InlineData("1,5")]
    [InlineData("1 ")]
    [InlineData("--1")]
    [InlineData("1e1.5")]
    [InlineData("NaN")]
    public void TryParse_OtherText_IsNotANumber(string text) => Assert.False(Hundredths.TryParse(Encoding.ASCII.GetBytes(text), out _));

    [Fact]
    public void TryParse_AMillionSpellings_EqualExactArithmetic()
    {
        var random = new Random(20261126);
        for (var i = 0; i < 1_000_000; i++)
        {
            var (text, digits, exponent) = Spell(random);
            Assert.True(Hundredths.TryParse(Encoding.ASCII.GetBytes(text), out var value), text);
            var expected = Exact(digits, exponent);
            if (value != expected) Assert.Fail($"{text} is {expected}, not {value}");
        }
    }

    // A number, and its meaning as digits times a power of ten.
    private static (string Text, BigInteger Digits, int Exponent) Spell(Random random)
    {
        var whole = Digits(random, random.Next(4) == 0 ? random.Next(40) : random.Next(1, 4));
        var fraction = random.Next(3) == 0 ? null : Digits(random, random.Next(4) == 0 ? random.Next(60) : random.Next(6));
        if (whole.Length + (fraction?.Length ?? 0) == 0) whole = "0";
        var exponent = random.Next(2) == 0 ? (int?)null : random.Next(-45, 45);
        var sign = random.Next(5) switch { 0 => "-", 1 => "+", _ => "" };
        var text = sign + whole + (fraction is null ? "" : "." + fraction)
            + (exponent is { } e ? (random.Next(2) == 0 ? "e" : "E") + (e >= 0 && random.Next(2) == 0 ? "+" : "") + e.ToString("D" + random.Next(1, 4), CultureInfo.InvariantCulture) : "");
        var digits = BigInteger.Parse(whole + fraction, CultureInfo.InvariantCulture);
        return (text, sign == "-" ? -digits : digits, (exponent ?? 0) - (fraction?.Length ?? 0));
    }

    private static string Digits(Random random, int count)
        => string.Create(count, random, (span, r) =>
        {
            var zeros = r.Next(3) == 0 ? r.Next(span.Length + 1) : 0;
            for (var i = 0; i < span.Length; i++) span[i] = i < zeros ? '0' : (char)('0' + (r.Next(6) == 0 ? 9 : r.Next(10)));
        });

    private static long? Exact(BigInteger digits, int exponent)
    {
        var (size, negative) = (BigInteger.Abs(digits), digits.Sign < 0);
        BigInteger hundredths;
        if (exponent + 2 >= 0) hundredths = size * BigInteger.Pow(10, exponent + 2);
        else
        {
            var divisor = BigInteger.Pow(10, -(exponent + 2));
            hundredths = ((size * 2) + divisor) / (divisor * 2);
        }
        // The limit is judged before rounding, as the digits stand.
        var isTooLarge = exponent >= 0 ? size * BigInteger.Pow(10, exponent) >= 10_000_000 : size >= 10_000_000 * BigInteger.Pow(10, -exponent);
        return isTooLarge ? null : (long)(negative ? -hundredths : hundredths);
    }
}
