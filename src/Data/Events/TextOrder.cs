namespace SensorDash.Data.Events;

/// <summary>UTF-8 text in the order of its UTF-16 code units (RFC 8785), and strings in the order of their UTF-8 bytes (every store).</summary>
internal static class TextOrder
{
    /// <summary>Compares valid UTF-8 as its UTF-16 form would compare.</summary>
    public static int CompareByUtf16(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var same = left.CommonPrefixLength(right);
        if (same == left.Length || same == right.Length) return left.Length.CompareTo(right.Length);
        return Rank(left[same]).CompareTo(Rank(right[same]));
    }

    /// <summary>Compares as the UTF-8 bytes would compare, which for characters beyond U+FFFF is not the order of strings.</summary>
    public static int CompareByUtf8(string left, string right)
    {
        var same = left.AsSpan().CommonPrefixLength(right);
        if (same == left.Length || same == right.Length) return left.Length.CompareTo(right.Length);
        return Rank(left[same]).CompareTo(Rank(right[same]));
    }

    // Bytes from F0 on begin what UTF-16 writes with surrogates (D800–DFFF); EE and EF begin E000–FFFF, which come behind those.
    private static int Rank(byte first) => first is 0xEE or 0xEF ? first + 0x10 : first;

    private static int Rank(char unit) => char.IsSurrogate(unit) ? unit + 0x10000 : unit;
}
