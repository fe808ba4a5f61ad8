using System.Globalization;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Data.DuckDb.Store;

/// <summary>The nodes of a DuckDB store.</summary>
internal static class DuckDbNodes
{
    // Half the time of INSERT … ON CONFLICT, which looks for each node in the index.
    private const string UpdateNodes = """
        UPDATE nodes SET
            device_id = coalesce(c.device_id, nodes.device_id),
            first_seen_at = least(nodes.first_seen_at, c.first_seen_at),
            last_seen_at = greatest(nodes.last_seen_at, c.last_seen_at),
            total_readings = nodes.total_readings + c.readings,
            duplicates_seen = nodes.duplicates_seen + c.duplicates,
            last_received_timestamp = CASE WHEN c.last_received_at > nodes.last_received_at
                    OR (c.last_received_at = nodes.last_received_at AND c.last_received_timestamp > nodes.last_received_timestamp)
                THEN c.last_received_timestamp ELSE nodes.last_received_timestamp END,
            last_received_at = greatest(nodes.last_received_at, c.last_received_at)
        FROM node_changes c WHERE c.address = nodes.address AND NOT c.is_new
        """;

    private const string InsertNodes = $"""
        INSERT INTO nodes SELECT address, device_id, '{Node.SensorType}', first_seen_at, last_seen_at, readings, duplicates, last_received_at, last_received_timestamp
        FROM node_changes WHERE is_new
        """;

    private const string MakeNodeChanges = """
        CREATE OR REPLACE TEMP TABLE node_changes (address INTEGER, device_id BIGINT, first_seen_at BIGINT, last_seen_at BIGINT, readings BIGINT, duplicates BIGINT,
            last_received_at BIGINT, last_received_timestamp BIGINT, is_new BOOLEAN)
        """;

    /// <summary>Nodes by address.</summary>
    /// <param name="connection">Connection to the file.</param>
    /// <param name="where">A condition with WHERE, or an empty string.</param>
    /// <param name="limit">Maximum number of nodes.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public static List<Node> List(DuckDbConnection connection, string where, int limit, CancellationToken cancellationToken)
    {
        var nodes = new List<Node>();
        using var rows = connection.Query($"""
            SELECT {NodeColumns.All} FROM nodes {where} ORDER BY address LIMIT {limit.ToString(CultureInfo.InvariantCulture)}
            """, cancellationToken);
        while (rows.Read())
        {
            nodes.Add(new Node
            {
                Address = rows.Get<int>(0),
                DeviceId = rows.Get<long?>(1),
                NodeType = NodeColumns.TypeOf(rows.Get<string>(2)),
                FirstSeenAt = rows.Get<long>(3),
                LastSeenAt = rows.Get<long>(4),
                TotalReadings = rows.Get<long>(5),
                DuplicatesSeen = rows.Get<long>(6),
                LastReceivedAt = rows.Get<long>(7),
                LastReceivedTimestamp = rows.Get<long>(8),
            });
        }
        return nodes;
    }

    /// <summary>The condition of <paramref name="criteria"/>, with WHERE.</summary>
    public static string Where(NodeCriteria criteria) => FormattableString.Invariant($"""
        WHERE address BETWEEN {criteria.FirstAddress} AND {criteria.LastAddress} AND last_seen_at < {criteria.LastSeenBefore} AND total_readings <= {criteria.MaxReadings}
        """);

    /// <summary>Creates nodes and counts their new readings.</summary>
    /// <param name="connection">Connection to the file, in a transaction.</param>
    /// <param name="changes">Changes of a batch.</param>
    /// <param name="isKnown">Whether an address is that of a node in the file.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static void Store(DuckDbConnection connection, NodeChanges changes, Func<int, bool> isKnown, CancellationToken cancellationToken)
    {
        var (rows, added) = (changes.All.ToArray(), 0);
        connection.Execute(MakeNodeChanges, cancellationToken);
        connection.AppendChunks("node_changes", rows.Length, (chunk, start, count) =>
        {
            for (var i = 0; i < count; i++)
            {
                var (address, change) = rows[start + i];
                var isNew = !isKnown(address);
                if (isNew) added++;
                chunk.Column<int>(0)[i] = address;
                if (change.DeviceId is { } device) chunk.Column<long>(1)[i] = unchecked((long)device);
                else chunk.SetNull(1, i);
                chunk.Column<long>(2)[i] = change.First;
                chunk.Column<long>(3)[i] = change.Last;
                chunk.Column<long>(4)[i] = change.Count;
                chunk.Column<long>(5)[i] = change.Duplicates;
                chunk.Column<long>(6)[i] = change.LastReceivedAt;
                chunk.Column<long>(7)[i] = change.LastReceivedTimestamp;
                chunk.Column<bool>(8)[i] = isNew;
            }
        }, cancellationToken);
        if (added > 0) connection.Execute(InsertNodes, cancellationToken);
        if (added < rows.Length) connection.Execute(UpdateNodes, cancellationToken);
    }
}
