using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;

namespace SensorDash.Data.Events;

/// <summary>An opaque API cursor of metadata: the last key of a page, and the time that all pages are of.</summary>
/// <remarks>Base64url of: version (1 byte), time (8, big-endian), length of the scope (1), UTF-8 of scope and identity.</remarks>
public static class MetadataCursor
{
    private const byte Version = 2; // Not a cursor of events.
    private const int HeadLength = 1 + sizeof(long) + 1;

    private static readonly UTF8Encoding _strictUtf8 = new(false, throwOnInvalidBytes: true);

    public static string Format(MetadataKey last, long asOf)
    {
        var scope = Encoding.UTF8.GetBytes(last.ScopeId);
        var bytes = new byte[HeadLength];
        bytes[0] = Version;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(1), asOf);
        bytes[^1] = (byte)scope.Length; // At most 64.
        return Base64Url.EncodeToString([.. bytes, .. scope, .. Encoding.UTF8.GetBytes(last.IdentityKey)]);
    }

    /// <summary>Reads what <see cref="Format"/> wrote.</summary>
    /// <returns>False for any other text.</returns>
    public static bool TryParse(string text, out MetadataKey last, out long asOf)
    {
        (last, asOf) = (default, 0);
        var buffer = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        if (!Base64Url.IsValid(text) || !Base64Url.TryDecodeFromChars(text, buffer, out var length)) return false;
        var bytes = buffer.AsSpan(0, length);
        if (length < HeadLength || bytes[0] != Version || length - HeadLength < bytes[HeadLength - 1]) return false;
        asOf = BinaryPrimitives.ReadInt64BigEndian(bytes[1..]);
        var names = bytes[HeadLength..];
        var scopeLength = bytes[HeadLength - 1];
        try
        {
            last = new MetadataKey(_strictUtf8.GetString(names[..scopeLength]), _strictUtf8.GetString(names[scopeLength..]));
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}
