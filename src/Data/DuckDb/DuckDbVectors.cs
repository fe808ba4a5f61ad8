using DuckDB.NET.Native;

namespace SensorDash.Data.DuckDb;

/// <summary>Some rows of a query, as DuckDB has them: a vector per column. Values come straight from its memory, without a call for each.</summary>
internal readonly unsafe ref struct DuckDbVectors
{
    /// <summary>Receives rows, at most a few thousand at a time; do not keep them.</summary>
    /// <returns>False to read no more.</returns>
    public delegate bool Receiver(DuckDbVectors rows);

    private const int BitsPerWord = 64;

    private readonly DuckDBDataChunk _chunk;

    private DuckDbVectors(DuckDBDataChunk chunk, int count) => (_chunk, Count) = (chunk, count);

    /// <summary>Rows, 1 or more.</summary>
    public int Count { get; }

    /// <summary>The values of a column, of exactly its type; undefined where they are null.</summary>
    public ReadOnlySpan<T> Column<T>(int column)
        where T : unmanaged
        => new(NativeMethods.Vectors.DuckDBVectorGetData(NativeMethods.DataChunks.DuckDBDataChunkGetVector(_chunk, column)), Count);

    /// <summary>Which values of a column are not null, a bit each, the lowest first; empty when none is null.</summary>
    public ReadOnlySpan<ulong> Valid(int column)
    {
        var valid = NativeMethods.Vectors.DuckDBVectorGetValidity(NativeMethods.DataChunks.DuckDBDataChunkGetVector(_chunk, column));
        return valid is null ? default : new(valid, (Count + BitsPerWord - 1) / BitsPerWord);
    }

    /// <summary>One value of a column, or null.</summary>
    /// <param name="values"><see cref="Column"/>.</param>
    /// <param name="valid"><see cref="Valid"/>.</param>
    /// <param name="row">The row.</param>
    public static T? At<T>(ReadOnlySpan<T> values, ReadOnlySpan<ulong> valid, int row)
        where T : unmanaged
        => valid.IsEmpty || ((valid[row / BitsPerWord] >> (row % BitsPerWord)) & 1) != 0 ? values[row] : null;

    /// <summary>Runs a query and hands over its rows while they are computed, in constant memory.</summary>
    /// <param name="connection">The driver's connection.</param>
    /// <param name="sql">One statement.</param>
    /// <param name="receive">Receives the rows.</param>
    /// <param name="cancellationToken">Tells an interrupt that the caller sent from one of DuckDB's own.</param>
    /// <exception cref="DuckDbException">The query failed.</exception>
    /// <exception cref="OperationCanceledException">The connection was interrupted for the token.</exception>
    public static void Read(DuckDBNativeConnection connection, string sql, Receiver receive, CancellationToken cancellationToken)
    {
        var isPrepared = NativeMethods.PreparedStatements.DuckDBPrepare(connection, sql, out var statement).IsSuccess();
        using (statement)
        {
            // Preparing returns only a text.
            if (!isPrepared) throw DuckDbException.Of(DuckDBErrorType.Invalid, NativeMethods.PreparedStatements.DuckDBPrepareError(statement), cancellationToken);
            var isRunning = NativeMethods.PreparedStatements.DuckDBExecutePreparedStreaming(statement, out var result).IsSuccess();
            try
            {
                if (!isRunning) throw ErrorOf(ref result, cancellationToken);
                while (ReadChunk(ref result, receive, cancellationToken)) { }
            }
            finally
            {
                result.Close();
            }
        }
        // An interrupted query may simply end; this must not look like the last row.
        cancellationToken.ThrowIfCancellationRequested();
    }

    private static bool ReadChunk(ref DuckDBResult result, Receiver receive, CancellationToken cancellationToken)
    {
        using var chunk = NativeMethods.Query.DuckDBFetchChunk(result);
        if (chunk.IsInvalid)
            return NativeMethods.Query.DuckDBResultErrorType(ref result) == DuckDBErrorType.Invalid ? false : throw ErrorOf(ref result, cancellationToken);
        var count = (int)NativeMethods.DataChunks.DuckDBDataChunkGetSize(chunk);
        return count > 0 && receive(new(chunk, count));
    }

    private static Exception ErrorOf(ref DuckDBResult result, CancellationToken cancellationToken)
        => DuckDbException.Of(NativeMethods.Query.DuckDBResultErrorType(ref result), NativeMethods.Query.DuckDBResultError(ref result), cancellationToken);
}
