using Microsoft.Data.Sqlite;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests;

/// <summary>What is really in a database file, read without the product.</summary>
internal static class StoredFile
{
    /// <summary>Asserts that every acknowledged reading is there, once, and that counters and batches equal a recount.</summary>
    public static async Task AssertHoldsAsync(string path, IEnumerable<Sender> senders)
    {
        await using var connection = new SqliteConnection($"Data Source={path};Pooling=false");
        await connection.OpenAsync();
        foreach (var sender in senders)
        {
            var stored = new HashSet<long>();
            await using var command = connection.CreateCommand();
            command.CommandText = $"SELECT timestamp FROM sensor_readings WHERE node_address = {sender.Node}";
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync()) Assert.True(stored.Add(reader.GetInt64(0)));
            Assert.Empty(sender.Acknowledged.Except(stored));
        }
        await AssertCountersEqualRecountAsync(connection);
    }

    public static async Task AssertCountersEqualRecountAsync(string path)
    {
        await using var connection = new SqliteConnection($"Data Source={path};Pooling=false");
        await connection.OpenAsync();
        await AssertCountersEqualRecountAsync(connection);
    }

    public static async Task<(long Rows, UInt128 Sum)> SumAsync(string path)
    {
        await using var connection = new SqliteConnection($"Data Source={path};Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {RowSum.Columns} FROM sensor_readings";
        await using var reader = await command.ExecuteReaderAsync();
        var sum = new RowSum();
        var row = new long?[reader.FieldCount];
        while (await reader.ReadAsync())
        {
            for (var i = 0; i < row.Length; i++) row[i] = reader.GetValue(i) as long?;
            sum.Add(row);
        }
        return sum.Value;
    }

    private static async Task AssertCountersEqualRecountAsync(SqliteConnection connection)
    {
        Assert.Equal(0L, await ScalarAsync(connection, """
            SELECT count(*) FROM nodes n WHERE (n.total_readings, n.first_seen_at, n.last_seen_at) IS NOT
                (SELECT count(*), min(r.timestamp), max(r.timestamp) FROM sensor_readings r WHERE r.node_address = n.address)
            """));
        Assert.Equal(
            await ScalarAsync(connection, "SELECT count(*) FROM sensor_readings"),
            await ScalarAsync(connection, "SELECT coalesce(sum(row_count), 0) FROM ingest_batches"));
        Assert.Equal("ok", await ScalarAsync(connection, "PRAGMA integrity_check"));
    }

    private static async Task<object?> ScalarAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync();
    }
}
