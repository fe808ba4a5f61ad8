using System.Globalization;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Streaming;

/// <summary>Where a client stands: the epoch of the store, and the position up to which it has received everything. As text <c>0a1b2c3d.1782907200000000</c>.</summary>
public readonly record struct StreamToken(string Epoch, long Position)
{
    /// <summary>The error text for an invalid token, to append to the name of the parameter.</summary>
    public const string Rule = "must be a token of a stream: epoch and position, such as 0a1b2c3d.1782907200000000";

    /// <summary>Reads the text of a token.</summary>
    public static bool TryParse(string text, out StreamToken token)
    {
        token = default;
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot != StoreInfoTable.EpochLength || !text.AsSpan(0, dot).ContainsOnlyHex()
            || !long.TryParse(text.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var position)) return false;
        token = new(text[..dot], position);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}.{Position}");
}

internal static class HexText
{
    public static bool ContainsOnlyHex(this ReadOnlySpan<char> text)
    {
        foreach (var digit in text)
            if (!char.IsAsciiHexDigitLower(digit)) return false;
        return true;
    }
}
