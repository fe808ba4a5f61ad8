using System.Buffers;

namespace SensorDash.Data.Events.Canonical;

/// <summary>Checks in one pass, without allocation, whether JSON is already canonical. Most programs that compute ids send canonical JSON.</summary>
internal ref struct CanonicalScan
{
    // Characters that end or change a run of plain characters. All multi-byte UTF-8 sequences are plain.
    private static readonly SearchValues<byte> _notPlain = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(b => (byte)b), (byte)'"', (byte)'\\']);

    private static readonly SearchValues<byte> _ofNumbers = SearchValues.Create("+-.0123456789Ee"u8);

    private readonly ReadOnlySpan<byte> _json;
    private int _at;

    private CanonicalScan(ReadOnlySpan<byte> json) => _json = json;

    /// <param name="json">Valid UTF-8, otherwise untrusted.</param>
    /// <returns>Also false for canonical JSON that the scan cannot check, such as a key with an escape.</returns>
    public static bool IsCanonical(ReadOnlySpan<byte> json)
    {
        var scan = new CanonicalScan(json);
        return scan.Value(0) && scan._at == json.Length;
    }

    private readonly byte Next => _at < _json.Length ? _json[_at] : (byte)0;

    private bool Value(int depth)
    {
        switch (Next)
        {
            case (byte)'{': return depth < CanonicalJson.MaxDepth && Object(depth + 1);
            case (byte)'[': return depth < CanonicalJson.MaxDepth && Array(depth + 1);
            case (byte)'"': return Text(out _);
            case (byte)'t': return Word("true"u8);
            case (byte)'f': return Word("false"u8);
            case (byte)'n': return Word("null"u8);
            default: return Number();
        }
    }

    private bool Object(int depth)
    {
        _at++;
        if (Take('}')) return true;
        var last = default(ReadOnlySpan<byte>);
        var isFirst = true;
        do
        {
            if (!Text(out var key) || key.Contains((byte)'\\') || !Take(':')) return false;
            if (!isFirst && TextOrder.CompareByUtf16(last, key) >= 0) return false;
            last = key;
            isFirst = false;
            if (!Value(depth)) return false;
        }
        while (Take(','));
        return Take('}');
    }

    private bool Array(int depth)
    {
        _at++;
        if (Take(']')) return true;
        do
        {
            if (!Value(depth)) return false;
        }
        while (Take(','));
        return Take(']');
    }

    private bool Text(out ReadOnlySpan<byte> text)
    {
        text = default;
        if (!Take('"')) return false;
        var start = _at;
        while (true)
        {
            var plain = _json[_at..].IndexOfAny(_notPlain);
            if (plain < 0) return false;
            _at += plain;
            if (_json[_at] == '"')
            {
                text = _json[start.._at++];
                return true;
            }
            if (_json[_at] != '\\' || !Escape()) return false;
        }
    }

    private bool Escape()
    {
        var rest = _json[_at..];
        if (rest.Length < 2) return false;
        if (rest[1] is (byte)'"' or (byte)'\\' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t')
        {
            _at += 2;
            return true;
        }
        // \u0001 to \u001f without those with a letter escape; the full conversion rejects U+0000.
        if (rest.Length < 6 || !rest.StartsWith("\\u00"u8) || rest[4] is not ((byte)'0' or (byte)'1')) return false;
        if (rest[5] is not ((>= (byte)'0' and <= (byte)'9') or (>= (byte)'a' and <= (byte)'f'))) return false;
        if (rest[4] == '0' && rest[5] is (byte)'0' or (byte)'8' or (byte)'9' or (byte)'a' or (byte)'c' or (byte)'d') return false;
        _at += 6;
        return true;
    }

    private bool Number()
    {
        var rest = _json[_at..];
        var length = rest.IndexOfAnyExcept(_ofNumbers);
        if (length < 0) length = rest.Length;
        var literal = rest[..length];
        if (!IsShortWhole(literal))
        {
            Span<byte> text = stackalloc byte[Es6Number.MaxLength];
            if (!IsJsonNumber(literal) || Es6Number.Canonicalize(literal, text, out var written) is not null || !literal.SequenceEqual(text[..written])) return false;
        }
        _at += length;
        return true;
    }

    // A whole number of up to 15 digits is its own canonical text.
    private static bool IsShortWhole(ReadOnlySpan<byte> literal)
    {
        var digits = literal.Length > 0 && literal[0] == '-' ? literal[1..] : literal;
        return digits.Length is > 0 and <= 15 && !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9') && (digits[0] != '0' || literal.Length == 1);
    }

    // Sufficient because the canonical text is compared afterwards: the number parsers accept text that JSON does not.
    private static bool IsJsonNumber(ReadOnlySpan<byte> literal) => literal.Length is > 0 and <= Es6Number.MaxLength;

    private bool Word(ReadOnlySpan<byte> word)
    {
        if (!_json[_at..].StartsWith(word)) return false;
        _at += word.Length;
        return true;
    }

    private bool Take(char c)
    {
        if (Next != c) return false;
        _at++;
        return true;
    }
}
