using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Sqlite;

/// <inheritdoc cref="IReadingStore"/>
/// <remarks>Readers never wait for the writer (WAL).</remarks>
public sealed class SqliteReadingStore(SqliteDatabase database, CommitSignal commits, RecentBatches recent, IOptions<NodeLimitOptions> nodeLimit, TimeProvider clock) : IReadingStore
{
    // LEFT JOIN keeps the readings in the outer loop, so that the index returns each page in order without sorting.
    private const string OneNode = $"""
        SELECT {SqliteReadingRow.Columns} FROM sensor_readings r LEFT JOIN nodes n ON n.address = r.node_address
        WHERE r.node_address = $node AND r.timestamp BETWEEN $start AND $end
        """;

    private const string EveryNode = $"""
        SELECT {SqliteReadingRow.Columns} FROM sensor_readings r INDEXED BY ix_sensor_readings_timestamp LEFT JOIN nodes n ON n.address = r.node_address
        WHERE r.timestamp BETWEEN $start AND $end AND NOT (r.timestamp = $at AND r.node_address
        """;

    private const string OneNodeNewestFirst = OneNode + " ORDER BY r.timestamp DESC LIMIT $limit OFFSET $offset";
    private const string OneNodeOldestFirst = OneNode + " ORDER BY r.timestamp ASC LIMIT $limit OFFSET $offset";
    private const string EveryNodeNewestFirst = EveryNode + " <= $node) ORDER BY r.timestamp DESC, r.node_address ASC LIMIT $limit OFFSET $offset";
    private const string EveryNodeOldestFirst = EveryNode + " >= $node) ORDER BY r.timestamp ASC, r.node_address DESC LIMIT $limit OFFSET $offset";

    private const string CountOneNode = "SELECT count(*) FROM sensor_readings WHERE node_address = $node AND timestamp BETWEEN $start AND $end";
    private const string CountEveryNode = "SELECT count(*) FROM sensor_readings WHERE timestamp BETWEEN $start AND $end";

    // Counters always equal a recount, so an open range need not be counted row by row.
    private const string CountFromNodes = "SELECT coalesce(sum(total_readings), 0) FROM nodes WHERE $node IS NULL OR address = $node";

    // 1,500 readings of 48 bytes stay below the large-object threshold of 85,000 bytes.
    private const int ShortPage = 1_500;

    private readonly SqliteReadingWriter _writer = new(database.Writer, commits, recent, nodeLimit, clock);

    /// <inheritdoc/>
    public int PageLength => ShortPage;

    /// <inheritdoc/>
    public Task<int> AppendAsync(ReadOnlyMemory<Reading> batch, Memory<RowOutcome> outcomes, CancellationToken cancellationToken)
        => _writer.AppendAsync(batch, outcomes, cancellationToken);

    /// <inheritdoc/>
    public async Task<long> RemoveBeforeAsync(long before, CancellationToken cancellationToken)
    {
        var removed = await database.Writer.TransactAsync(writer => SqliteReadingRemoval.RemoveBefore(writer, before, clock.NowMicroseconds()), cancellationToken);
        if (removed > 0) commits.Publish();
        return removed;
    }

    /// <inheritdoc/>
    public async Task<(long Readings, int Nodes)> RemoveBeforeAsync(IReadOnlyList<NodeRemoval> nodes, CancellationToken cancellationToken)
    {
        var removed = await database.Writer.TransactAsync(writer => SqliteReadingRemoval.RemoveBefore(writer, nodes, clock.NowMicroseconds()), cancellationToken);
        if (removed.Readings > 0) commits.Publish();
        return removed;
    }

    /// <inheritdoc/>
    public int BytesPerReading => 48;

    /// <inheritdoc/>
    public Task<int> ReadAsync(ReadingQuery query, Memory<Reading> page, CancellationToken cancellationToken)
        => database.ReadAsync(connection => ReadPage(connection, query, page.Span, cancellationToken), cancellationToken);

    private static int ReadPage(SqliteConnection connection, ReadingQuery query, Span<Reading> page, CancellationToken cancellationToken)
    {
        var (start, end) = (query.Filter.Range.Start ?? long.MinValue, query.Filter.Range.End ?? long.MaxValue);
        var newestFirst = query.Order == ReadingOrder.NewestFirst;
        using var command = connection.CreateCommand();
        if (query.Filter.NodeAddress is { } node)
        {
            command.CommandText = newestFirst ? OneNodeNewestFirst : OneNodeOldestFirst;
            if (query.After is { } after)
                (start, end) = newestFirst ? (start, Math.Min(end, after.Timestamp - 1)) : (Math.Max(start, after.Timestamp + 1), end);
            command.Parameters.AddWithValue("$node", node);
        }
        else
        {
            command.CommandText = newestFirst ? EveryNodeNewestFirst : EveryNodeOldestFirst;
            if (query.After is { } after)
                (start, end) = newestFirst ? (start, Math.Min(end, after.Timestamp)) : (Math.Max(start, after.Timestamp), end);
            command.Parameters.AddWithValue("$at", query.After?.Timestamp ?? long.MinValue);
            command.Parameters.AddWithValue("$node", query.After?.NodeAddress ?? 0);
        }
        command.Parameters.AddWithValue("$start", start);
        command.Parameters.AddWithValue("$end", end);
        command.Parameters.AddWithValue("$limit", page.Length);
        command.Parameters.AddWithValue("$offset", query.Offset);
        return Fill(command, page, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<long> CountAsync(ReadingFilter filter, CancellationToken cancellationToken)
        => database.ReadAsync(
            connection =>
            {
                using var command = connection.CreateCommand();
                var open = filter.Range == TimeRange.All;
                command.CommandText = open ? CountFromNodes : filter.NodeAddress is null ? CountEveryNode : CountOneNode;
                if (open || filter.NodeAddress is not null)
                    command.Parameters.AddWithValue("$node", (object?)filter.NodeAddress ?? DBNull.Value);
                if (!open)
                {
                    command.Parameters.AddWithValue("$start", filter.Range.Start ?? long.MinValue);
                    command.Parameters.AddWithValue("$end", filter.Range.End ?? long.MaxValue);
                }
                return (long)command.ExecuteScalar()!;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<int, Reading[]>> ReadNewestAsync(
        IReadOnlyCollection<int> addresses, int count, CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyDictionary<int, Reading[]>>(
            connection =>
            {
                var newest = new Dictionary<int, Reading[]>(addresses.Count);
                var page = new Reading[count];
                using var command = connection.CreateCommand();
                command.CommandText = OneNodeNewestFirst;
                var node = command.Parameters.Add("$node", SqliteType.Integer);
                command.Parameters.AddWithValue("$start", long.MinValue);
                command.Parameters.AddWithValue("$end", long.MaxValue);
                command.Parameters.AddWithValue("$limit", count);
                command.Parameters.AddWithValue("$offset", 0);
                foreach (var address in addresses)
                {
                    node.Value = address;
                    var read = Fill(command, page, cancellationToken);
                    if (read > 0) newest[address] = page[..read];
                }
                return newest;
            },
            cancellationToken);

    private static int Fill(SqliteCommand command, Span<Reading> page, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var reader = command.ExecuteReader();
        var count = 0;
        while (count < page.Length && reader.Read()) page[count++] = SqliteReadingRow.Read(reader);
        return count;
    }
}
