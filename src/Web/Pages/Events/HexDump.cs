using System.Globalization;
using System.Text;

namespace SensorDash.Web.Pages.Events;

/// <summary>Bytes as text: offset, hexadecimal and printable ASCII.</summary>
internal static class HexDump
{
    private const int LineBytes = 16;

    public static string Bytes(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length * 3);
        foreach (var b in bytes) text.Append(text.Length == 0 ? "" : " ").Append(b.ToString("x2", CultureInfo.InvariantCulture));
        return text.ToString();
    }

    /// <summary>Printable ASCII; a dot for any other byte.</summary>
    public static string Text(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var b in bytes) text.Append(b is >= 0x20 and < 0x7f ? (char)b : '.');
        return text.ToString();
    }

    /// <summary>Sixteen bytes per line.</summary>
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
