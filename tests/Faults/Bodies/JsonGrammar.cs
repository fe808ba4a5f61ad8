using System.Globalization;
using System.Text;

namespace SensorDash.Faults.Tests.Bodies;

/// <summary>A JSON value in an unusual spelling, and its canonical text (RFC 8785), which is computed from its parts and not from the spelling.</summary>
internal readonly record struct SpelledJson(string Spelling, string Canonical);

internal static class JsonGrammar
{
    private const int MaxDepth = 5;

    private static readonly string[] _texts =
    [
        "", "a", "value", "\"", "\\", "/", "\b\f\n\r\t", "\u0001\u001f\u007f", "é", "\u2028\u2029\u202e\uFEFF", "😀", "😀a\uFFFF", "\uE000", "\u0080", "key", "1", "null", "<script>", "日本語", "a\u0301", "\uFFFD", "'", "\\u0041",
    ];

    public static SpelledJson Object(Random random, int depth = 0)
    {
        var members = new SortedDictionary<string, SpelledJson>(StringComparer.Ordinal); // By UTF-16 code units, as the standard says.
        for (var left = random.Next(depth == 0 && random.Rarely(50) ? 60 : 5); left > 0; left--)
            members.TryAdd(random.Pick<string>(_texts) + (random.Rarely(2) ? "" : random.Next(30).ToString(CultureInfo.InvariantCulture)), Value(random, depth + 1));
        var inOrder = members.ToArray();
        var canonical = "{" + string.Join(',', inOrder.Select(m => $"{Canonical(m.Key)}:{m.Value.Canonical}")) + "}";
        if (random.Rarely(3)) return new(canonical, canonical);
        random.Shuffle(inOrder);
        return new(Join(random, '{', inOrder.Select(m => $"{Spelling.Text(random, m.Key)}{Spelling.Space(random)}:{Spelling.Space(random)}{m.Value.Spelling}"), '}'), canonical);
    }

    private static SpelledJson Value(Random random, int depth)
    {
        switch (random.Next(depth < MaxDepth ? 8 : 6))
        {
            case 0: return Same(random.Pick("true", "false", "null"));
            case 1 or 2:
                var text = random.Pick<string>(_texts);
                return new(Spelling.Text(random, text), Canonical(text));
            case 3 or 4 or 5: return Number(random);
            case 6: return Object(random, depth);
            default:
                var items = Enumerable.Range(0, random.Next(4)).Select(_ => Value(random, depth + 1)).ToArray();
                return new(Join(random, '[', items.Select(i => i.Spelling), ']'), $"[{string.Join(',', items.Select(i => i.Canonical))}]");
        }
    }

    /// <summary>Up to 15 digits, which every double gives back, and any exponent, but no whole number beyond 2⁵³ that could look like an identifier.</summary>
    private static SpelledJson Number(Random random)
    {
        if (random.Rarely(8)) return random.Pick(new("0", "0"), new("-0", "0"), new("0.000", "0"), new("-0e+99", "0"), new("9007199254740992", "9007199254740992"), new SpelledJson("-9007199254740992.0", "-9007199254740992"));
        var sign = random.Rarely(3) ? "-" : "";
        var digits = (random.Next(1, 10) + string.Concat(Enumerable.Range(0, random.Next(14)).Select(_ => random.Next(10))) + random.Next(1, 10))[(random.Rarely(3) ? 1 : 0)..].TrimStart('0');
        var point = random.Next(3) switch { 0 => random.Next(-300, 16), 1 => random.Next(22, 300), _ => random.Next(-8, 16) };
        return new(sign + Spell(random, digits, point), sign + AsJavaScript(digits, point));
    }

    private static string Spell(Random random, string digits, int point)
    {
        var dot = random.Next(digits.Length + 1);
        var fraction = digits[dot..] + new string('0', random.Next(4));
        var exponent = point - dot;
        var letter = random.Pick("e", "E");
        return (dot == 0 ? "0" : digits[..dot]) + (fraction.Length > 0 ? "." + fraction : "")
            + (exponent == 0 && random.Rarely(2) ? "" : exponent < 0 ? $"{letter}-{-exponent:00}" : $"{letter}{random.Pick("", "+")}{exponent}");
    }

    // Number::toString of ECMAScript: the value is 0.digits times ten to the power of the point.
    private static string AsJavaScript(string digits, int point)
    {
        if (digits.Length <= point && point <= 21) return digits + new string('0', point - digits.Length);
        if (point is > 0 and <= 21) return $"{digits[..point]}.{digits[point..]}";
        if (point is > -6 and <= 0) return $"0.{new string('0', -point)}{digits}";
        return $"{digits[0]}{(digits.Length > 1 ? "." : "")}{digits[1..]}e{(point > 0 ? "+" : "-")}{Math.Abs(point - 1)}";
    }

    private static string Canonical(string text)
    {
        var literal = new StringBuilder("\"");
        foreach (var c in text)
        {
            literal.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' => $"\\u{(int)c:x4}",
                _ => c.ToString(),
            });
        }
        return literal.Append('"').ToString();
    }

    private static SpelledJson Same(string text) => new(text, text);

    private static string Join(Random random, char open, IEnumerable<string> parts, char close)
        => $"{open}{Spelling.Space(random)}{string.Join($"{Spelling.Space(random)},{Spelling.Space(random)}", parts)}{Spelling.Space(random)}{close}";
}
