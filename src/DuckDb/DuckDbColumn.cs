using System.Runtime.CompilerServices;
using System.Text;
using SensorDash.DuckDb.Native;

namespace SensorDash.DuckDb;

/// <summary>
/// One column of a chunk, or the elements of all its lists. Valid as long as its chunk: after that every member throws. The spans
/// point into DuckDB's memory: they must not be used after the chunk ended, which nothing can check.
/// </summary>
public sealed unsafe class DuckDbColumn
{
    private const int StringSize = 16;
    private const int InlineLength = 12;

    private readonly DuckDbChunk _chunk;
    private readonly nint _vector;
    private readonly byte* _data;
    private readonly ulong* _validity;
    private DuckDbColumn? _child;

    internal DuckDbColumn(DuckDbChunk chunk, nint vector, DuckDbColumnType type, int rowCount)
    {
        _chunk = chunk;
        _vector = vector;
        _data = NativeMethods.GetVectorData(vector);
        _validity = NativeMethods.GetVectorValidity(vector);
        Type = type;
        RowCount = rowCount;
    }

    public DuckDbColumnType Type { get; }

    /// <summary>The chunk's rows; for a list's child, the elements of all lists of the chunk.</summary>
    public int RowCount { get; }

    /// <summary>True if <see cref="IsNull"/> may be true for a row; false spares the asking.</summary>
    public bool MayHaveNulls => _validity != null;

    /// <summary>The child column of a list column.</summary>
    /// <exception cref="InvalidOperationException">The column holds no lists.</exception>
    public DuckDbColumn Child
    {
        get
        {
            _chunk.ThrowIfReleased();
            if (Type.Element is null) throw WrongType("lists");
            return _child ??= new DuckDbColumn(
                _chunk, NativeMethods.GetListChild(_vector), Type.Element, checked((int)NativeMethods.GetListSize(_vector)));
        }
    }

    /// <summary>All rows' values; where a row is null, whatever was there. Which T a column has:
    /// <see cref="DuckDbType"/>.</summary>
    /// <exception cref="InvalidOperationException">The column's values are no T.</exception>
    public ReadOnlySpan<T> Values<T>()
        where T : unmanaged
    {
        _chunk.ThrowIfReleased();
        if (Storages.Of<T>() != Type.Storage || Type.Storage == Storage.None) throw WrongType(typeof(T).Name);
        return new ReadOnlySpan<T>(_data, RowCount);
    }

    /// <summary>Whether a row is NULL.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The chunk has no such row.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsNull(int row)
    {
        CheckRow(row);
        return _validity != null && (_validity[(uint)row >> 6] & (1UL << (row & 63))) == 0;
    }

    /// <summary>A row's text as UTF-8, not copied. For VARCHAR.</summary>
    /// <exception cref="InvalidOperationException">The column is no VARCHAR, or the row is NULL.</exception>
    public ReadOnlySpan<byte> GetUtf8(int row)
    {
        if (Type.Storage != Storage.Text) throw WrongType("text");
        return Bytes(row);
    }

    /// <summary>A row's bytes, not copied. For BLOB.</summary>
    /// <exception cref="InvalidOperationException">The column is no BLOB, or the row is NULL.</exception>
    public ReadOnlySpan<byte> GetBlob(int row)
    {
        if (Type.Storage != Storage.Bytes) throw WrongType("bytes");
        return Bytes(row);
    }

    /// <summary>A row's text, or null. For VARCHAR and ENUM.</summary>
    /// <exception cref="InvalidOperationException">The column is of another type.</exception>
    public string? GetString(int row)
    {
        if (IsNull(row)) return null;
        if (Type.Type != DuckDbType.Enum) return Encoding.UTF8.GetString(GetUtf8(row));
        var index = Type.Storage switch
        {
            Storage.Byte => _data[row],
            Storage.UInt16 => ((ushort*)_data)[row],
            _ => ((uint*)_data)[row],
        };
        return Type.EnumValues[(int)index];
    }

    /// <summary>A row's DECIMAL, exact, or null.</summary>
    /// <exception cref="InvalidOperationException">The column is no DECIMAL.</exception>
    /// <exception cref="OverflowException">More digits than <see cref="decimal"/> holds (28 to 29); read it as
    /// <see cref="Int128"/>.</exception>
    public decimal? GetDecimal(int row)
    {
        if (Type.Type != DuckDbType.Decimal) throw WrongType("decimals");
        if (IsNull(row)) return null;
        var unscaled = Type.Storage switch
        {
            Storage.Int16 => ((short*)_data)[row],
            Storage.Int32 => ((int*)_data)[row],
            Storage.Int64 => ((long*)_data)[row],
            _ => Unsafe.ReadUnaligned<Int128>(_data + (long)row * sizeof(Int128)),
        };
        if (Type.DecimalScale > 28)
            throw new OverflowException($"A {Type} does not fit a decimal, which has at most 28 digits behind the point.");
        Span<int> bits = stackalloc int[4];
        decimal.GetBits((decimal)unscaled, bits);
        return new decimal(bits[0], bits[1], bits[2], unscaled < 0, (byte)Type.DecimalScale);
    }

    /// <summary>The elements of a row's list, not copied; empty if the list is. Elements that are NULL: ask
    /// <see cref="Child"/>.</summary>
    /// <exception cref="InvalidOperationException">The column holds no lists of T, or the row is NULL.</exception>
    public ReadOnlySpan<T> GetList<T>(int row)
        where T : unmanaged
    {
        var entries = Values<DuckDbListEntry>();
        if (IsNull(row)) throw NullRow(row);
        var entry = entries[row];
        return Child.Values<T>().Slice((int)entry.Offset, (int)entry.Length);
    }

    private ReadOnlySpan<byte> Bytes(int row)
    {
        // A null row's pointer leads anywhere.
        if (IsNull(row)) throw NullRow(row);
        var value = _data + (long)row * StringSize;
        var length = *(uint*)value;
        var start = length <= InlineLength ? value + sizeof(uint) : *(byte**)(value + 8);
        return new ReadOnlySpan<byte>(start, checked((int)length));
    }

    private void CheckRow(int row)
    {
        _chunk.ThrowIfReleased();
        if ((uint)row >= (uint)RowCount)
            throw new ArgumentOutOfRangeException(nameof(row), row, $"There are {RowCount} rows, counted from 0.");
    }

    private InvalidOperationException WrongType(string wanted) =>
        new($"The column is of type {Type}; it cannot be read as {wanted}.");

    private static InvalidOperationException NullRow(int row) => new($"Row {row} is NULL; ask IsNull first.");
}
