using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace SensorDash.Data.Events;

/// <summary>A checksum of the parts of an event's id with their lengths.</summary>
/// <remarks>
/// The id joins its parts without separators, so two different events can have the same id: scope <c>a</c> with request <c>commandb</c>, and scope
/// <c>acommand</c> with request <c>b</c>. Their checks differ. Stored with the id, because reading the lane for each duplicate would cost more.
/// </remarks>
internal struct PartsCheck
{
    private uint _crc;

    /// <summary>CRC-32C.</summary>
    public readonly int Value => (int)_crc;

    public void Add(int number) => _crc = BitOperations.Crc32C(_crc, (uint)number);

    /// <param name="part">Null for a part that the event does not have.</param>
    public void Add(string? part)
    {
        if (part is null) Add(-1);
        else Add(MemoryMarshal.AsBytes(part.AsSpan()));
    }

    public void Add(ReadOnlySpan<byte> part)
    {
        Add(part.Length);
        for (; part.Length >= sizeof(ulong); part = part[sizeof(ulong)..]) _crc = BitOperations.Crc32C(_crc, BinaryPrimitives.ReadUInt64LittleEndian(part));
        foreach (var rest in part) _crc = BitOperations.Crc32C(_crc, rest);
    }
}
