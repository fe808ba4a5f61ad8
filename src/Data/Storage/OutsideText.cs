using System.Buffers;
using System.Globalization;
using System.Text;

namespace SensorDash.Data.Storage;

/// <summary>Text from senders: which characters names may contain, and how errors show a value.</summary>
public static class OutsideText
{
    /// <summary>Maximum characters of a value in an error text.</summary>
    public const int MaxShownLength = 100;

    // Controls, line separators, the bidirectional overrides and isolates, and the byte order mark: they change how the text around them looks, or cannot be seen.
    private static readonly SearchValues<char> _misleading = SearchValues.Create(
        [.. Range('\0', '\u001F'), .. Range('\u007F', '\u009F'), .. Range('\u2028', '\u202E'), .. Range('\u2066', '\u2069'), '\uFEFF']);

    // The same as UTF-8, or the beginning of it.
    private static readonly SearchValues<byte> _mayMislead = SearchValues.Create([.. Range('\0', '\u001F').Select(c => (byte)c), 0x7F, 0xC2, 0xE2, 0xEF]);

    /// <summary>The error of a name with a character that could mislead its reader, to append to the field name; null for any other.</summary>
    /// <param name="allowsLines">Whether line ends and tabs are allowed, as in notes.</param>
    public static string? FindError(ReadOnlySpan<char> text, bool allowsLines = false)
    {
        while (text.IndexOfAny(_misleading) is var at and >= 0)
        {
            if (!allowsLines || text[at] is not ('\t' or '\n' or '\r')) return $"must not contain the character U+{(int)text[at]:X4}";
            text = text[(at + 1)..];
        }
        return null;
    }

    /// <param name="utf8">Valid UTF-8.</param>
    /// <inheritdoc cref="FindError(ReadOnlySpan{char}, bool)"/>
    public static string? FindError(ReadOnlySpan<byte> utf8) => utf8.ContainsAny(_mayMislead) ? FindError(Encoding.UTF8.GetString(utf8)) : null;

    /// <summary>Whether a character could mislead its reader.</summary>
    public static bool IsMisleading(char character) => _misleading.Contains(character);

    /// <summary>A value for an error text: its beginning, without characters that could mislead.</summary>
    public static string Shown(string value)
    {
        if (value.Length <= MaxShownLength && !value.AsSpan().ContainsAny(_misleading)) return value;
        var shown = new StringBuilder();
        foreach (var c in value.AsSpan(0, Math.Min(value.Length, MaxShownLength)))
        {
            if (_misleading.Contains(c) || char.IsSurrogate(c)) shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
            else shown.Append(c);
        }
        return shown.Append(value.Length > MaxShownLength ? "…" : "").ToString();
    }

    /// <param name="utf8">Any bytes.</param>
    /// <inheritdoc cref="Shown(string)"/>
    public static string Shown(ReadOnlySpan<byte> utf8)
        => Shown(Encoding.UTF8.GetString(utf8.Length > 4 * MaxShownLength ? utf8[..(4 * MaxShownLength)] : utf8)); // More characters than are shown.

    private static IEnumerable<char> Range(char first, char last) => Enumerable.Range(first, last - first + 1).Select(c => (char)c);
}
