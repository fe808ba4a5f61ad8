using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.DuckDb;

namespace SensorDash.Data.DuckDb.Store;

/// <summary>The nodes of a DuckDB store.</summary>
internal static class DuckDbNodes
{
    private const string UpsertNodes = $"""
        INSERT INTO nodes SELECT address, device_id, '{Node.SensorType}', first_seen_at, last_seen_at, readings, duplicates FROM node_changes
        ON CONFLICT (address) DO UPDATE SET
            device_id = coalesce(excluded.device_id, device_id),
            first_seen_at = least(first_seen_at, excluded.first_seen_at),
            last_seen_at = greatest(last_seen_at, excluded.last_seen_at),
            total_readings = total_readings + excluded.total_readings,
            duplicates_seen = duplicates_seen + excluded.duplicates_seen
        """;

    private const string MakeNodeChanges = """
        CREATE OR REPLACE TEMP TABLE node_changes (address INTEGER, device_id BIGINT, first_seen_at BIGINT, last_seen_at BIGINT, readings BIGINT, duplicates BIGINT)
        """;

    /// <summary>Nodes by address.</summary>
    /// <param name="connection">Of the file.</param>
    /// <param name="where">A condition with its WHERE, or nothing.</param>
    /// <param name="cancellationToken">Stops the query.</param>
    public static List<Node> List(DuckDbConnection connection, string where, CancellationToken cancellationToken)
    {
        var nodes = new List<Node>();
        using var result = connection.Query($"""
            SELECT address, device_id, node_type, first_seen_at, last_seen_at, total_readings, duplicates_seen FROM nodes {where} ORDER BY address
            """, cancellationToken);
        while (result.NextChunk(cancellationToken) is { } chunk)
        {
            for (var row = 0; row < chunk.RowCount; row++)
            {
                nodes.Add(new Node
                {
                    Address = chunk[0].Values<int>()[row],
                    DeviceId = chunk[1].IsNull(row) ? null : chunk[1].Values<long>()[row],
                    NodeType = chunk[2].GetString(row)!,
                    FirstSeenAt = chunk[3].Values<long>()[row],
                    LastSeenAt = chunk[4].Values<long>()[row],
                    TotalReadings = chunk[5].Values<long>()[row],
                    DuplicatesSeen = chunk[6].Values<long>()[row],
                });
            }
        }
        return nodes;
    }

    /// <summary>Makes nodes and counts their new readings.</summary>
    public static void Store(DuckDbConnection connection, NodeChanges changes, CancellationToken cancellationToken)
    {
        connection.Execute(MakeNodeChanges, cancellationToken);
        using (var appender = connection.CreateAppender(null, "node_changes"))
        {
            foreach (var (address, change) in changes.All)
            {
                appender.Append(address);
                appender.Append((long?)change.DeviceId);
                appender.Append(change.First);
                appender.Append(change.Last);
                appender.Append((long)change.Count);
                appender.Append((long)change.Duplicates);
                appender.EndRow();
            }
            appender.Close(cancellationToken);
        }
        connection.Execute(UpsertNodes, cancellationToken);
    }
}
