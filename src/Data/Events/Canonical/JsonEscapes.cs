using System.Globalization;

namespace SensorDash.Data.Events.Canonical;

/// <summary>Checks the escapes of a JSON string. <see cref="System.Text.Json.Utf8JsonReader"/> throws when it unescapes an unpaired surrogate.</summary>
internal static class JsonEscapes
{
    private const int EscapeLength = 6; // \u0000

    /// <param name="text">A string that the reader accepted, without its quotes.</param>
    public static bool HasUnpairedSurrogate(ReadOnlySpan<byte> text)
    {
        while (text.IndexOf((byte)'\\') is var start and >= 0)
        {
            text = text[start..];
            if (text[1] != 'u')
            {
                text = text[2..];
                continue;
            }
            var unit = UnitOf(text);
            text = text[EscapeLength..];
            if (!char.IsSurrogate(unit)) continue;
            if (!char.IsHighSurrogate(unit) || !text.StartsWith("\\u"u8) || !char.IsLowSurrogate(UnitOf(text))) return true;
            text = text[EscapeLength..];
        }
        return false;
    }

    private static char UnitOf(ReadOnlySpan<byte> escape)
        => (char)ushort.Parse(escape[2..EscapeLength], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
