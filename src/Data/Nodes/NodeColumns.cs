using System.Data.Common;

namespace SensorDash.Data.Nodes;

/// <summary>Columns of a node in a query.</summary>
internal static class NodeColumns
{
    public const string All = "address, device_id, node_type, first_seen_at, last_seen_at, total_readings, duplicates_seen, last_received_at, last_received_timestamp";

    /// <summary>One string for all nodes: a list may have tens of thousands.</summary>
    public static string TypeOf(string type) => type == Node.SensorType ? Node.SensorType : type;

    public static Node Read(DbDataReader reader) => new()
    {
        Address = reader.GetInt32(0),
        DeviceId = reader.IsDBNull(1) ? null : reader.GetInt64(1),
        NodeType = TypeOf(reader.GetString(2)),
        FirstSeenAt = reader.GetInt64(3),
        LastSeenAt = reader.GetInt64(4),
        TotalReadings = reader.GetInt64(5),
        DuplicatesSeen = reader.GetInt64(6),
        LastReceivedAt = reader.GetInt64(7),
        LastReceivedTimestamp = reader.GetInt64(8),
    };
}
