using System.Data.Common;
using Microsoft.Data.Sqlite;
using SensorDash.Faults.Tests.Bodies;
using SensorDash.Tests.Support;

namespace SensorDash.Faults.Tests;

/// <summary>What is really stored, read with the engine's own client.</summary>
internal static class StoredReadings
{
    private const string Rows = "SELECT node_address, \"timestamp\", temperature_centidegrees, humidity_centipercent, flags, received_at FROM sensor_readings";

    // Counters of nodes, and the change feed, equal a recount.
    private const string Recount = """
        SELECT (SELECT count(*) FROM nodes n WHERE n.total_readings <> (SELECT count(*) FROM sensor_readings r WHERE r.node_address = n.address)),
            (SELECT count(*) FROM sensor_readings) - (SELECT coalesce(sum(row_count), 0) FROM ingest_batches)
        """;

    /// <summary>Compares the readings of the senders' nodes with what their responses said. DuckDB allows this only while the program does not run.</summary>
    public static async Task CheckAsync(AttackedServer server, IReadOnlyCollection<ReadingSender> senders, Findings findings)
    {
        var stored = new Dictionary<(long Node, long Time), Row>();
        if (server.Engine == Engine.DuckDb)
        {
            using var client = new DuckDbClient(server.DuckDbPath);
            foreach (var row in client.Read(Rows, RowOf)) Add(row);
            foreach (var counts in client.Read(Recount, row => $"{row.GetValue(0)} {row.GetValue(1)}")) Count(counts);
        }
        else
        {
            await using DbConnection connection = server.Engine == Engine.Sqlite ? new SqliteConnection($"Data Source={server.SqlitePath};Pooling=false") : await server.Database.OpenAsync();
            if (connection.State != System.Data.ConnectionState.Open) await connection.OpenAsync();
            await foreach (var row in ReadAsync(connection, Rows, RowOf)) Add(row);
            await foreach (var counts in ReadAsync(connection, Recount, row => $"{row.GetValue(0)} {row.GetValue(1)}")) Count(counts);
            if (server.Engine == Engine.Sqlite)
                await foreach (var check in ReadAsync(connection, "PRAGMA integrity_check", row => row.GetString(0))) if (check != "ok") findings.Add("stored readings", check);
        }
        foreach (var sender in senders)
        {
            foreach (var (key, expected) in sender.Stored)
            {
                if (!stored.TryGetValue(key, out var row)) findings.Add("stored readings", $"missing: {expected}");
                else if (!sender.Unsure.Contains(key) && row != expected with { Received = expected.Received ?? row.Received, Device = null }) findings.Add("stored readings", $"{row}, not {expected}");
            }
        }
        var owners = senders.SelectMany(sender => sender.Nodes.Select(node => ((long)node, sender))).ToDictionary();
        foreach (var (key, row) in stored)
            if (owners.TryGetValue(key.Node, out var sender) && !sender.Stored.ContainsKey(key) && !sender.Unsure.Contains(key)) findings.Add("stored readings", $"nobody sent {row}");

        void Add(Row row)
        {
            if (!stored.TryAdd((row.Node, row.Time), row)) findings.Add("stored readings", $"twice: {row}");
        }

        void Count(string counts)
        {
            if (counts != "0 0") findings.Add("stored readings", $"nodes whose counter is wrong, and readings beyond the batches: {counts}");
        }
    }

    private static async IAsyncEnumerable<T> ReadAsync<T>(DbConnection connection, string sql, Func<DbDataReader, T> read)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync()) yield return read(row);
    }

    private static Row RowOf(DbDataReader row) => new(Whole(row, 0)!.Value, Whole(row, 1)!.Value, Whole(row, 2), Whole(row, 3), Whole(row, 4)!.Value, Whole(row, 5), null);

    private static long? Whole(DbDataReader row, int column) => row.GetValue(column) switch
    {
        DBNull => null,
        DateTime time => new DateTimeOffset(time).ToUnixTimeSeconds(), // PostgreSQL's timestamptz.
        var value => Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture),
    };
}
