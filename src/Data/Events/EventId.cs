using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SensorDash.Data.Events;

/// <summary>The identity of an event: the SHA-256 of scope, lane, identity, source time and content. Ordered by its bytes.</summary>
public readonly struct EventId : IEquatable<EventId>, IComparable<EventId>
{
    /// <summary>Bytes of an id.</summary>
    public const int Length = 32;

    /// <summary>Characters of an id as text.</summary>
    public const int HexLength = 2 * Length;

    // Prefix of the hashed text, so that ids of another recipe never equal these.
    private static ReadOnlySpan<byte> Recipe => "eidV1"u8;

    // Big-endian, so that number order equals byte order.
    private readonly ulong _first, _second, _third, _fourth;

    /// <param name="bytes">Exactly <see cref="Length"/>.</param>
    public EventId(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Length);
        _first = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _second = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _third = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _fourth = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>Computes the id of an event with this content.</summary>
    /// <param name="sourceTime">The producer's text of the time, exactly.</param>
    public static EventId Compute(string scopeId, Lane lane, string identityKey, ReadOnlySpan<byte> sourceTime, ReadOnlySpan<byte> content)
    {
        var laneName = lane.Name();
        var maxLength = Recipe.Length + Encoding.UTF8.GetMaxByteCount(scopeId.Length + laneName.Length + identityKey.Length) + sourceTime.Length + content.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(maxLength);
        Recipe.CopyTo(buffer);
        var length = Recipe.Length;
        length += Encoding.UTF8.GetBytes(scopeId, buffer.AsSpan(length));
        length += Encoding.UTF8.GetBytes(laneName, buffer.AsSpan(length));
        length += Encoding.UTF8.GetBytes(identityKey, buffer.AsSpan(length));
        sourceTime.CopyTo(buffer.AsSpan(length));
        length += sourceTime.Length;
        content.CopyTo(buffer.AsSpan(length));
        length += content.Length;
        Span<byte> hash = stackalloc byte[Length];
        SHA256.HashData(buffer.AsSpan(0, length), hash);
        ArrayPool<byte>.Shared.Return(buffer);
        return new EventId(hash);
    }

    /// <summary>Reads 64 lower-case hexadecimal digits; false for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<byte> hex, out EventId id)
    {
        id = default;
        Span<byte> bytes = stackalloc byte[Length];
        if (hex.Length != HexLength || hex.ContainsAnyInRange((byte)'A', (byte)'F')) return false;
        if (Convert.FromHexString(hex, bytes, out _, out _) != OperationStatus.Done) return false;
        id = new EventId(bytes);
        return true;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{byte}, out EventId)"/>
    public static bool TryParse(ReadOnlySpan<char> hex, out EventId id)
    {
        id = default;
        Span<byte> utf8 = stackalloc byte[HexLength];
        return hex.Length == HexLength && Ascii.FromUtf16(hex, utf8, out _) == OperationStatus.Done && TryParse(utf8, out id);
    }

    /// <param name="destination">At least <see cref="Length"/> bytes.</param>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _first);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _second);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], _third);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], _fourth);
    }

    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    public bool Equals(EventId other)
        => _first == other._first && _second == other._second && _third == other._third && _fourth == other._fourth;

    public override bool Equals(object? obj) => obj is EventId other && Equals(other);

    public override int GetHashCode() => _first.GetHashCode(); // Any part of a hash is as good as the whole hash.

    public int CompareTo(EventId other)
    {
        var order = _first.CompareTo(other._first);
        if (order == 0) order = _second.CompareTo(other._second);
        if (order == 0) order = _third.CompareTo(other._third);
        return order != 0 ? order : _fourth.CompareTo(other._fourth);
    }

    public static bool operator ==(EventId left, EventId right) => left.Equals(right);

    public static bool operator !=(EventId left, EventId right) => !left.Equals(right);

    public static bool operator <(EventId left, EventId right) => left.CompareTo(right) < 0;

    public static bool operator >(EventId left, EventId right) => left.CompareTo(right) > 0;

    public static bool operator <=(EventId left, EventId right) => left.CompareTo(right) <= 0;

    public static bool operator >=(EventId left, EventId right) => left.CompareTo(right) >= 0;
}
