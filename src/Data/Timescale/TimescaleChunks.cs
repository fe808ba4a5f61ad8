using Npgsql;

namespace SensorDash.Data.Timescale;

/// <summary>A chunk of a hypertable. Times are Unix microseconds.</summary>
/// <param name="Table">Its own table, quoted.</param>
/// <param name="Start">Inclusive.</param>
/// <param name="End">Exclusive.</param>
internal sealed record TimescaleChunk(string Hypertable, string Table, long Start, long End);

/// <summary>Finds and drops chunks, which costs the same for any number of rows.</summary>
internal static class TimescaleChunks
{
    private const string Select = """
        SELECT format('%I.%I', chunk_schema, chunk_name), range_start, range_end FROM timescaledb_information.chunks
        WHERE hypertable_schema = current_schema() AND hypertable_name = $1 AND range_end <= $2 ORDER BY range_end
        """;

    /// <summary>The chunks of a table that end at or before a time, oldest first; none where the table has no chunks.</summary>
    public static async Task<List<TimescaleChunk>> ListAsync(NpgsqlConnection connection, string table, long end, CancellationToken cancellationToken)
    {
        var chunks = new List<TimescaleChunk>();
        if (!await TimescaleLayout.IsHypertableAsync(connection, cancellationToken)) return chunks;
        await using var select = new NpgsqlCommand(Select, connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = table }, PgTime.Microseconds(end) } };
        await using var reader = await select.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken)) chunks.Add(new(table, reader.GetString(0), reader.GetMicroseconds(1), reader.GetMicroseconds(2)));
        return chunks;
    }

    /// <summary>Drops a chunk. In a transaction with the writer lock, so it waits only briefly for those who read the chunk: a backup may for an hour.</summary>
    /// <remarks>drop_chunks locks an index before its table, and readers the table before its index: a deadlock, unless the table is already locked.</remarks>
    public static async Task DropAsync(NpgsqlConnection connection, TimescaleChunk chunk, CancellationToken cancellationToken)
    {
        await using var take = new NpgsqlCommand($"SET LOCAL lock_timeout = '100ms'; LOCK TABLE {chunk.Table}; SET LOCAL lock_timeout = '{TimescaleDatabase.LockTimeoutSeconds}s'", connection);
        await take.ExecuteNonQueryAsync(cancellationToken);
        await using var drop = new NpgsqlCommand($"SELECT drop_chunks('{chunk.Hypertable}', older_than => $1, newer_than => $2)", connection)
        {
            CommandTimeout = 0,
            Parameters = { PgTime.Microseconds(chunk.End), PgTime.Microseconds(chunk.Start) },
        };
        await drop.ExecuteNonQueryAsync(cancellationToken);
    }
}
