using System.Globalization;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Data.DuckDb.Store;

/// <summary>The nodes of a DuckDB store.</summary>
internal static class DuckDbNodes
{
    private const string UpsertNodes = $"""
        INSERT INTO nodes SELECT address, device_id, '{Node.SensorType}', first_seen_at, last_seen_at, readings, duplicates, last_received_at, last_received_timestamp FROM node_changes
        ON CONFLICT (address) DO UPDATE SET
            device_id = coalesce(excluded.device_id, device_id),
            first_seen_at = least(first_seen_at, excluded.first_seen_at),
            last_seen_at = greatest(last_seen_at, excluded.last_seen_at),
            total_readings = total_readings + excluded.total_readings,
            duplicates_seen = duplicates_seen + excluded.duplicates_seen,
            last_received_timestamp = CASE WHEN excluded.last_received_at > last_received_at
                    OR (excluded.last_received_at = last_received_at AND excluded.last_received_timestamp > last_received_timestamp)
                THEN excluded.last_received_timestamp ELSE last_received_timestamp END,
            last_received_at = greatest(last_received_at, excluded.last_received_at)
        """;

    private const string MakeNodeChanges = """
        CREATE OR REPLACE TEMP TABLE node_changes (address INTEGER, device_id BIGINT, first_seen_at BIGINT, last_seen_at BIGINT, readings BIGINT, duplicates BIGINT,
            last_received_at BIGINT, last_received_timestamp BIGINT)
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
    public static void Store(DuckDbConnection connection, NodeChanges changes, CancellationToken cancellationToken)
    {
        connection.Execute(MakeNodeChanges, cancellationToken);
        connection.Append("node_changes", changes.All, (row, change) => row
            .AppendValue(change.Key).AppendValue((long?)change.Value.DeviceId).AppendValue(change.Value.First).AppendValue(change.Value.Last)
            .AppendValue((long)change.Value.Count).AppendValue((long)change.Value.Duplicates)
            .AppendValue(change.Value.LastReceivedAt).AppendValue(change.Value.LastReceivedTimestamp), cancellationToken);
        connection.Execute(UpsertNodes, cancellationToken);
    }
}
