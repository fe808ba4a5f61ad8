using System.Globalization;
using System.Text;

namespace SensorDash.Web.Pages.Events;

/// <summary>Bytes as people compare them: place, hexadecimal, and the printable ASCII among them.</summary>
internal static class HexDump
{
    private const int LineBytes = 16;

    public static string Bytes(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length * 3);
        foreach (var b in bytes) text.Append(text.Length == 0 ? "" : " ").Append(b.ToString("x2", CultureInfo.InvariantCulture));
        return text.ToString();
    }

    /// <summary>A dot for whatever cannot be printed.</summary>
    public static string Text(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var b in bytes) text.Append(b is >= 0x20 and < 0x7f ? (char)b : '.');
        return text.ToString();
    }

    /// <summary>Sixteen bytes a line.</summary>
    public static string Lines(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        for (var at = 0; at < bytes.Length; at += LineBytes)
        {
            var line = bytes[at..Math.Min(bytes.Length, at + LineBytes)];
            var half = Math.Min(line.Length, LineBytes / 2);
            text.Append(CultureInfo.InvariantCulture, $"{at:x5}  {Bytes(line[..half]),-23}  {Bytes(line[half..]),-23}  {Text(line)}\n");
        }
        return text.ToString();
    }
}
