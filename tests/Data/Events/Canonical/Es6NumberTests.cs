using System.Globalization;
using System.Numerics;
using System.Text;
using SensorDash.Data.Events.Canonical;

namespace SensorDash.Data.Tests.Events.Canonical;

/// <summary>Every double is written as the shortest text that reads back as it, compared with exact arithmetic.</summary>
public sealed class Es6NumberTests
{
    // As JavaScript prints them.
    [Theory]
    [InlineData(-25, "2.9802322387695312e-8")]
    [InlineData(-958, "4.1045368012983762e-289")]
    [InlineData(-1074, "5e-324")]
    [InlineData(-1022, "2.2250738585072014e-308")]
    [InlineData(1023, "8.98846567431158e+307")]
    public void Format_PowerOfTwo_IsAsJavaScriptPrintsIt(int exponent, string expected)
    {
        Assert.Equal(expected, Text(Math.ScaleB(1, exponent)));
        Assert.Equal("-" + expected, Text(-Math.ScaleB(1, exponent)));
    }

    [Fact]
    public void Format_EveryPowerOfTwoAndItsNeighbours_IsTheShortestText()
    {
        for (var exponent = -1074; exponent <= 1023; exponent++)
        {
            var power = Math.ScaleB(1, exponent);
            foreach (var value in new[] { power, Math.BitIncrement(power), Math.BitDecrement(power) }) AssertShortest(value);
        }
    }

    [Fact]
    public void Format_RandomDoubles_IsTheShortestText()
    {
        // Ten million take minutes of exact arithmetic: SENSORDASH_SOAK=full.
        var times = Environment.GetEnvironmentVariable("SENSORDASH_SOAK") == "full" ? 10_000_000 : 100_000;
        var random = new Random(20261126);
        for (var i = 0; i < times; i++)
        {
            var value = BitConverter.Int64BitsToDouble(random.NextInt64(long.MaxValue));
            if (double.IsFinite(value)) AssertShortest(value);
        }
    }

    private static void AssertShortest(double value)
    {
        if (value == 0 || !double.IsFinite(value)) return;
        var (digits, exponent) = Shortest(value);
        var text = Text(value);
        var mantissa = text.Split('e')[0];
        var written = mantissa.Replace(".", "", StringComparison.Ordinal).TrimStart('0').TrimEnd('0');
        if (written != digits || double.Parse(text, CultureInfo.InvariantCulture) != value)
            Assert.Fail($"{value:E16} is written as {text}; the shortest text has the digits {digits} times 10^{exponent}");
    }

    // The digits between half of the gap below and half of the gap above, in exact arithmetic (Steele and White, Dragon4).
    private static (string Digits, int Exponent) Shortest(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var (biased, fraction) = ((int)(bits >> 52) & 0x7ff, bits & ((1L << 52) - 1));
        var (mantissa, power) = biased == 0 ? (fraction, -1074) : (fraction | (1L << 52), biased - 1075);
        var isPower = fraction == 0 && biased > 1;
        var isEven = (mantissa & 1) == 0;
        // value = r / s, half gaps = up / s and down / s, all doubled once more where the gap below is half of the one above.
        var scale = isPower ? 4 : 2;
        var r = (BigInteger)mantissa * scale * (power >= 0 ? BigInteger.Pow(2, power) : 1);
        var s = (BigInteger)scale * (power >= 0 ? 1 : BigInteger.Pow(2, -power));
        var down = power >= 0 ? BigInteger.Pow(2, power) : BigInteger.One;
        var up = isPower ? down * 2 : down;

        var exponent = (int)Math.Ceiling(Math.Log10(value) - 1e-10);
        if (exponent >= 0) s *= BigInteger.Pow(10, exponent);
        else
        {
            var factor = BigInteger.Pow(10, -exponent);
            (r, up, down) = (r * factor, up * factor, down * factor);
        }
        if (isEven ? r + up >= s : r + up > s) exponent++;
        else (r, up, down) = (r * 10, up * 10, down * 10);
        var digits = new StringBuilder();
        while (true)
        {
            var digit = (int)BigInteger.DivRem(r, s, out r);
            var isLow = isEven ? r <= down : r < down;
            var isHigh = isEven ? r + up >= s : r + up > s;
            if (!isLow && !isHigh)
            {
                digits.Append(digit);
                (r, up, down) = (r * 10, up * 10, down * 10);
                continue;
            }
            // The nearer of the two; in the middle the even one, as JavaScript engines do.
            var roundsUp = isHigh && (!isLow || (r * 2).CompareTo(s) is var order && (order > 0 || (order == 0 && digit % 2 == 1)));
            return (digits.Append(digit + (roundsUp ? 1 : 0)).ToString().TrimEnd('0'), exponent);
        }
    }

    private static string Text(double value)
    {
        Span<byte> text = stackalloc byte[Es6Number.MaxLength];
        return Encoding.ASCII.GetString(text[..Es6Number.Format(value, text)]);
    }
}
