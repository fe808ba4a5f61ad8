using System.Globalization;
using System.Text;

namespace SensorDash.Faults.Tests.Bodies;

/// <summary>One value has many spellings: these choose one at random.</summary>
internal static class Spelling
{
    private static readonly string[] _spaces = ["", "", "", "", " ", "  ", "\t", "\r", " \t "];

    public static T Pick<T>(this Random random, params ReadOnlySpan<T> of) => of[random.Next(of.Length)];

    public static bool Rarely(this Random random, int oneIn) => random.Next(oneIn) == 0;

    public static string Space(Random random) => random.Pick<string>(_spaces);

    /// <summary>A JSON string of this text: escapes where none are needed, and those that are.</summary>
    public static string Text(Random random, string text, int escapeOneIn = 12)
    {
        var literal = new StringBuilder("\"");
        foreach (var c in text)
        {
            if (c < ' ' || char.IsSurrogate(c) || random.Rarely(escapeOneIn)) literal.Append(Escape(random, c));
            else if (c is '"' or '\\') literal.Append('\\').Append(c);
            else literal.Append(c);
        }
        return literal.Append('"').ToString();
    }

    /// <summary>A whole number of hundredths as decimal text: trailing zeros, more digits that round to it, a shifted point with an exponent.</summary>
    public static string Decimal(Random random, long hundredths)
    {
        var sign = hundredths < 0 ? "-" : "";
        var digits = Math.Abs(hundredths).ToString(CultureInfo.InvariantCulture).PadLeft(3, '0');
        var (whole, fraction) = (digits[..^2], digits[^2..]);
        switch (random.Next(8))
        {
            case 0: return $"{sign}{whole}.{fraction}{new string('0', random.Next(40))}";
            case 1: return $"{sign}{whole}.{fraction}{random.Pick("4", "49", "499999999999999999999999999", "0000000000000000001")}";
            case 2 when hundredths != 0: // The half below in size rounds away from zero, to it.
                var below = (Math.Abs(hundredths) - 1).ToString(CultureInfo.InvariantCulture).PadLeft(3, '0');
                return $"{sign}{below[..^2]}.{below[^2..]}{random.Pick("5", "50000000000000", "5000000000000000000000000000000000000001", "9", "999999999999999999")}";
            case 3: return $"{sign}{digits.TrimStart('0').PadLeft(1, '0')}{random.Pick("e-2", "E-2", "e-02", "E-0000000002")}";
            case 4: return $"{sign}0.{new string('0', random.Next(300) is var zeros ? zeros : 0)}{digits}{random.Pick("e", "E")}{random.Pick("", "+")}{zeros + digits.Length - 2}";
            case 5:
                return $"{sign}{whole}{fraction}{new string('0', random.Next(60) is var more ? more : 0)}e-{more + 2}".Replace("e", random.Pick("e", "E"), StringComparison.Ordinal) is var text && text.TrimStart('-').StartsWith('0')
                ? $"{sign}{whole}.{fraction}" : text;
            case 6 when fraction == "00": return $"{sign}{whole}";
            default: return $"{sign}{whole}.{fraction}";
        }
    }

    private static string Escape(Random random, char c) => c switch
    {
        '\n' when random.Rarely(2) => "\\n",
        '\t' when random.Rarely(2) => "\\t",
        '\b' when random.Rarely(2) => "\\b",
        '/' when random.Rarely(2) => "\\/",
        _ => "\\u" + ((int)c).ToString(random.Rarely(2) ? "x4" : "X4", CultureInfo.InvariantCulture),
    };
}
