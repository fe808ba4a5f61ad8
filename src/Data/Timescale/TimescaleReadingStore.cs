using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <inheritdoc cref="IReadingStore"/>
/// <remarks>Several processes may use one database: their writers share a lock on the server (ADR 0009), readers never wait.</remarks>
public sealed class TimescaleReadingStore(TimescaleDatabase database, CommitSignal commits, RecentBatches recent, IOptions<NodeLimitOptions> nodeLimit, TimeProvider clock)
    : IReadingStore, IDisposable, IAsyncDisposable
{
    internal const string Columns =
        "r.node_address, r.timestamp, r.temperature_centidegrees, r.humidity_centipercent, r.flags, r.received_at, n.device_id";

    // OFFSET 0 prevents a hash join, whose rows would need sorting.
    internal const string DeviceOfReading = "LEFT JOIN LATERAL (SELECT device_id FROM nodes WHERE address = r.node_address OFFSET 0) n ON true";

    // A page is a round trip to the server.
    private const int PageRows = 5_000;

    private const string OneNode = $"""
        SELECT {Columns} FROM sensor_readings r {DeviceOfReading}
        WHERE r.node_address = $1 AND r.timestamp BETWEEN $2 AND $3
        """;

    private const string EveryNode = $"""
        SELECT {Columns} FROM sensor_readings r {DeviceOfReading}
        WHERE r.timestamp BETWEEN $2 AND $3 AND NOT (r.timestamp = $6 AND r.node_address
        """;

    internal const string OneNodeNewestFirst = OneNode + " ORDER BY r.timestamp DESC LIMIT $4 OFFSET $5";
    internal const string OneNodeOldestFirst = OneNode + " ORDER BY r.timestamp ASC LIMIT $4 OFFSET $5";
    internal const string EveryNodeNewestFirst = EveryNode + " <= $1) ORDER BY r.timestamp DESC, r.node_address ASC LIMIT $4 OFFSET $5";
    internal const string EveryNodeOldestFirst = EveryNode + " >= $1) ORDER BY r.timestamp ASC, r.node_address DESC LIMIT $4 OFFSET $5";

    // One scan of each node's key, from the node's latest time: later chunks are not searched.
    internal const string Newest = $"""
        SELECT {Columns} FROM nodes n CROSS JOIN LATERAL (
            SELECT * FROM sensor_readings WHERE node_address = n.address AND timestamp <= n.last_seen_at ORDER BY timestamp DESC LIMIT $2) r
        WHERE n.address = ANY ($1)
        """;

    private const string CountOneNode = "SELECT count(*) FROM sensor_readings WHERE node_address = $1 AND timestamp BETWEEN $2 AND $3";
    private const string CountEveryNode = "SELECT count(*) FROM sensor_readings WHERE timestamp BETWEEN $2 AND $3 AND $1 IS NULL";

    // Counters always equal a recount, so an open range need not be counted row by row.
    private const string CountFromNodes = "SELECT coalesce(sum(total_readings), 0)::bigint FROM nodes WHERE $1 IS NULL OR address = $1";

    private readonly TimescaleReadingWriter _writer = new(database, commits, recent, nodeLimit, clock);

    /// <inheritdoc/>
    public int PageLength => PageRows;

    /// <inheritdoc/>
    public Task<int> AppendAsync(ReadOnlyMemory<Reading> batch, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
        => _writer.AppendAsync(batch, outcomes, cancellationToken);

    /// <inheritdoc/>
    public Task<long> RemoveBeforeAsync(long before, CancellationToken cancellationToken)
        => TimescaleRemoval.RemoveBeforeAsync(database, commits, clock, before, cancellationToken);

    /// <inheritdoc/>
    public Task<(long Readings, int Nodes)> RemoveBeforeAsync(IReadOnlyList<NodeRemoval> nodes, CancellationToken cancellationToken)
        => TimescaleRemoval.RemoveBeforeAsync(database, commits, clock, nodes, cancellationToken);

    /// <inheritdoc/>
    public int BytesPerReading => 140;

    /// <inheritdoc/>
    public Task<int> ReadAsync(ReadingQuery query, Memory<Reading> page, CancellationToken cancellationToken)
        => database.ReadAsync(
            async (connection, token) =>
            {
                await using var command = PageCommand(connection, query, page.Length);
                await using var reader = await command.ExecuteReaderAsync(token);
                var count = 0;
                while (count < page.Length && await reader.ReadAsync(token)) page.Span[count++] = TimescaleRows.ReadReading(reader);
                return count;
            },
            cancellationToken);

    internal static NpgsqlCommand PageCommand(NpgsqlConnection connection, ReadingQuery query, int length)
    {
        var (start, end) = (query.Filter.Range.Start ?? long.MinValue, query.Filter.Range.End ?? long.MaxValue);
        var newestFirst = query.Order == ReadingOrder.NewestFirst;
        var command = new NpgsqlCommand { Connection = connection };
        // After a position of one node comes another second; after a position among all nodes there may be more readings of the same second.
        var step = query.Filter.NodeAddress is null ? 0 : 1;
        if (query.After is { } after)
            (start, end) = newestFirst ? (start, Math.Min(end, after.Timestamp - step)) : (Math.Max(start, after.Timestamp + step), end);
        command.CommandText = (query.Filter.NodeAddress, newestFirst) switch
        {
            (null, true) => EveryNodeNewestFirst,
            (null, false) => EveryNodeOldestFirst,
            (_, true) => OneNodeNewestFirst,
            (_, false) => OneNodeOldestFirst,
        };
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = query.Filter.NodeAddress ?? query.After?.NodeAddress ?? 0 });
        foreach (var time in (long[])[start, end]) command.Parameters.Add(PgTime.Seconds(time));
        foreach (var value in (long[])[length, query.Offset]) command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = value });
        if (query.Filter.NodeAddress is null) command.Parameters.Add(PgTime.Seconds(query.After?.Timestamp ?? long.MinValue));
        return command;
    }

    /// <inheritdoc/>
    public Task<long> CountAsync(ReadingFilter filter, CancellationToken cancellationToken)
        => database.ReadAsync(
            async (connection, token) =>
            {
                var open = filter.Range == TimeRange.All;
                await using var command = new NpgsqlCommand(
                    open ? CountFromNodes : filter.NodeAddress is null ? CountEveryNode : CountOneNode, connection);
                command.Parameters.Add(new NpgsqlParameter { Value = (object?)filter.NodeAddress ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
                if (!open)
                {
                    command.Parameters.Add(PgTime.Seconds(filter.Range.Start ?? long.MinValue));
                    command.Parameters.Add(PgTime.Seconds(filter.Range.End ?? long.MaxValue));
                }
                return (long)(await command.ExecuteScalarAsync(token))!;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<int, Reading[]>> ReadNewestAsync(
        IReadOnlyCollection<int> addresses, int count, CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyDictionary<int, Reading[]>>(
            async (connection, token) =>
            {
                await using var command = new NpgsqlCommand(Newest, connection);
                command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. addresses] });
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = count });
                await using var reader = await command.ExecuteReaderAsync(token);
                var readings = new List<Reading>();
                while (await reader.ReadAsync(token)) readings.Add(TimescaleRows.ReadReading(reader));
                return readings.GroupBy(r => r.NodeAddress).ToDictionary(g => g.Key, g => g.OrderByDescending(r => r.Timestamp).ToArray());
            },
            cancellationToken);

    public void Dispose() => _writer.Dispose();

    public ValueTask DisposeAsync() => _writer.DisposeAsync();
}
