using System.Globalization;
using System.Text;

namespace SensorDash.Faults.Tests.Bodies;

/// <summary>A field of a JSON object as it stands in the text.</summary>
/// <param name="Name">Each byte beyond ASCII as one character, escapes resolved; null with an unpaired surrogate.</param>
internal readonly record struct JsonField(string? Name, string Value);

/// <summary>A reader of JSON (RFC 8259) that shares no code with the product: text as Latin-1, and no recursion.</summary>
internal sealed class ReferenceJson(string text)
{
    private readonly Stack<char> _open = new();

    public int At { get; set; }

    public bool IsAtEnd
    {
        get
        {
            SkipSpace();
            return At == text.Length;
        }
    }

    public static string Latin1(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    /// <summary>Takes one character after white space.</summary>
    public bool Take(char c)
    {
        SkipSpace();
        if (At >= text.Length || text[At] != c) return false;
        At++;
        return true;
    }

    /// <summary>Takes the fields of an object, or nothing when there is none or it is malformed.</summary>
    public List<JsonField>? TakeObject()
    {
        if (!Take('{')) return null;
        var fields = new List<JsonField>();
        if (Take('}')) return fields;
        do
        {
            SkipSpace();
            var name = At;
            if (!TakeText()) return null;
            var literal = text[name..At];
            if (!Take(':')) return null;
            SkipSpace();
            var value = At;
            if (!TakeValue()) return null;
            fields.Add(new(Unescape(literal), text[value..At]));
        }
        while (Take(','));
        return Take('}') ? fields : null;
    }

    /// <summary>Takes one valid value of any depth.</summary>
    public bool TakeValue()
    {
        var depth = _open.Count;
        do
        {
            SkipSpace();
            if (At == text.Length) return false;
            if (Take('{'))
            {
                _open.Push('}');
                if (!Take('}'))
                {
                    if (!TakeName()) return false;
                    continue;
                }
                _open.Pop();
            }
            else if (Take('['))
            {
                _open.Push(']');
                if (!Take(']')) continue;
                _open.Pop();
            }
            else if (!TakeScalar())
            {
                return false;
            }
            while (_open.Count > depth && Take(_open.Peek())) _open.Pop();
            if (_open.Count == depth) return true;
            if (!Take(',') || (_open.Peek() == '}' && !TakeName())) return false;
        }
        while (true);
    }

    /// <summary>The text of a literal; null with an unpaired surrogate.</summary>
    public static string? Unescape(string literal)
    {
        var result = new StringBuilder();
        for (var i = 1; i < literal.Length - 1; i++)
        {
            if (literal[i] != '\\')
            {
                result.Append(literal[i]);
                continue;
            }
            var c = literal[++i];
            if (c == 'u')
            {
                result.Append((char)int.Parse(literal.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                i += 4;
            }
            else
            {
                result.Append(c switch { 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', _ => c });
            }
        }
        for (var i = 0; i < result.Length; i++)
        {
            if (!char.IsSurrogate(result[i])) continue;
            if (i + 1 == result.Length || !char.IsSurrogatePair(result[i], result[i + 1])) return null;
            i++;
        }
        return result.ToString();
    }

    private bool TakeName() => (SkipSpace(), TakeText()).Item2 && Take(':');

    private bool SkipSpace()
    {
        while (At < text.Length && text[At] is ' ' or '\t' or '\r' or '\n') At++;
        return true;
    }

    private bool TakeScalar()
    {
        if (text[At] == '"') return TakeText();
        foreach (var word in (string[])["true", "false", "null"])
        {
            if (string.CompareOrdinal(text, At, word, 0, word.Length) != 0) continue;
            At += word.Length;
            return true;
        }
        return TakeNumber();
    }

    private bool TakeText()
    {
        if (At == text.Length || text[At] != '"') return false;
        for (At++; At < text.Length; At++)
        {
            var c = text[At];
            if (c < ' ') return false;
            if (c == '"')
            {
                At++;
                return true;
            }
            if (c != '\\') continue;
            if (++At == text.Length) return false;
            if (text[At] == 'u')
            {
                if (At + 4 >= text.Length || !text.AsSpan(At + 1, 4).ToString().All(char.IsAsciiHexDigit)) return false;
                At += 4;
            }
            else if (!"\"\\/bfnrt".Contains(text[At], StringComparison.Ordinal))
            {
                return false;
            }
        }
        return false;
    }

    private bool TakeNumber()
    {
        if (Is('-')) At++;
        if (Is('0')) At++;
        else if (!TakeDigits()) return false;
        if (Is('.') && (++At, TakeDigits()) is (_, false)) return false;
        if (!Is('e') && !Is('E')) return true;
        At++;
        if (Is('+') || Is('-')) At++;
        return TakeDigits();

        bool Is(char c) => At < text.Length && text[At] == c;
    }

    private bool TakeDigits()
    {
        var start = At;
        while (At < text.Length && char.IsAsciiDigit(text[At])) At++;
        return At > start;
    }
}
