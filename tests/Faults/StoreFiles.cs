using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using SensorDash.Faults.Tests.Bodies;
using SensorDash.Tests.Support;

namespace SensorDash.Faults.Tests;

/// <summary>The files or the database of a hub, read with the engine's own client. DuckDB allows this only while the program does not run.</summary>
/// <param name="Database">With <see cref="Engine.Timescale"/>.</param>
internal sealed record StoreFiles(Engine Engine, string Folder, TimescaleStoreFixture? Database = null)
{
    // Counters of nodes, and the change feed, equal a recount.
    private const string Recount = """
        SELECT (SELECT count(*) FROM nodes n WHERE n.total_readings <> (SELECT count(*) FROM sensor_readings r WHERE r.node_address = n.address)),
            (SELECT count(*) FROM sensor_readings) - (SELECT coalesce(sum(row_count), 0) FROM ingest_batches)
        """;

    private const string Lanes = """
        SELECT 0 AS lane, event_id, source_truth_time, canonical_truth_time FROM metadata_events UNION ALL
        SELECT 1, event_id, source_truth_time, canonical_truth_time FROM command_events UNION ALL
        SELECT 2, event_id, source_truth_time, canonical_truth_time FROM ui_events UNION ALL
        SELECT 3, event_id, source_truth_time, canonical_truth_time FROM parsed_events UNION ALL
        SELECT 4, event_id, source_truth_time, canonical_truth_time FROM raw_events
        """;

    private const string Index = "SELECT lane, event_id, source_truth_time, first_seen FROM event_index";

    // Events that only the index or only a lane has, events without a batch, and requests that are not remembered.
    private const string EventRecount = $"""
        SELECT (SELECT count(*) FROM ({Index} EXCEPT SELECT * FROM ({Lanes}) l) a), (SELECT count(*) FROM (SELECT * FROM ({Lanes}) l EXCEPT {Index}) b),
            (SELECT count(*) FROM event_index) - (SELECT coalesce(sum(event_count), 0) FROM event_batches),
            (SELECT count(*) FROM command_events WHERE request_id IS NOT NULL AND request_id NOT IN (SELECT request_id FROM command_requests))
        """;

    public string SqlitePath => Path.Combine(Folder, "hub.db");

    public string DuckDbPath => Path.Combine(Folder, "readings.duckdb");

    /// <summary>Settings of a program that has its readings in a file of its own, beside the database; named as they are in the environment, and as arguments.</summary>
    public (string Name, string Value)[] Settings => Engine == Engine.DuckDb ? [("DB_BACKEND", "duckdb"), ("DUCKDB_PATH", DuckDbPath)] : [];

    /// <summary>All readings, and a finding for each count that differs from a recount.</summary>
    public async Task<List<Row>> ReadReadingsAsync(Findings findings)
    {
        const string Rows = "SELECT node_address, \"timestamp\", temperature_centidegrees, humidity_centipercent, flags, received_at FROM sensor_readings";
        List<Row> rows;
        List<string> counts;
        if (Engine == Engine.DuckDb)
        {
            using var client = new DuckDbClient(DuckDbPath);
            (rows, counts) = ([.. client.Read(Rows, RowOf)], [.. client.Read(Recount, Counts)]);
        }
        else
        {
            await using var connection = await OpenAsync(Engine);
            (rows, counts) = (await ReadAsync(connection, Rows, RowOf), await ReadAsync(connection, Recount, Counts));
        }
        if (counts is not ["0 0"]) findings.Add("stored readings", $"nodes whose counter is wrong, and readings beyond the batches: {counts[0]}");
        return rows;
    }

    /// <summary>Source times of all events, Unix microseconds, and findings for whatever in their tables does not fit together.</summary>
    public async Task<List<long>> ReadEventsAsync(Findings findings)
    {
        await using var connection = await OpenAsync(Engine == Engine.DuckDb ? Engine.Sqlite : Engine);
        var counts = await ReadAsync(connection, EventRecount, Counts);
        if (counts is not ["0 0 0 0"]) findings.Add("stored events", $"events of the index without a lane, of a lane without the index, beyond the batches, requests not remembered: {counts[0]}");
        if (connection is SqliteConnection)
            foreach (var check in (await ReadAsync(connection, "PRAGMA integrity_check", row => row.GetString(0))).Where(check => check != "ok")) findings.Add("SQLite file", check);
        return await ReadAsync(connection, "SELECT source_truth_time FROM event_index", row => Microseconds(row.GetValue(0)));
    }

    private async Task<DbConnection> OpenAsync(Engine engine)
    {
        if (engine == Engine.Timescale) return await Database!.OpenAsync();
        var connection = new SqliteConnection($"Data Source={SqlitePath};Pooling=false");
        await connection.OpenAsync();
        return connection;
    }

    private static async Task<List<T>> ReadAsync<T>(DbConnection connection, string sql, Func<DbDataReader, T> read)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var row = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await row.ReadAsync()) rows.Add(read(row));
        return rows;
    }

    private static string Counts(DbDataReader row) => string.Join(' ', Enumerable.Range(0, row.FieldCount).Select(i => Convert.ToString(row.GetValue(i), CultureInfo.InvariantCulture)));

    private static Row RowOf(DbDataReader row) => new(Whole(row, 0)!.Value, Whole(row, 1)!.Value, Whole(row, 2), Whole(row, 3), Whole(row, 4)!.Value, Whole(row, 5), null);

    private static long? Whole(DbDataReader row, int column) => row.GetValue(column) switch
    {
        DBNull => null,
        DateTime time => Microseconds(time) / 1_000_000, // PostgreSQL's timestamptz.
        var value => Convert.ToInt64(value, CultureInfo.InvariantCulture),
    };

    private static long Microseconds(object value)
        => value is DateTime time ? (time.ToUniversalTime() - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond : Convert.ToInt64(value, CultureInfo.InvariantCulture);
}
