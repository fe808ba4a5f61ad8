using System.Data.Common;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Timescale;

/// <summary>Rows of queries as readings and nodes.</summary>
internal static class TimescaleRows
{
    /// <summary>A row of <see cref="TimescaleReadingStore.Columns"/>.</summary>
    public static Reading ReadReading(DbDataReader row) => new(
        row.GetInt32(0),
        row.GetSeconds(1),
        row.IsDBNull(2) ? null : row.GetInt16(2),
        row.IsDBNull(3) ? null : row.GetInt16(3),
        (uint)row.GetInt64(4),
        row.GetSeconds(5),
        row.IsDBNull(6) ? null : (ulong)row.GetInt64(6));

    /// <summary>A row of <see cref="NodeColumns.All"/>.</summary>
    public static Node ReadNode(DbDataReader row) => new()
    {
        Address = row.GetInt32(0),
        DeviceId = row.IsDBNull(1) ? null : row.GetInt64(1),
        NodeType = NodeColumns.TypeOf(row.GetString(2)),
        FirstSeenAt = row.GetSeconds(3),
        LastSeenAt = row.GetSeconds(4),
        TotalReadings = row.GetInt64(5),
        DuplicatesSeen = row.GetInt64(6),
        LastReceivedAt = row.GetSeconds(7),
        LastReceivedTimestamp = row.GetSeconds(8),
    };
}
