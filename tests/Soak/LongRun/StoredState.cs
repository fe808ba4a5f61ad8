using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using SensorDash.Tests.Support;

namespace SensorDash.Soak.Tests.LongRun;

/// <summary>What is really stored, read beside the server with the engine's own client.</summary>
/// <param name="path">The SQLite file, and where the side path and the notes lie.</param>
/// <param name="database">With PostgreSQL.</param>
internal sealed class StoredState(string path, TimescaleStoreFixture? database)
{
    private const double MiB = 1024 * 1024;

    private const string LaneRows = """
        SELECT event_id, canonical_truth_time FROM metadata_events UNION ALL SELECT event_id, canonical_truth_time FROM command_events UNION ALL SELECT event_id, canonical_truth_time FROM ui_events
        UNION ALL SELECT event_id, canonical_truth_time FROM parsed_events UNION ALL SELECT event_id, canonical_truth_time FROM raw_events
        """;

    // Counters of nodes and both batch logs equal a recount.
    private const string Recount = $"""
        SELECT (SELECT count(*) FROM nodes n WHERE n.total_readings <> (SELECT count(*) FROM sensor_readings r WHERE r.node_address = n.address)),
            (SELECT count(*) FROM sensor_readings) - (SELECT coalesce(sum(row_count), 0) FROM ingest_batches),
            (SELECT count(*) FROM ({LaneRows}) l) - (SELECT coalesce(sum(event_count), 0) FROM event_batches) + (SELECT removed_events FROM store_info)
        """;

    private static readonly string[] _laneTables = [.. SoakRows.Lanes.Select(lane => lane + "_events")];

    private static readonly string[] _tables =
        ["sensor_readings", .. _laneTables, "event_index", "command_requests", "ingest_batches", "event_batches", "nodes", "audit_entries", "followers", "sessions", "protection_keys"];

    /// <summary>Rows of every table that could grow.</summary>
    public async Task<Dictionary<string, double>> CountAsync()
    {
        await using var connection = await OpenAsync();
        var counts = new Dictionary<string, double>();
        foreach (var table in _tables) counts["rows_" + table] = await ScalarAsync(connection, $"SELECT count(*) FROM {table}");
        return counts;
    }

    /// <summary>MiB of files and, of PostgreSQL, relations with their indexes.</summary>
    public async Task<Dictionary<string, double>> ReadSizesAsync()
    {
        var sizes = new Dictionary<string, double> { ["mib_side_path"] = SizeOf(Path.ChangeExtension(path, ".duckdb")), ["mib_side_path_log"] = SizeOf(Path.ChangeExtension(path, ".duckdb.wal")) };
        await using var connection = await OpenAsync();
        if (database is null)
        {
            sizes["mib_file"] = SizeOf(path);
            sizes["mib_log"] = SizeOf(path + "-wal");
            sizes["mib_used"] = await ScalarAsync(connection, "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size") / MiB;
            return sizes;
        }
        sizes["mib_database"] = await ScalarAsync(connection, "SELECT pg_database_size(current_database())") / MiB;
        foreach (var table in (string[])["sensor_readings", "event_index", .. _laneTables]) sizes["mib_" + table] = await ScalarAsync(connection, $"SELECT coalesce(hypertable_size('{table}'), 0)") / MiB;
        foreach (var table in (string[])["ingest_batches", "event_batches", "command_requests", "nodes"]) sizes["mib_" + table] = await ScalarAsync(connection, $"SELECT pg_total_relation_size('{table}')") / MiB;
        return sizes;
    }

    public async Task<long> OldestReadingAsync()
    {
        await using var connection = await OpenAsync();
        return (long)await ScalarAsync(connection, database is null ? "SELECT min(\"timestamp\") FROM sensor_readings" : "SELECT extract(epoch FROM min(\"timestamp\")) FROM sensor_readings");
    }

    /// <summary>Stored events by lane, in the order of the lanes.</summary>
    public async Task<long[]> CountEventsAsync()
    {
        await using var connection = await OpenAsync();
        var counts = new long[_laneTables.Length];
        for (var i = 0; i < counts.Length; i++) counts[i] = (long)await ScalarAsync(connection, $"SELECT count(*) FROM {_laneTables[i]}");
        return counts;
    }

    /// <summary>Readings by day of measurement.</summary>
    public async Task<PeriodSums> SumReadingsAsync()
    {
        var days = new Dictionary<long, RowSum>();
        var row = new long?[5];
        await ReadAsync("SELECT node_address, \"timestamp\", temperature_centidegrees, humidity_centipercent, flags FROM sensor_readings", reader =>
        {
            for (var i = 0; i < row.Length; i++) row[i] = WholeOf(reader.GetValue(i), 1_000_000);
            var day = row[1]!.Value / 86_400;
            if (!days.TryGetValue(day, out var sum)) days[day] = sum = new();
            sum.Add(row);
        });
        var sums = new PeriodSums();
        foreach (var (day, sum) in days) sums.Add(day, sum.Value.Rows, sum.Value.Sum);
        return sums;
    }

    /// <summary>Ids of events by hour of the canonical time.</summary>
    public async Task<PeriodSums> SumEventsAsync()
    {
        var sums = new PeriodSums();
        await ReadAsync(LaneRows, reader => sums.Add(WholeOf(reader.GetValue(1), 1)!.Value / StoredTime.Hour, 1, UInt128.Parse(Convert.ToHexString((byte[])reader.GetValue(0)).AsSpan(0, 32), NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
        return sums;
    }

    public async Task AssertCountersEqualRecountAsync()
    {
        await ReadAsync(Recount, reader => Assert.Equal(["0", "0", "0"], Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture))));
        if (database is null) await ReadAsync("PRAGMA integrity_check", reader => Assert.Equal("ok", reader.GetString(0)));
    }

    private async Task ReadAsync(string sql, Action<DbDataReader> take)
    {
        await using var connection = await OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) take(reader);
    }

    private async Task<DbConnection> OpenAsync()
    {
        if (database is not null) return await database.OpenAsync();
        var connection = new SqliteConnection($"Data Source={path};Mode=ReadOnly;Pooling=false");
        await connection.OpenAsync();
        return connection;
    }

    private static async Task<double> ScalarAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync() is { } value and not DBNull ? Convert.ToDouble(value, CultureInfo.InvariantCulture) : 0;
    }

    // Of PostgreSQL's timestamptz microseconds, divided.
    private static long? WholeOf(object value, long divisor) => value switch
    {
        DBNull => null,
        DateTime time => StoredTime.Microseconds(time.ToUniversalTime()) / divisor,
        _ => Convert.ToInt64(value, CultureInfo.InvariantCulture),
    };

    private static double SizeOf(string file) => File.Exists(file) ? new FileInfo(file).Length / MiB : 0;
}
