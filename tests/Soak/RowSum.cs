using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace SensorDash.Soak.Tests;

/// <summary>The sum of the hashes of rows, whatever their order: a row that is lost, doubled or altered in any column changes it.</summary>
internal sealed class RowSum
{
    /// <summary>What is hashed, in this order, on either side. Not the batch: the side path names the last one of the step that brought a row.</summary>
    public const string Columns = "node_address, \"timestamp\", temperature_centidegrees, humidity_centipercent, flags, received_at";

    private long _rows;
    private UInt128 _sum;

    public (long Rows, UInt128 Sum) Value => (_rows, _sum);

    public void Add(ReadOnlySpan<long?> columns)
    {
        // A missing value is further from 0 than any that a column can hold.
        Span<long> values = stackalloc long[columns.Length];
        for (var i = 0; i < columns.Length; i++) values[i] = columns[i] ?? long.MinValue;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(MemoryMarshal.AsBytes(values), hash);
        _rows++;
        unchecked
        {
            _sum += BinaryPrimitives.ReadUInt128LittleEndian(hash);
        }
    }
}
