using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Events.Canonical;

/// <summary>Canonical JSON (RFC 8785): equal values have equal text. Reuses its buffers; not for concurrent use.</summary>
internal sealed class CanonicalJson
{
    /// <summary>Maximum nesting depth; shallow enough for the stack of every reader.</summary>
    public const int MaxDepth = 64;

    private static readonly JsonReaderOptions _options = new() { MaxDepth = MaxDepth + 1 };

    private static readonly SearchValues<byte> _escaped =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(b => (byte)b), (byte)'"', (byte)'\\']);

    private readonly GrowingBuffer _output = new();
    private readonly GrowingBuffer _keys = new(); // Unescaped keys of the open objects.
    private readonly List<Member> _members = [];
    private byte[] _sorted = [];
    private string? _error;

    private bool _isStored;

    // Position of a field of an open object: its key in _keys, its text (key and value) in _output.
    private readonly record struct Member(int KeyStart, int KeyLength, int TextStart, int TextLength);

    /// <summary>Converts one JSON value.</summary>
    /// <param name="json">Untrusted UTF-8.</param>
    /// <param name="canonical">The canonical text; empty after an error.</param>
    /// <returns>Null, or an error text to append to the field name.</returns>
    public string? Convert(ReadOnlySpan<byte> json, out byte[] canonical)
    {
        canonical = [];
        if (!Utf8.IsValid(json)) return "is not valid UTF-8";
        if (CanonicalScan.IsCanonical(json))
        {
            canonical = json.ToArray();
            return null;
        }
        return ConvertSlowly(json, out canonical);
    }

    /// <summary>As <see cref="Convert"/>, for text that is not canonical.</summary>
    internal string? ConvertSlowly(ReadOnlySpan<byte> json, out byte[] canonical)
    {
        canonical = [];
        _error = null;
        _output.Clear();
        _keys.Clear();
        _members.Clear();
        try
        {
            var reader = new Utf8JsonReader(json, _options);
            reader.Read();
            if (!WriteValue(ref reader)) return _error;
            if (reader.Read()) return "must be one JSON value, not several";
        }
        catch (JsonException e)
        {
            return $"is malformed JSON at byte {e.BytePositionInLine + 1}";
        }
        canonical = _output.Written.ToArray();
        return null;
    }

    /// <summary>Restores the canonical text of stored JSON, for an engine that keeps the values and not the text.</summary>
    /// <remarks>Such an engine returns 1e21 with all digits; the value was accepted once, so the check for large whole numbers does not apply.</remarks>
    public byte[] Restore(ReadOnlySpan<byte> stored)
    {
        _isStored = true;
        var error = ConvertSlowly(stored, out var canonical);
        _isStored = false;
        return error is null ? canonical : throw new InvalidDataException($"Stored content {error}.");
    }

    private bool Fail(string error)
    {
        _error = error;
        return false;
    }

    private bool WriteValue(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject: return reader.CurrentDepth < MaxDepth ? WriteObject(ref reader) : Fail($"must be nested at most {MaxDepth} levels deep");
            case JsonTokenType.StartArray: return reader.CurrentDepth < MaxDepth ? WriteArray(ref reader) : Fail($"must be nested at most {MaxDepth} levels deep");
            case JsonTokenType.String: return TryUnescape(ref reader, out var text) && WriteText(text);
            case JsonTokenType.Number: return WriteNumber(reader.ValueSpan);
            default:
                _output.Write(reader.ValueSpan); // true, false, null
                return true;
        }
    }

    private bool WriteNumber(ReadOnlySpan<byte> literal)
    {
        Span<byte> text = stackalloc byte[Es6Number.MaxLength];
        int length;
        if (_isStored) length = Es6Number.Format(double.Parse(literal, NumberStyles.Float, CultureInfo.InvariantCulture), text);
        else if (Es6Number.Canonicalize(literal, text, out length) is { } error) return Fail(error);
        _output.Write(text[..length]);
        return true;
    }

    private bool WriteArray(ref Utf8JsonReader reader)
    {
        _output.Write((byte)'[');
        var isFirst = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (!isFirst) _output.Write((byte)',');
            isFirst = false;
            if (!WriteValue(ref reader)) return false;
        }
        _output.Write((byte)']');
        return true;
    }

    private bool WriteObject(ref Utf8JsonReader reader)
    {
        _output.Write((byte)'{');
        var (firstMember, firstKey, inOrder) = (_members.Count, _keys.Length, true);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (_members.Count > firstMember) _output.Write((byte)',');
            var (keyStart, textStart) = (_keys.Length, _output.Length);
            if (!TryUnescape(ref reader, out var key) || !WriteText(key)) return false;
            _keys.Write(key);
            _output.Write((byte)':');
            reader.Read();
            var member = new Member(keyStart, key.Length, textStart, 0);
            _members.Add(member); // Before the value: the fields of the value follow this one and are removed when it ends.
            var place = _members.Count - 1;
            if (!WriteValue(ref reader)) return false;
            _members[place] = member with { TextLength = _output.Length - textStart };
            inOrder = inOrder && (place == firstMember || TextOrder.CompareByUtf16(KeyOf(_members[place - 1]), KeyOf(member)) < 0);
        }
        _output.Write((byte)'}');
        if (!inOrder && !Sort(firstMember)) return false;
        _members.RemoveRange(firstMember, _members.Count - firstMember);
        _keys.Truncate(firstKey);
        return true;
    }

    private bool Sort(int firstMember)
    {
        var count = _members.Count - firstMember;
        var start = _members[firstMember].TextStart;
        _members.Sort(firstMember, count, Comparer<Member>.Create((left, right) => TextOrder.CompareByUtf16(KeyOf(left), KeyOf(right))));
        for (var i = firstMember + 1; i < _members.Count; i++)
        {
            if (TextOrder.CompareByUtf16(KeyOf(_members[i - 1]), KeyOf(_members[i])) == 0)
                return Fail($"contains the key \"{OutsideText.Shown(KeyOf(_members[i]))}\" twice");
        }
        var length = _output.Length - 1 - start; // Without the brace.
        if (_sorted.Length < length) _sorted = new byte[Math.Max(length, 2 * _sorted.Length)];
        var at = 0;
        for (var i = firstMember; i < _members.Count; i++)
        {
            if (i > firstMember) _sorted[at++] = (byte)',';
            _output.Written.Slice(_members[i].TextStart, _members[i].TextLength).CopyTo(_sorted.AsSpan(at));
            at += _members[i].TextLength;
        }
        Debug.Assert(at == length);
        _output.Overwrite(start, _sorted.AsSpan(0, length));
        return true;
    }

    private ReadOnlySpan<byte> KeyOf(Member member) => _keys.Written.Slice(member.KeyStart, member.KeyLength);

    private bool TryUnescape(ref Utf8JsonReader reader, out ReadOnlySpan<byte> text)
    {
        text = reader.ValueSpan;
        if (!reader.ValueIsEscaped) return true;
        if (JsonEscapes.HasUnpairedSurrogate(text)) return Fail("contains an unpaired surrogate");
        var unescaped = new byte[text.Length];
        text = unescaped.AsSpan(0, reader.CopyString(unescaped));
        return !text.Contains((byte)0) || Fail("must not contain the character U+0000");
    }

    private bool WriteText(ReadOnlySpan<byte> text)
    {
        _output.Write((byte)'"');
        while (text.IndexOfAny(_escaped) is var plain and >= 0)
        {
            _output.Write(text[..plain]);
            WriteEscaped(text[plain]);
            text = text[(plain + 1)..];
        }
        _output.Write(text);
        _output.Write((byte)'"');
        return true;
    }

    private void WriteEscaped(byte c)
    {
        var letter = c switch
        {
            (byte)'\b' => (byte)'b',
            (byte)'\t' => (byte)'t',
            (byte)'\n' => (byte)'n',
            (byte)'\f' => (byte)'f',
            (byte)'\r' => (byte)'r',
            (byte)'"' or (byte)'\\' => c,
            _ => (byte)'u',
        };
        _output.Write((byte)'\\');
        _output.Write(letter);
        if (letter != 'u') return;
        _output.Write("00"u8);
        _output.Write((byte)('0' + (c >> 4)));
        _output.Write("0123456789abcdef"u8[c & 15]);
    }

    private sealed class GrowingBuffer
    {
        private byte[] _bytes = new byte[256];

        public int Length { get; private set; }

        public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

        public void Write(byte b)
        {
            if (Length == _bytes.Length) Array.Resize(ref _bytes, 2 * _bytes.Length);
            _bytes[Length++] = b;
        }

        public void Write(ReadOnlySpan<byte> bytes)
        {
            if (_bytes.Length - Length < bytes.Length) Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, Length + bytes.Length));
            bytes.CopyTo(_bytes.AsSpan(Length));
            Length += bytes.Length;
        }

        public void Overwrite(int start, ReadOnlySpan<byte> bytes) => bytes.CopyTo(_bytes.AsSpan(start));

        public void Truncate(int length) => Length = length;

        public void Clear() => Length = 0;
    }
}
