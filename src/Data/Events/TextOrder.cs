namespace SensorDash.Data.Events;

/// <summary>UTF-8 text in the order of its UTF-16 code units (RFC 8785), and strings in the order of their UTF-8 bytes (every store).</summary>
internal static class TextOrder
{
    /// <summary>Compares valid UTF-8 in the order of its UTF-16 form.</summary>
    public static int CompareByUtf16(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var same = left.CommonPrefixLength(right);
        if (same == left.Length || same == right.Length) return left.Length.CompareTo(right.Length);
        return Rank(left[same]).CompareTo(Rank(right[same]));
    }

    /// <summary>Compares in the order of UTF-8 bytes, which for characters beyond U+FFFF is not the order of strings.</summary>
    public static int CompareByUtf8(string left, string right)
    {
        var same = left.AsSpan().CommonPrefixLength(right);
        if (same == left.Length || same == right.Length) return left.Length.CompareTo(right.Length);
        return Rank(left[same]).CompareTo(Rank(right[same]));
    }

    // Bytes from F0 on start characters that UTF-16 encodes as surrogates (D800–DFFF); EE and EF start E000–FFFF, which sort after those.
    private static int Rank(byte first) => first is 0xEE or 0xEF ? first + 0x10 : first;

    private static int Rank(char unit) => char.IsSurrogate(unit) ? unit + 0x10000 : unit;
}
