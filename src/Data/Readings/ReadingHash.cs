using System.Buffers.Binary;
using System.IO.Hashing;

namespace SensorDash.Data.Readings;

/// <summary>The hash of a reading, the same on every engine. The sum over rows (modulo 2⁶⁴) does not depend on their order, and a deletion subtracts.</summary>
/// <remarks>Of the columns of the reading; its device belongs to the node.</remarks>
internal static class ReadingHash
{
    private const int Length = 29;

    public static long Of(in Reading reading)
    {
        Span<byte> bytes = stackalloc byte[Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, reading.NodeAddress);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[4..], reading.Timestamp);
        BinaryPrimitives.WriteInt16LittleEndian(bytes[12..], reading.TemperatureCentidegrees ?? 0);
        BinaryPrimitives.WriteInt16LittleEndian(bytes[14..], reading.HumidityCentipercent ?? 0);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], reading.Flags);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[20..], reading.ReceivedAt);
        bytes[28] = (byte)((reading.TemperatureCentidegrees is null ? 1 : 0) | (reading.HumidityCentipercent is null ? 2 : 0));
        return (long)XxHash3.HashToUInt64(bytes);
    }

    /// <summary>The hash of the rows that a batch inserted.</summary>
    public static long OfInserted(ReadOnlySpan<Reading> batch, ReadOnlySpan<Storage.RowOutcome> outcomes)
    {
        var hash = 0L;
        for (var i = 0; i < batch.Length; i++)
            if (outcomes[i] == Storage.RowOutcome.Inserted) hash = unchecked(hash + Of(batch[i]));
        return hash;
    }
}
