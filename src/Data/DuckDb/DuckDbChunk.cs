using DuckDB.NET.Native;

namespace SensorDash.Data.DuckDb;

/// <summary>Rows on their way into a table, as DuckDB has them: a vector per column. Values go straight into its memory, without a call for each.</summary>
internal sealed unsafe class DuckDbChunk : IDisposable
{
    /// <summary>Maximum rows of a chunk: DuckDB's vector size.</summary>
    public const int MaxRows = 2048;

    private readonly DuckDBAppender _appender;
    private readonly DuckDBLogicalType[] _types;
    private readonly DuckDBDataChunk _chunk;

    private readonly CancellationToken _cancellationToken;

    private DuckDbChunk(DuckDBAppender appender, CancellationToken cancellationToken)
    {
        (_appender, _cancellationToken) = (appender, cancellationToken);
        _types = new DuckDBLogicalType[NativeMethods.Appender.DuckDBAppenderColumnCount(appender)];
        for (var i = 0; i < _types.Length; i++) _types[i] = NativeMethods.Appender.DuckDBAppenderColumnType(appender, (ulong)i);
        _chunk = NativeMethods.DataChunks.DuckDBCreateDataChunk([.. _types.Select(type => type.DangerousGetHandle())], (ulong)_types.Length);
    }

    /// <summary>Appends rows to a table. After an error some of them may be in the table.</summary>
    /// <param name="connection">The driver's connection.</param>
    /// <param name="table">Table name, not quoted.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="write">Sets every column of a chunk, for so many rows from a given one.</param>
    /// <param name="cancellationToken">Tells an interrupt that the caller sent from one of DuckDB's own.</param>
    /// <exception cref="DuckDbException">DuckDB rejects the rows.</exception>
    /// <exception cref="OperationCanceledException">The connection was interrupted for the token.</exception>
    public static void Append(DuckDBNativeConnection connection, string table, int rows, Action<DuckDbChunk, int, int> write, CancellationToken cancellationToken)
    {
        var isOpen = NativeMethods.Appender.DuckDBAppenderCreate(connection, null, table, out var appender).IsSuccess();
        using (appender)
        {
            if (!isOpen) throw ErrorOf(appender, cancellationToken);
            using var chunk = new DuckDbChunk(appender, cancellationToken);
            for (var start = 0; start < rows; start += MaxRows)
            {
                var count = Math.Min(MaxRows, rows - start);
                write(chunk, start, count);
                chunk.Flush(count);
            }
            if (!NativeMethods.Appender.DuckDBAppenderClose(appender).IsSuccess()) throw ErrorOf(appender, cancellationToken);
        }
    }

    /// <summary>The values of a column, of exactly its type.</summary>
    public Span<T> Column<T>(int column)
        where T : unmanaged
        => new(NativeMethods.Vectors.DuckDBVectorGetData(VectorOf(column)), MaxRows);

    /// <summary>Makes one value null.</summary>
    public void SetNull(int column, int row)
    {
        var vector = VectorOf(column);
        NativeMethods.Vectors.DuckDBVectorEnsureValidityWritable(vector);
        NativeMethods.ValidityMask.DuckDBValiditySetRowValidity(NativeMethods.Vectors.DuckDBVectorGetValidity(vector), (ulong)row, false);
    }

    private nint VectorOf(int column) => NativeMethods.DataChunks.DuckDBDataChunkGetVector(_chunk, column);

    private void Flush(int rows)
    {
        NativeMethods.DataChunks.DuckDBDataChunkSetSize(_chunk, (ulong)rows);
        if (!NativeMethods.Appender.DuckDBAppendDataChunk(_appender, _chunk).IsSuccess()) throw ErrorOf(_appender, _cancellationToken);
        NativeMethods.DataChunks.DuckDBDataChunkReset(_chunk);
    }

    private static Exception ErrorOf(DuckDBAppender appender, CancellationToken cancellationToken)
    {
        using var error = NativeMethods.Appender.DuckDBAppenderErrorData(appender);
        return DuckDbException.Of(NativeMethods.ErrorData.DuckDBErrorDataErrorType(error), NativeMethods.ErrorData.DuckDBErrorDataMessage(error), cancellationToken);
    }

    public void Dispose()
    {
        _chunk.Dispose();
        foreach (var type in _types) type.Dispose();
    }
}
