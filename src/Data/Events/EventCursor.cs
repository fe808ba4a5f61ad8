using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;

namespace SensorDash.Data.Events;

/// <summary>An opaque API cursor: a position in the order of events, valid for both directions of its timebase.</summary>
/// <remarks>Base64url of: version (1 byte), timebase (1), lane (1), time (8, big-endian), id (32), and of raw events sequence (8), length (2)
/// and UTF-8 of the connection. Version 2, of replays by source time, ends with the head at their start (8).</remarks>
public static class EventCursor
{
    private const byte Version = 1;
    private const byte VersionWithHead = 2;
    private const int CommonLength = 3 + sizeof(long) + EventId.Length;
    private const int RawLength = CommonLength + sizeof(long) + sizeof(ushort);

    private static readonly UTF8Encoding _strictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <param name="committedUpTo">The head when the replay began that the cursor is of; null for none.</param>
    public static string Format(EventPosition position, Timebase timebase, long? committedUpTo = null)
    {
        var isRaw = position.Lane == Lane.Raw;
        var connectionLength = isRaw ? Encoding.UTF8.GetByteCount(position.ConnectionId!) : 0;
        var length = isRaw ? RawLength + connectionLength : CommonLength;
        var bytes = new byte[length + (committedUpTo is null ? 0 : sizeof(long))];
        (bytes[0], bytes[1], bytes[2]) = (committedUpTo is null ? Version : VersionWithHead, (byte)timebase, (byte)position.Lane);
        if (committedUpTo is { } head) BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(length), head);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(3), position.Time);
        position.Id.CopyTo(bytes.AsSpan(3 + sizeof(long)));
        if (isRaw)
        {
            BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(CommonLength), position.Sequence);
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(CommonLength + sizeof(long)), (ushort)connectionLength);
            Encoding.UTF8.GetBytes(position.ConnectionId!, bytes.AsSpan(RawLength));
        }
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads what <see cref="Format"/> wrote.</summary>
    /// <param name="timebase">The timebase of the query; a cursor of the other timebase is invalid.</param>
    /// <returns>Null, or an error text to append to the parameter name.</returns>
    public static string? TryParse(string text, Timebase timebase, out EventPosition position) => TryParse(text, timebase, out position, out _);

    /// <inheritdoc cref="TryParse(string, Timebase, out EventPosition)"/>
    /// <param name="committedUpTo">The head when the replay began that the cursor is of; null for none.</param>
    public static string? TryParse(string text, Timebase timebase, out EventPosition position, out long? committedUpTo)
    {
        committedUpTo = null;
        const string NoCursor = "is not a valid cursor; pass `next` unchanged";
        position = default;
        var buffer = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        if (!Base64Url.IsValid(text) || !Base64Url.TryDecodeFromChars(text, buffer, out var length)) return NoCursor;
        var bytes = buffer.AsSpan(0, length);
        if (length >= CommonLength + sizeof(long) && bytes[0] == VersionWithHead)
        {
            committedUpTo = BinaryPrimitives.ReadInt64BigEndian(bytes[^sizeof(long)..]);
            bytes = bytes[..^sizeof(long)];
            length = bytes.Length;
            bytes[0] = Version;
        }
        if (length < CommonLength || bytes[0] != Version || bytes[1] > (byte)Timebase.Source || bytes[2] > (byte)Lane.Raw) return NoCursor;
        if (bytes[1] != (byte)timebase) return "belongs to a query with the other timebase";
        var lane = (Lane)bytes[2];
        var time = BinaryPrimitives.ReadInt64BigEndian(bytes[3..]);
        var id = new EventId(bytes.Slice(3 + sizeof(long), EventId.Length));
        if (lane != Lane.Raw)
        {
            position = new EventPosition(time, lane, null, 0, id);
            return length == CommonLength ? null : NoCursor;
        }
        if (length < RawLength || length != RawLength + BinaryPrimitives.ReadUInt16BigEndian(bytes[(CommonLength + sizeof(long))..])) return NoCursor;
        try
        {
            position = new EventPosition(time, lane, _strictUtf8.GetString(bytes[RawLength..]), BinaryPrimitives.ReadInt64BigEndian(bytes[CommonLength..]), id);
            return null;
        }
        catch (DecoderFallbackException)
        {
            return NoCursor;
        }
    }
}
