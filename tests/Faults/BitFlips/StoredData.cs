using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using SensorDash.Data.Events;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Faults.Tests.BitFlips;

/// <summary>All values of a store, as the product reads them, over each of the ways in which it reads them.</summary>
/// <param name="Readings">By node and second.</param>
/// <param name="Events">By id, as text.</param>
/// <param name="Small">Rows of the other tables, as text.</param>
internal sealed record StoredData(IReadOnlyDictionary<(int Node, long Time), Reading> Readings, IReadOnlyDictionary<string, string> Events, IReadOnlySet<string> Small)
{
    /// <summary>Reads a SQLite file, its rows and its indexes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="readings">The readings, if they are in another store; null: those of the file.</param>
    /// <exception cref="DifferingWaysException">Two ways give different rows.</exception>
    public static async Task<StoredData> ReadAsync(string path, IReadOnlyDictionary<(int Node, long Time), Reading>? readings)
    {
        using var database = new SqliteDatabase(Options.Create(new SqliteOptions { Path = path }));
        try
        {
            var store = new SqliteReadingStore(database, new(), new(), Options.Create(new NodeLimitOptions()), TimeProvider.System);
            return new(readings ?? await ReadReadingsAsync(store), await ReadEventsAsync(new SqliteEventStore(database, new(), TimeProvider.System)), await ReadSmallAsync(path));
        }
        finally
        {
            using var pooled = new SqliteConnection(database.ConnectionString);
            SqliteConnection.ClearPool(pooled);
        }
    }

    /// <summary>Reads a database of PostgreSQL.</summary>
    /// <inheritdoc cref="ReadAsync(string, IReadOnlyDictionary{ValueTuple{int, long}, Reading})"/>
    public static async Task<StoredData> ReadAsync(TimescaleOptions options)
    {
        await using var database = new TimescaleDatabase(Options.Create(options));
        await using var store = new TimescaleReadingStore(database, new(), new(), Options.Create(new NodeLimitOptions()), TimeProvider.System);
        await using var events = new TimescaleEventStore(database, new(), TimeProvider.System);
        return new(await ReadReadingsAsync(store), await ReadEventsAsync(events), await ReadSmallAsync(database));
    }

    private static async Task<Dictionary<(int Node, long Time), Reading>> ReadReadingsAsync(IReadingStore store)
    {
        var byTime = await ReadAsync(default);
        foreach (var node in byTime.Keys.Select(key => key.Node).Distinct())
        {
            var ofNode = await ReadAsync(new(node, TimeRange.All));
            if (ofNode.Count != byTime.Keys.Count(key => key.Node == node) || ofNode.Any(r => byTime.GetValueOrDefault(r.Key) != r.Value))
                throw new DifferingWaysException($"The readings of node {node} differ from those in the order of time.");
        }
        return byTime;

        // The device is that of the node.
        async Task<Dictionary<(int Node, long Time), Reading>> ReadAsync(ReadingFilter filter)
        {
            var readings = new Dictionary<(int Node, long Time), Reading>();
            foreach (var reading in await store.AllAsync(ReadingOrder.NewestFirst, filter))
                if (!readings.TryAdd((reading.NodeAddress, reading.Timestamp), reading with { DeviceId = null })) throw new DifferingWaysException($"The reading of node {reading.NodeAddress} at {reading.Timestamp} is there twice.");
            return readings;
        }
    }

    private static async Task<Dictionary<string, string>> ReadEventsAsync(IEventStore store)
    {
        var events = new Dictionary<string, string>();
        foreach (var timebase in (Timebase[])[Timebase.Canonical, Timebase.Source])
        {
            var found = new Dictionary<string, string>();
            for (EventPosition? after = null; ;)
            {
                var page = await store.ReadAsync(new(EventFilter.All, timebase, EventDirection.Forward, After: after), default);
                foreach (var e in page.Events) found[e.Id.ToString()] = Text(e);
                if (page.Next is not { } next) break;
                after = next;
            }
            if (timebase == Timebase.Source && (found.Count != events.Count || found.Any(e => events.GetValueOrDefault(e.Key) != e.Value))) throw new DifferingWaysException("The events by source time are others than those by canonical time.");
            events = found;
        }
        foreach (var id in events.Keys.ToList())
        {
            if (!EventId.TryParse(id, out var key) || await store.FindAsync(key, null, default) is not { } e || Text(e) != events[id]) throw new DifferingWaysException($"The event {id} is not found by its id.");
        }
        return events;
    }

    // Everything that a client sees.
    private static string Text(LaneEvent e)
    {
        var json = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new System.Text.Json.Utf8JsonWriter(json)) EventJsonWriter.Write(writer, e);
        return System.Text.Encoding.UTF8.GetString(json.WrittenSpan);
    }

    private static async Task<HashSet<string>> ReadSmallAsync(string path)
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        await connection.OpenAsync();
        var rows = new HashSet<string>();
        foreach (var table in await TextsAsync(connection, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '%\\_events' ESCAPE '\\' AND name NOT IN ('sensor_readings', 'event_index')"))
        {
            var columns = await TextsAsync(connection, $"SELECT 'quote(\"' || name || '\")' FROM pragma_table_info('{table}') ORDER BY cid");
            foreach (var row in await TextsAsync(connection, $"SELECT {string.Join(" || ',' || ", columns)} FROM \"{table}\"")) rows.Add($"{table}: {row}");
        }
        return rows;
    }

    private static async Task<HashSet<string>> ReadSmallAsync(TimescaleDatabase database)
    {
        await using var connection = await database.OpenAsync(CancellationToken.None);
        var rows = new HashSet<string>();
        foreach (var table in await TextsAsync(connection, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '%\\_events' AND tablename NOT IN ('sensor_readings', 'event_index')"))
            foreach (var row in await TextsAsync(connection, $"SELECT t::text FROM \"{table}\" t")) rows.Add($"{table}: {row}");
        return rows;
    }

    private static async Task<List<string>> TextsAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var texts = new List<string>();
        while (await reader.ReadAsync()) texts.Add(reader.GetString(0));
        return texts;
    }
}

/// <summary>Two ways of reading a store do not agree.</summary>
internal sealed class DifferingWaysException(string message) : Exception(message);
