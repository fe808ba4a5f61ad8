namespace SensorDash.DuckDb;

/// <summary>DuckDB's column types. The numbers are the C API's.</summary>
public enum DuckDbType
{
    Invalid = 0,
    /// <summary>Values of <see cref="bool"/>.</summary>
    Boolean = 1,
    /// <summary>Values of <see cref="sbyte"/>.</summary>
    TinyInt = 2,
    /// <summary>Values of <see cref="short"/>.</summary>
    SmallInt = 3,
    /// <summary>Values of <see cref="int"/>.</summary>
    Integer = 4,
    /// <summary>Values of <see cref="long"/>.</summary>
    BigInt = 5,
    /// <summary>Values of <see cref="byte"/>.</summary>
    UTinyInt = 6,
    /// <summary>Values of <see cref="ushort"/>.</summary>
    USmallInt = 7,
    /// <summary>Values of <see cref="uint"/>.</summary>
    UInteger = 8,
    /// <summary>Values of <see cref="ulong"/>.</summary>
    UBigInt = 9,
    /// <summary>Values of <see cref="float"/>.</summary>
    Float = 10,
    /// <summary>Values of <see cref="double"/>.</summary>
    Double = 11,
    /// <summary>Values of <see cref="long"/>: microseconds since 1970-01-01; the extremes are the infinities.</summary>
    Timestamp = 12,
    /// <summary>Values of <see cref="int"/>: days since 1970-01-01.</summary>
    Date = 13,
    /// <summary>Values of <see cref="long"/>: microseconds since midnight.</summary>
    Time = 14,
    /// <summary>Values of <see cref="DuckDbInterval"/>.</summary>
    Interval = 15,
    /// <summary>Values of <see cref="Int128"/>; what SUM over integers gives.</summary>
    HugeInt = 16,
    /// <summary>Text, UTF-8.</summary>
    Varchar = 17,
    /// <summary>Bytes.</summary>
    Blob = 18,
    /// <summary>Unscaled values of <see cref="short"/>, <see cref="int"/>, <see cref="long"/> or <see cref="Int128"/>, by width
    /// (to 4, 9, 18, 38 digits).</summary>
    Decimal = 19,
    /// <summary>Values of <see cref="long"/>: seconds since 1970-01-01.</summary>
    TimestampSeconds = 20,
    /// <summary>Values of <see cref="long"/>: milliseconds since 1970-01-01.</summary>
    TimestampMilliseconds = 21,
    /// <summary>Values of <see cref="long"/>: nanoseconds since 1970-01-01.</summary>
    TimestampNanoseconds = 22,
    /// <summary>Indices of <see cref="byte"/>, <see cref="ushort"/> or <see cref="uint"/> into
    /// <see cref="DuckDbColumnType.EnumValues"/>, by their number.</summary>
    Enum = 23,
    /// <summary>Values of <see cref="DuckDbListEntry"/> into the child column.</summary>
    List = 24,
    /// <summary>Not readable yet; take its fields apart in SQL.</summary>
    Struct = 25,
    /// <summary>Not readable yet.</summary>
    Map = 26,
    /// <summary>Not readable yet; cast it to VARCHAR in SQL.</summary>
    Uuid = 27,
    /// <summary>Not readable yet.</summary>
    Union = 28,
    /// <summary>Not readable yet; cast it to VARCHAR in SQL.</summary>
    Bit = 29,
    /// <summary>Not readable yet.</summary>
    TimeTz = 30,
    /// <summary>Values of <see cref="long"/>: microseconds since 1970-01-01 UTC.</summary>
    TimestampTz = 31,
    /// <summary>Values of <see cref="UInt128"/>.</summary>
    UHugeInt = 32,
    /// <summary>Not readable yet; cast it to a list in SQL.</summary>
    Array = 33,
    Any = 34,
    /// <summary>Not readable yet.</summary>
    BigNum = 35,
    /// <summary>The type of a bare NULL.</summary>
    SqlNull = 36,
    TextLiteral = 37,
    NumberLiteral = 38,
    /// <summary>Values of <see cref="long"/>: nanoseconds since midnight.</summary>
    TimeNanoseconds = 39,
    /// <summary>Not readable yet.</summary>
    Geometry = 40,
    /// <summary>Not readable yet.</summary>
    Variant = 41,
}

/// <summary>A span of the calendar: its three parts are not convertible into each other.</summary>
/// <param name="Months">Whole months.</param>
/// <param name="Days">Whole days, of 23 to 25 hours.</param>
/// <param name="Microseconds">The rest.</param>
public readonly record struct DuckDbInterval(int Months, int Days, long Microseconds);

/// <summary>Where one row's list lies in the child column. Meaningless where the row is null.</summary>
/// <param name="Offset">First element.</param>
/// <param name="Length">Elements.</param>
public readonly record struct DuckDbListEntry(long Offset, long Length);
