using Microsoft.Data.Sqlite;
using SensorDash.Data.Nodes;
using SensorDash.Data.Storage;
using SQLitePCL;

namespace SensorDash.Data.Sqlite;

/// <inheritdoc cref="INodeStore"/>
public sealed class SqliteNodeStore(SqliteDatabase database, CommitSignal commits, TimeProvider clock) : INodeStore
{
    /// <summary>The condition of <see cref="NodeCriteria"/>, with their parts as the first parameters.</summary>
    internal const string MeetsCriteria = "address BETWEEN ?1 AND ?2 AND last_seen_at < ?3 AND total_readings <= ?4";

    private const string Select = $"SELECT {NodeColumns.All} FROM nodes";

    /// <inheritdoc/>
    public Task<IReadOnlyList<Node>> ListAsync(int after, int limit, CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyList<Node>>(
            connection =>
            {
                using var command = connection.CreateCommand();
                command.CommandText = Select + " WHERE address > $after ORDER BY address LIMIT $limit";
                command.Parameters.AddWithValue("$after", after);
                command.Parameters.AddWithValue("$limit", limit);
                var nodes = new List<Node>();
                Read(command, nodes);
                return nodes;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Node>> FindAsync(IReadOnlyCollection<int> addresses, CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyList<Node>>(
            connection =>
            {
                using var command = connection.CreateCommand();
                command.CommandText = Select + " WHERE address = $address";
                var parameter = command.Parameters.Add("$address", SqliteType.Integer);
                var nodes = new List<Node>(addresses.Count);
                foreach (var address in addresses.Distinct().Order())
                {
                    parameter.Value = address;
                    Read(command, nodes);
                }
                return nodes;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<NodeCount> CountAsync(NodeCriteria criteria, CancellationToken cancellationToken)
        => database.ReadAsync(
            connection =>
            {
                using var command = connection.CreateCommand();
                command.CommandText = $"SELECT count(*), coalesce(sum(total_readings), 0) FROM nodes WHERE {MeetsCriteria}";
                foreach (var (name, value) in ((string, long)[])[("?1", criteria.FirstAddress), ("?2", criteria.LastAddress), ("?3", criteria.LastSeenBefore), ("?4", criteria.MaxReadings)])
                    command.Parameters.AddWithValue(name, value);
                using var reader = command.ExecuteReader();
                reader.Read();
                return new NodeCount(reader.GetInt64(0), reader.GetInt64(1));
            },
            cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(int address, CancellationToken cancellationToken)
    {
        var removed = await database.Writer.TransactAsync(writer => SqliteReadingRemoval.DeleteNode(writer, address, clock.NowMicroseconds()), cancellationToken);
        if (removed) commits.Publish();
        return removed;
    }

    /// <inheritdoc/>
    public async Task<NodeCount> DeleteStepAsync(NodeCriteria criteria, CancellationToken cancellationToken)
    {
        var removed = await database.Writer.TransactAsync(writer => SqliteReadingRemoval.DeleteNodes(writer, criteria, clock.NowMicroseconds()), cancellationToken);
        if (removed != NodeCount.None) commits.Publish();
        return removed;
    }

    private static void Read(SqliteCommand command, List<Node> nodes)
    {
        using var reader = command.ExecuteReader();
        while (reader.Read()) nodes.Add(Read(reader.Handle!));
    }

    // As readings are read: the data reader's checks take longer than the row.
    private static Node Read(sqlite3_stmt row) => new()
    {
        Address = raw.sqlite3_column_int(row, 0),
        DeviceId = raw.sqlite3_column_type(row, 1) == raw.SQLITE_NULL ? null : raw.sqlite3_column_int64(row, 1),
        NodeType = raw.sqlite3_column_blob(row, 2).SequenceEqual("SENSOR"u8) ? Node.SensorType : raw.sqlite3_column_text(row, 2).utf8_to_string(),
        FirstSeenAt = raw.sqlite3_column_int64(row, 3),
        LastSeenAt = raw.sqlite3_column_int64(row, 4),
        TotalReadings = raw.sqlite3_column_int64(row, 5),
        DuplicatesSeen = raw.sqlite3_column_int64(row, 6),
        LastReceivedAt = raw.sqlite3_column_int64(row, 7),
        LastReceivedTimestamp = raw.sqlite3_column_int64(row, 8),
    };
}
