using Microsoft.Data.Sqlite;

namespace SensorDash.Tests.Support;

/// <summary>A file of the former sensor hub.</summary>
public static class FormerHubFile
{
    /// <summary>Creates it with readings of node 1 every 30 s from 2026-01-01 on.</summary>
    public static void Create(string path, int rows)
    {
        using (var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString()))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = $"""
                CREATE TABLE sensor_readings (id INTEGER PRIMARY KEY, node_address INTEGER, timestamp INTEGER, temperature_centidegrees INTEGER, humidity_centipercent INTEGER, received_at INTEGER);
                WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {rows})
                INSERT INTO sensor_readings (node_address, timestamp, temperature_centidegrees, humidity_centipercent) SELECT 1, 1767225600 + 30 * i, 2000 + i % 500, 6521 FROM n
                """;
            command.ExecuteNonQuery();
        }
        File.SetLastWriteTimeUtc(path, DateTimeOffset.FromUnixTimeSeconds(Some.Noon - 86_400).UtcDateTime); // Before the clocks of tests.
    }
}
