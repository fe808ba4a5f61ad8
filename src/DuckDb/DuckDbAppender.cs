using SensorDash.DuckDb.Native;

namespace SensorDash.DuckDb;

/// <summary>
/// Writes rows into one table: value by value (<c>Append</c>, <see cref="EndRow"/>) or column by column (<c>GetSpan</c>,
/// <see cref="Advance"/>). Every column takes the T that <see cref="DuckDbType"/> names; nothing is converted. For one thread at
/// a time, and not while another thread uses its connection.
/// </summary>
/// <remarks>
/// Rows reach the table in <see cref="Flush"/>, in <see cref="Close"/>, and by themselves each 204 800 rows; each time is a
/// transaction of its own unless the connection has one open, which is how a whole load becomes all or nothing. A failed write
/// drops the rows that were not flushed and ends the appender: every later call repeats the error. Disposing it without
/// <see cref="Close"/> drops what is not flushed. A DECIMAL's digits are not counted: the caller keeps its unscaled values within
/// the width.
/// </remarks>
public sealed unsafe partial class DuckDbAppender : IDisposable
{
    private readonly AppenderHandle _handle;
    private readonly ConnectionHandle _connection;
    private readonly DataChunkHandle _chunk;
    private readonly Column[] _columns;
    private readonly int _capacity;

    // Rows [0, _rows) of the chunk are whole; row _rows has its first _next values.
    private int _rows;
    private int _next;
    private DuckDbException? _failure;

    private DuckDbAppender(AppenderHandle handle, ConnectionHandle connection, DataChunkHandle chunk, Column[] columns)
    {
        _handle = handle;
        _connection = connection;
        _chunk = chunk;
        _columns = columns;
        _capacity = (int)NativeMethods.VectorSize();
        ColumnTypes = Array.ConvertAll(columns, column => column.Type);
        for (var i = 0; i < columns.Length; i++) columns[i].Vector = NativeMethods.GetVector(chunk, (ulong)i);
        PrepareChunk();
    }

    /// <summary>The table's columns in order.</summary>
    public IReadOnlyList<DuckDbColumnType> ColumnTypes { get; }

    /// <summary>Rows that fit before the next internal flush: the length of what <see cref="GetSpan"/> gives, 1 to
    /// 2048.</summary>
    public int FreeRows => _capacity - _rows;

    /// <summary>A column's values of the next <see cref="FreeRows"/> rows, to be filled in place. Valid until the next
    /// <see cref="Advance"/>, Append, Flush or Dispose; what it holds before it is filled is undefined.</summary>
    /// <param name="column">0 up to the number of columns, exclusive.</param>
    /// <exception cref="InvalidOperationException">The column's values are no T, or a row has been begun with Append.</exception>
    public Span<T> GetSpan<T>(int column)
        where T : unmanaged
    {
        ref var target = ref WholeRows(column, FreeRows - 1);
        if (target.Storage != Storages.Of<T>() || target.Storage == Storage.List) throw WrongType(column, typeof(T).Name);
        return new Span<T>((T*)target.Data + _rows, FreeRows);
    }

    /// <summary>Copies values into the next rows of a column; see <see cref="GetSpan"/>.</summary>
    /// <param name="values">At most <see cref="FreeRows"/>.</param>
    /// <param name="nulls">Empty for none; else as long as <paramref name="values"/>, true where the row is NULL.</param>
    /// <exception cref="ArgumentException">Too many values, or the lengths differ.</exception>
    public void SetColumn<T>(int column, ReadOnlySpan<T> values, ReadOnlySpan<bool> nulls = default)
        where T : unmanaged
    {
        if (values.Length > FreeRows)
            throw new ArgumentException($"{values.Length} values, but {FreeRows} rows are free.", nameof(values));
        if (nulls.Length != 0 && nulls.Length != values.Length)
            throw new ArgumentException("values and nulls differ in length.", nameof(nulls));
        values.CopyTo(GetSpan<T>(column));
        for (var row = nulls.IndexOf(true); row >= 0 && row < nulls.Length; row++)
        {
            if (nulls[row]) SetNull(column, row);
        }
    }

    /// <summary>Makes one of the next rows NULL in a column.</summary>
    /// <param name="row">From 0: the first row that <see cref="GetSpan"/> gives.</param>
    public void SetNull(int column, int row) => WriteNull(ref WholeRows(column, row), _rows + row);

    /// <summary>Sets text (VARCHAR) in one of the next rows; the bytes are copied. A row that is not set is empty text.</summary>
    /// <exception cref="ArgumentException">The bytes are no UTF-8.</exception>
    /// <inheritdoc cref="SetNull" path="/param"/>
    public void SetUtf8(int column, int row, ReadOnlySpan<byte> value)
    {
        ref var target = ref WholeRows(column, row);
        if (target.Storage != Storage.Text) throw WrongType(column, "text");
        WriteText(target, _rows + row, value);
    }

    /// <summary>Sets bytes (BLOB) in one of the next rows; they are copied.</summary>
    /// <inheritdoc cref="SetNull" path="/param"/>
    public void SetBlob(int column, int row, ReadOnlySpan<byte> value)
    {
        ref var target = ref WholeRows(column, row);
        if (target.Storage != Storage.Bytes) throw WrongType(column, "bytes");
        WriteBytes(target, _rows + row, value);
    }

