using System.Data;
using Npgsql;
using SensorDash.Data.Events;
using SensorDash.Data.Events.Canonical;
using SensorDash.Data.Readings;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.Timescale;

/// <inheritdoc cref="IRangeReader"/>
internal sealed class TimescaleRangeReader(TimescaleDatabase database) : IRangeReader
{
    private const int ReadingsAtOnce = 1_500;
    private const int EventsAtOnce = 500;

    private const string TimeAt = "SELECT timestamp FROM sensor_readings WHERE timestamp >= $1 AND timestamp < $2 ORDER BY timestamp LIMIT 1 OFFSET $3";

    /// <summary>Readings of a range of times, each with its batch.</summary>
    internal const string Readings = $"""
        SELECT {TimescaleReadingStore.Columns}, r.batch_id FROM sensor_readings r LEFT JOIN nodes n ON n.address = r.node_address WHERE r.timestamp >= $1 AND r.timestamp < $2
        """;

    public Task<long> FindEndAsync(TransferRange range, int limit, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            if (await TimeAsync(connection, range, limit, token) is not { } last) return range.To;
            return last > await TimeAsync(connection, range, 0, token) ? last : last + 1;
        },
        cancellationToken);

    public Task VisitReadingsAsync(TransferRange range, VisitRows<Reading> visit, CancellationToken cancellationToken)
        => database.ReadAsync((connection, token) => VisitReadingsAsync(connection, range, visit, token), cancellationToken);

    /// <summary>In the snapshot of a connection.</summary>
    internal static async Task<int> VisitReadingsAsync(NpgsqlConnection connection, TransferRange range, VisitRows<Reading> visit, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Readings, connection) { Parameters = { PgTime.Seconds(range.From), PgTime.Seconds(range.To) } };
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        return await VisitAsync(rows, TimescaleRows.ReadReading, new Reading[ReadingsAtOnce], visit, cancellationToken);
    }

    public Task VisitEventsAsync(TransferRange range, VisitRows<LaneEvent> visit, CancellationToken cancellationToken) => database.ReadAsync(
        async (connection, token) =>
        {
            // One snapshot of all lanes.
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, token);
            return await VisitEventsAsync(connection, range, visit, token);
        },
        cancellationToken);

    /// <summary>In the snapshot of a connection. All lanes are read in one round trip.</summary>
    internal static async Task<int> VisitEventsAsync(NpgsqlConnection connection, TransferRange range, VisitRows<LaneEvent> visit, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var table in Lanes.All.Select(LaneTable.Of))
        {
            batch.BatchCommands.Add(new($"SELECT {table.Columns} FROM {table.Name} WHERE canonical_truth_time >= $1 AND canonical_truth_time < $2")
            {
                Parameters = { PgTime.Microseconds(range.From), PgTime.Microseconds(range.To) },
            });
        }
        var (block, canonical) = (new LaneEvent[EventsAtOnce], new CanonicalJson());
        await using var rows = await batch.ExecuteReaderAsync(cancellationToken);
        foreach (var table in Lanes.All.Select(LaneTable.Of))
        {
            await VisitAsync(rows, row => TimescaleLane.Read(table, row, canonical), block, visit, cancellationToken);
            await rows.NextResultAsync(cancellationToken);
        }
        return 0;
    }

    /// <summary>Hands over the rows of a query, some at a time.</summary>
    internal static async Task<int> VisitAsync<TRow>(NpgsqlDataReader rows, Func<NpgsqlDataReader, TRow> read, TRow[] block, VisitRows<TRow> visit, CancellationToken cancellationToken)
    {
        var count = 0;
        while (await rows.ReadAsync(cancellationToken))
        {
            block[count++] = read(rows);
            if (count < block.Length) continue;
            visit(block);
            count = 0;
        }
        visit(block.AsSpan(0, count));
        return count;
    }

    // The measured time of a reading by its number in the order of time; null if there are not so many.
    private static async Task<long?> TimeAsync(NpgsqlConnection connection, TransferRange range, long number, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(TimeAt, connection) { Parameters = { PgTime.Seconds(range.From), PgTime.Seconds(range.To), new NpgsqlParameter<long> { TypedValue = number } } };
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        return await rows.ReadAsync(cancellationToken) ? rows.GetSeconds(0) : null;
    }
}
