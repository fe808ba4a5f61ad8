using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using SensorDash.Data.Access;

namespace SensorDash.Web.Security;

/// <summary>The text of API keys: <c>sd_</c>, eight characters to look it up, and 256 random bits.</summary>
internal static class ApiKeys
{
    /// <summary>With which each key begins, so that people and scanners recognize one.</summary>
    public const string Mark = "sd_";

    private const string PrefixCharacters = "abcdefghijkmnpqrstuvwxyz23456789";

    private const int SecretBytes = 32, SecretCharacters = 43;

    /// <summary>A new key.</summary>
    /// <returns>The text, which is shown once and never stored, and what is stored of it.</returns>
    public static (string Text, string Prefix, byte[] Hash) Create()
    {
        var prefix = RandomNumberGenerator.GetString(PrefixCharacters, ApiKey.PrefixLength);
        var text = Mark + prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        return (text, prefix, HashOf(text));
    }

    /// <summary>Whether a text has the form of a key.</summary>
    public static bool TryReadPrefix(string text, [NotNullWhen(true)] out string? prefix)
    {
        var isKey = text.Length == Mark.Length + ApiKey.PrefixLength + SecretCharacters && text.StartsWith(Mark, StringComparison.Ordinal);
        prefix = isKey ? text[Mark.Length..(Mark.Length + ApiKey.PrefixLength)] : null;
        return isKey;
    }

    /// <summary>Whether a text is that key, in the same time for every wrong text.</summary>
    public static bool Matches(ApiKey key, string text) => CryptographicOperations.FixedTimeEquals(HashOf(text), key.Hash);

    /// <summary>Whether a key may be used.</summary>
    /// <param name="now">Unix microseconds.</param>
    public static bool IsValid(this ApiKey key, long now) => key.RevokedAt is null && (key.ExpiresAt is not { } end || end > now);

    private static byte[] HashOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