    /// <summary>Ends the next rows, whose columns have been filled.</summary>
    /// <param name="rows">0 to <see cref="FreeRows"/>.</param>
    /// <exception cref="DuckDbException">The chunk was full and could not be written.</exception>
    public void Advance(int rows)
    {
        ThrowIfUnusable();
        if (_next != 0) throw RowBegun();
        if (rows < 0 || rows > FreeRows) throw new ArgumentOutOfRangeException(nameof(rows), rows, $"{FreeRows} rows are free.");
        _rows += rows;
        if (_rows == _capacity) WriteChunk();
    }

    /// <summary>Writes everything appended so far into the table.</summary>
    /// <exception cref="DuckDbException">It failed, and the rows since the last flush are dropped:
    /// <see cref="DuckDbErrorKind.Constraint"/> and others.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the rows since the last flush are
    /// dropped.</exception>
    /// <exception cref="InvalidOperationException">A row has been begun and not ended.</exception>
    public void Flush(CancellationToken cancellationToken)
    {
        ThrowIfUnusable();
        if (_next != 0) throw RowBegun();
        using var interruption = Interruption.Watch(_connection, cancellationToken);
        try
        {
            if (_rows > 0) WriteChunk();
            if (NativeMethods.FlushAppender(_handle) == NativeState.Error) throw Fail();
        }
        catch (DuckDbException failure) when (failure.OrCanceled(cancellationToken) is OperationCanceledException canceled)
        {
            throw canceled;
        }
    }

    /// <summary><see cref="Flush"/>, then <see cref="Dispose"/>.</summary>
    /// <inheritdoc cref="Flush" path="/exception"/>
    public void Close(CancellationToken cancellationToken)
    {
        Flush(cancellationToken);
        Dispose();
    }

    /// <summary>Drops what is not flushed.</summary>
    public void Dispose()
    {
        _chunk.Dispose();
        _handle.Dispose();
    }

    internal static DuckDbAppender Create(ConnectionHandle connection, string? schema, string table)
    {
        var state = NativeMethods.CreateAppender(connection, schema, table, out var native);
        var handle = new AppenderHandle(native, connection);
        try
        {
            if (state == NativeState.Error) throw Failure(handle);
            var (chunk, columns) = CreateChunk(handle);
            return new DuckDbAppender(handle, connection, chunk, columns);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private static (DataChunkHandle Chunk, Column[] Columns) CreateChunk(AppenderHandle handle)
    {
        var columns = new Column[(int)NativeMethods.AppenderColumnCount(handle)];
        var types = new LogicalTypeHandle[columns.Length];
        try
        {
            var pointers = stackalloc nint[columns.Length];
            for (var i = 0; i < columns.Length; i++)
            {
                types[i] = new LogicalTypeHandle(NativeMethods.AppenderColumnType(handle, (ulong)i));
                pointers[i] = types[i].DangerousGetHandle();
                var type = DuckDbColumnType.Read(types[i]);
                // An ENUM's index is not checked by DuckDB, and a list's elements would need a writer of their own.
                if (type.Storage is Storage.None or Storage.List || type.Type == DuckDbType.Enum)
                    throw new NotSupportedException(
                        $"Column {i} is of type {type}, which an appender cannot write; insert with SQL.");
                columns[i].Type = type;
                columns[i].Storage = type.Storage;
            }
            return (new DataChunkHandle(NativeMethods.CreateDataChunk(pointers, (ulong)columns.Length), handle), columns);
        }
        finally
        {
            foreach (var type in types) type?.Dispose();
        }
    }

    private static DuckDbException Failure(AppenderHandle handle)
    {
        var error = NativeMethods.AppenderErrorData(handle);
        var failure = new DuckDbException(
            NativeMethods.ErrorDataType(error), NativeText.Read(NativeMethods.ErrorDataMessage(error)));
        NativeMethods.DestroyErrorData(ref error);
        return failure;
    }

    private DuckDbException Fail() => _failure = Failure(_handle);

    private void WriteChunk()
    {
        NativeMethods.SetChunkSize(_chunk, (ulong)_rows);
        if (NativeMethods.AppendDataChunk(_handle, _chunk) == NativeState.Error) throw Fail();
        NativeMethods.ResetDataChunk(_chunk);
        _rows = 0;
        PrepareChunk();
    }

    private void PrepareChunk()
    {
        foreach (ref var column in _columns.AsSpan())
        {
            column.Data = NativeMethods.GetVectorData(column.Vector);
            column.Validity = null;
            // A row whose text is never set must not keep the pointer of the chunk before.
            if (column.Storage is Storage.Text or Storage.Bytes)
                new Span<byte>(column.Data, _capacity * Storages.Size(column.Storage)).Clear();
        }
    }

    private ref Column WholeRows(int column, int row)
    {
        ThrowIfUnusable();
        if (_next != 0) throw RowBegun();
        if ((uint)column >= (uint)_columns.Length)
            throw new ArgumentOutOfRangeException(
                nameof(column), column, $"The table has {_columns.Length} column(s), counted from 0.");
        if ((uint)row >= (uint)FreeRows)
            throw new ArgumentOutOfRangeException(nameof(row), row, $"{FreeRows} rows are free, counted from 0.");
        return ref _columns[column];
    }

    private void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
        if (_failure is not null)
            throw new DuckDbException(_failure.Kind, $"The appender failed earlier and takes no more rows. {_failure.Message}");
    }

    private InvalidOperationException WrongType(int column, string given) =>
        new($"Column {column} is of type {_columns[column].Type}; it does not take {given}.");

    private InvalidOperationException RowBegun() =>
        new($"A row has been begun: {_next} of {_columns.Length} columns are written; EndRow comes first.");

    private struct Column
    {
        public DuckDbColumnType Type;
        public Storage Storage;
        public nint Vector;
        public byte* Data;
        public ulong* Validity;
    }
}
