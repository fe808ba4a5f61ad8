using SensorDash.Data.Nodes;
using SensorDash.DuckDb;

namespace SensorDash.Data.Readings;

/// <summary>The nodes of a DuckDB store.</summary>
internal static class DuckDbNodes
{
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
}
