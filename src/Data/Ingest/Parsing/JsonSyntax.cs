using System.Buffers;

namespace SensorDash.Data.Ingest.Parsing;

/// <summary>Finds syntax errors without an exception, which costs a hundred times what a line costs. Not for concurrent use.</summary>
internal sealed class JsonSyntax
{
    private static readonly SearchValues<byte> _endsText = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(b => (byte)b), (byte)'"', (byte)'\\']);

    private readonly Stack<byte> _open = new(); // The closing brackets that are expected, as deep as the input is.

    /// <returns>Index of the first byte that cannot belong to one JSON value, the length if the value is incomplete, −1 if it is valid.</returns>
    public int FindError(ReadOnlySpan<byte> json)
    {
        _open.Clear();
        var at = 0;
        while (true)
        {
            if (!TakeValue(json, ref at)) return at;
            while (true)
            {
                SkipSpace(json, ref at);
                if (_open.Count == 0) return at == json.Length ? -1 : at;
                if (at == json.Length) return at;
                if (json[at] == ',') break;
                if (json[at] != _open.Peek()) return at;
                _open.Pop();
                at++;
            }
            at++; // The comma.
            if (_open.Peek() == '}' && !TakeName(json, ref at)) return at;
        }
    }

    // A whole value, or the beginning of one up to its first member that is not an object or array.
    private bool TakeValue(ReadOnlySpan<byte> json, ref int at)
    {
        while (true)
        {
            SkipSpace(json, ref at);
            if (at == json.Length) return false;
            switch (json[at])
            {
                case (byte)'{':
                    _open.Push((byte)'}');
                    at++;
                    if (IsNext(json, ref at, '}')) return true; // The caller takes the bracket.
                    if (!TakeName(json, ref at)) return false;
                    break;
                case (byte)'[':
                    _open.Push((byte)']');
                    at++;
                    if (IsNext(json, ref at, ']')) return true;
                    break;
                case (byte)'"': return TakeText(json, ref at);
                case (byte)'t': return TakeWord(json, ref at, "true"u8);
                case (byte)'f': return TakeWord(json, ref at, "false"u8);
                case (byte)'n': return TakeWord(json, ref at, "null"u8);
                default: return TakeNumber(json, ref at);
            }
        }
    }

    private static bool TakeName(ReadOnlySpan<byte> json, ref int at)
    {
        if (!IsNext(json, ref at, '"') || !TakeText(json, ref at) || !IsNext(json, ref at, ':')) return false;
        at++;
        return true;
    }

    private static bool TakeText(ReadOnlySpan<byte> json, ref int at)
    {
        at++;
        while (true)
        {
            var plain = json[at..].IndexOfAny(_endsText);
            at = plain < 0 ? json.Length : at + plain;
            if (at == json.Length) return false;
            if (json[at] == '"')
            {
                at++;
                return true;
            }
            if (json[at] != '\\' || !TakeEscape(json, ref at)) return false;
        }
    }

    private static bool TakeEscape(ReadOnlySpan<byte> json, ref int at)
    {
        at++;
        if (at == json.Length || !"\"\\/bfnrtu"u8.Contains(json[at])) return false;
        if (json[at++] != 'u') return true;
        for (var i = 0; i < 4; i++, at++)
            if (at == json.Length || !char.IsAsciiHexDigit((char)json[at])) return false;
        return true;
    }

    private static bool TakeNumber(ReadOnlySpan<byte> json, ref int at)
    {
        if (json[at] == '-') at++;
        if (at < json.Length && json[at] == '0') at++;
        else if (!TakeDigits(json, ref at)) return false;
        if (at < json.Length && json[at] == '.')
        {
            at++;
            if (!TakeDigits(json, ref at)) return false;
        }
        if (at < json.Length && (json[at] | 0x20) == 'e')
        {
            at++;
            if (at < json.Length && json[at] is (byte)'+' or (byte)'-') at++;
            return TakeDigits(json, ref at);
        }
        return true;
    }

    private static bool TakeDigits(ReadOnlySpan<byte> json, ref int at)
    {
        var count = json[at..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (count < 0) count = json.Length - at;
        at += count;
        return count > 0;
    }

    private static bool TakeWord(ReadOnlySpan<byte> json, ref int at, ReadOnlySpan<byte> word)
    {
        var common = json[at..].CommonPrefixLength(word);
        at += common;
        return common == word.Length;
    }

    private static bool IsNext(ReadOnlySpan<byte> json, ref int at, char wanted)
    {
        SkipSpace(json, ref at);
        return at < json.Length && json[at] == wanted;
    }

    private static void SkipSpace(ReadOnlySpan<byte> json, ref int at)
    {
        var space = json[at..].IndexOfAnyExcept(" \t\r\n"u8);
        at = space < 0 ? json.Length : at + space;
    }
}
