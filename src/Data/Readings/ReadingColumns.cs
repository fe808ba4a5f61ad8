using System.Data.Common;

namespace SensorDash.Data.Readings;

/// <summary>Columns of a reading in a query: node, time, temperature, humidity, flags, received time, device of the node.</summary>
internal static class ReadingColumns
{
    public static Reading Read(DbDataReader reader) => new(
        reader.GetInt32(0),
        reader.GetInt64(1),
        reader.IsDBNull(2) ? null : reader.GetInt16(2),
        reader.IsDBNull(3) ? null : reader.GetInt16(3),
        (uint)reader.GetInt64(4),
        reader.GetInt64(5),
        reader.IsDBNull(6) ? null : (ulong)reader.GetInt64(6));
}
