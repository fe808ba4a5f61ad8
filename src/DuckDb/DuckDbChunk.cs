using SensorDash.DuckDb.Native;

namespace SensorDash.DuckDb;

/// <summary>Up to 2048 rows, column by column. Valid until its result is asked for the next chunk or disposed; after that every
/// member throws.</summary>
public sealed class DuckDbChunk
{
    private readonly DataChunkHandle _handle;
    private readonly DuckDbColumn?[] _columns;
    private readonly IReadOnlyList<DuckDbColumnInfo> _infos;

    internal DuckDbChunk(DataChunkHandle handle, IReadOnlyList<DuckDbColumnInfo> infos)
    {
        _handle = handle;
        _infos = infos;
        _columns = new DuckDbColumn?[infos.Count];
        RowCount = (int)NativeMethods.GetChunkSize(handle);
    }

    /// <summary>1 to 2048.</summary>
    public int RowCount { get; }

    /// <summary>The values of one column.</summary>
    /// <param name="index">0 up to the number of columns, exclusive.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column.</exception>
    /// <exception cref="ObjectDisposedException">The chunk is not valid any more.</exception>
    public DuckDbColumn this[int index]
    {
        get
        {
            ThrowIfReleased();
            if ((uint)index >= (uint)_columns.Length)
                throw new ArgumentOutOfRangeException(
                    nameof(index), index, $"The result has {_columns.Length} column(s), counted from 0.");
            return _columns[index] ??= new DuckDbColumn(
                this, NativeMethods.GetVector(_handle, (ulong)index), _infos[index].Type, RowCount);
        }
    }

    internal void ThrowIfReleased() => ObjectDisposedException.ThrowIf(_handle.IsClosed, this);

    internal void Release() => _handle.Dispose();
}
