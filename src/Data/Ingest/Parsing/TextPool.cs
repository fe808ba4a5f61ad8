using System.Text;

namespace SensorDash.Data.Ingest.Parsing;

/// <summary>Returns the same string for equal UTF-8: scopes, streams and connections repeat in almost every event of a request.</summary>
internal sealed class TextPool
{
    private const int Slots = 256; // A power of two. A miss costs only one string, so the pool need not grow.

    private readonly string?[] _texts = new string?[Slots];

    public string Get(ReadOnlySpan<byte> utf8)
    {
        var hash = default(HashCode);
        hash.AddBytes(utf8);
        ref var slot = ref _texts[hash.ToHashCode() & (Slots - 1)];
        // Ascii.Equals is false for anything else, which gets a new string each time.
        return slot is not null && Ascii.Equals(utf8, slot) ? slot : slot = Encoding.UTF8.GetString(utf8);
    }
}
