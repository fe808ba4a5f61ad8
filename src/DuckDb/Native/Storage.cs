using System.Runtime.CompilerServices;

namespace SensorDash.DuckDb.Native;

/// <summary>How a column's values lie in memory: what <c>Values&lt;T&gt;</c> and <c>Append&lt;T&gt;</c> check T
/// against.</summary>
internal enum Storage : byte
{
    /// <summary>A layout this driver does not read or write.</summary>
    None,
    Boolean,
    SByte,
    Byte,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Int128,
    UInt128,
    Single,
    Double,
    Interval,
    /// <summary>16 bytes: length, then up to 12 bytes in place, or a prefix and a pointer.</summary>
    Text,
    Bytes,
    List,
}

internal static class Storages
{
    /// <summary>Folded to a constant by the JIT.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Storage Of<T>()
        where T : unmanaged
    {
        if (typeof(T) == typeof(bool)) return Storage.Boolean;
        if (typeof(T) == typeof(sbyte)) return Storage.SByte;
        if (typeof(T) == typeof(byte)) return Storage.Byte;
        if (typeof(T) == typeof(short)) return Storage.Int16;
        if (typeof(T) == typeof(ushort)) return Storage.UInt16;
        if (typeof(T) == typeof(int)) return Storage.Int32;
        if (typeof(T) == typeof(uint)) return Storage.UInt32;
        if (typeof(T) == typeof(long)) return Storage.Int64;
        if (typeof(T) == typeof(ulong)) return Storage.UInt64;
        if (typeof(T) == typeof(Int128)) return Storage.Int128;
        if (typeof(T) == typeof(UInt128)) return Storage.UInt128;
        if (typeof(T) == typeof(float)) return Storage.Single;
        if (typeof(T) == typeof(double)) return Storage.Double;
        if (typeof(T) == typeof(DuckDbInterval)) return Storage.Interval;
        if (typeof(T) == typeof(DuckDbListEntry)) return Storage.List;
        return Storage.None;
    }

    internal static Storage Of(DuckDbType type) => type switch
    {
        DuckDbType.Boolean => Storage.Boolean,
        DuckDbType.TinyInt => Storage.SByte,
        DuckDbType.UTinyInt => Storage.Byte,
        DuckDbType.SmallInt => Storage.Int16,
        DuckDbType.USmallInt => Storage.UInt16,
        DuckDbType.Integer or DuckDbType.Date => Storage.Int32,
        DuckDbType.UInteger => Storage.UInt32,
        DuckDbType.BigInt or DuckDbType.Time or DuckDbType.TimeNanoseconds => Storage.Int64,
        DuckDbType.Timestamp or DuckDbType.TimestampTz => Storage.Int64,
        DuckDbType.TimestampSeconds or DuckDbType.TimestampMilliseconds or DuckDbType.TimestampNanoseconds => Storage.Int64,
        DuckDbType.UBigInt => Storage.UInt64,
        DuckDbType.HugeInt => Storage.Int128,
        DuckDbType.UHugeInt => Storage.UInt128,
        DuckDbType.Float => Storage.Single,
        DuckDbType.Double => Storage.Double,
        DuckDbType.Interval => Storage.Interval,
        DuckDbType.Varchar => Storage.Text,
        DuckDbType.Blob => Storage.Bytes,
        DuckDbType.List => Storage.List,
        _ => Storage.None,
    };

    /// <summary>Bytes per value of the layouts that have values of a fixed size.</summary>
    internal static int Size(Storage storage) => storage switch
    {
        Storage.Boolean or Storage.SByte or Storage.Byte => 1,
        Storage.Int16 or Storage.UInt16 => 2,
        Storage.Int32 or Storage.UInt32 or Storage.Single => 4,
        Storage.Int64 or Storage.UInt64 or Storage.Double => 8,
        _ => 16,
    };
}
