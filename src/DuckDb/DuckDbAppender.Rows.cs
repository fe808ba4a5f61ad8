using System.Buffers;
using System.Runtime.CompilerServices;
using SensorDash.DuckDb.Native;

namespace SensorDash.DuckDb;

public sealed unsafe partial class DuckDbAppender
{
    private const int InlineLength = 12;

    /// <summary>Writes the row's next column.</summary>
    /// <exception cref="InvalidOperationException">The column's values are no T, or the row has all its columns.</exception>
    /// <exception cref="DuckDbException">The appender failed earlier.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append<T>(T value)
        where T : unmanaged
    {
        ref var column = ref NextColumn();
        if (column.Storage != Storages.Of<T>()) throw WrongType(_next, typeof(T).Name);
        Unsafe.WriteUnaligned((T*)column.Data + _rows, value);
        _next++;
    }

    /// <summary>Writes the row's next column: a value, or NULL for null.</summary>
    /// <inheritdoc cref="Append{T}(T)" path="/exception"/>
    public void Append<T>(T? value)
        where T : unmanaged
    {
        if (value is { } present) Append(present);
        else AppendNull();
    }

    /// <summary>Writes the row's next column: text (VARCHAR), or NULL for null.</summary>
    /// <exception cref="ArgumentException">The text is no Unicode: half of a surrogate pair stands alone.</exception>
    /// <inheritdoc cref="Append{T}(T)" path="/exception"/>
    public void Append(string? value)
    {
        if (value is null)
        {
            AppendNull();
            return;
        }
        ref var column = ref NextColumn();
        if (column.Storage != Storage.Text) throw WrongType(_next, "text");
        var most = Utf8.Strict.GetMaxByteCount(value.Length);
        var rented = most > 512 ? ArrayPool<byte>.Shared.Rent(most) : null;
        try
        {
            var buffer = rented ?? stackalloc byte[512];
            WriteBytes(column, _rows, buffer[..Utf8.Strict.GetBytes(value, buffer)]);
        }
        finally
        {
            if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        }
        _next++;
    }

    /// <summary>Writes the row's next column: text (VARCHAR), copied.</summary>
    /// <exception cref="ArgumentException">The bytes are no UTF-8.</exception>
    /// <inheritdoc cref="Append{T}(T)" path="/exception"/>
    public void AppendUtf8(ReadOnlySpan<byte> value)
    {
        ref var column = ref NextColumn();
        if (column.Storage != Storage.Text) throw WrongType(_next, "text");
        WriteText(column, _rows, value);
        _next++;
    }

    /// <summary>Writes the row's next column: bytes (BLOB), copied.</summary>
    /// <inheritdoc cref="Append{T}(T)" path="/exception"/>
    public void AppendBlob(ReadOnlySpan<byte> value)
    {
        ref var column = ref NextColumn();
        if (column.Storage != Storage.Bytes) throw WrongType(_next, "bytes");
        WriteBytes(column, _rows, value);
        _next++;
    }

    /// <summary>Writes NULL as the row's next column.</summary>
    /// <inheritdoc cref="Append{T}(T)" path="/exception"/>
    public void AppendNull()
    {
        WriteNull(ref NextColumn(), _rows);
        _next++;
    }

    /// <summary>Ends the row.</summary>
    /// <exception cref="InvalidOperationException">Columns are missing.</exception>
    /// <exception cref="DuckDbException">The chunk was full and could not be written.</exception>
    public void EndRow()
    {
        ThrowIfUnusable();
        if (_next != _columns.Length) throw new InvalidOperationException($"The row has {_next} of {_columns.Length} columns.");
        _next = 0;
        if (++_rows == _capacity) WriteChunk();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Column NextColumn()
    {
        ThrowIfUnusable();
        if (_next == _columns.Length)
            throw new InvalidOperationException($"The row has all its {_columns.Length} columns; EndRow comes first.");
        return ref _columns[_next];
    }

    private static void WriteNull(ref Column column, int row)
    {
        if (column.Validity == null)
        {
            NativeMethods.EnsureValidityWritable(column.Vector);
            column.Validity = NativeMethods.GetVectorValidity(column.Vector);
        }
        column.Validity[row >> 6] &= ~(1UL << (row & 63));
    }

    private static void WriteText(in Column column, int row, ReadOnlySpan<byte> value)
    {
        // DuckDB would store NULL for it and say nothing.
        if (!System.Text.Unicode.Utf8.IsValid(value))
            throw new ArgumentException($"The {value.Length} bytes are no UTF-8.", nameof(value));
        WriteBytes(column, row, value);
    }

    private static void WriteBytes(in Column column, int row, ReadOnlySpan<byte> value)
    {
        if (value.Length > InlineLength)
        {
            fixed (byte* start = value) NativeMethods.AssignString(column.Vector, (ulong)row, start, (ulong)value.Length);
            return;
        }
        // Short values lie in the vector itself, the rest of their 12 bytes zero: no call is needed.
        var target = new Span<byte>(column.Data + (long)row * Storages.Size(column.Storage), sizeof(uint) + InlineLength);
        target.Clear();
        Unsafe.WriteUnaligned(ref target[0], (uint)value.Length);
        value.CopyTo(target[sizeof(uint)..]);
    }
}
