using SensorDash.Data.Events;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Data.Transfer.Legacy;

namespace SensorDash.Data.DuckDb.Store;

/// <summary>The DuckDB form of the file of the former sensor hub.</summary>
/// <remarks>DuckDB has one type per column, so types are checked once; it reads rows by time fast enough without a temporary file of keys.</remarks>
internal sealed class DuckDbHubSource : ITransferSource
{
    private static readonly HashSet<string> _wholeTypes = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"];
    private static readonly string[] _texts = ["node_type", "name", "notes", "location", "color", "description"];

    private readonly DuckDbDatabase _database;
    private readonly DuckDbConnection _connection;
    private readonly TimeProvider _clock;
    private readonly Dictionary<string, Dictionary<string, string>> _tables; // Types by table and column.
    private SmallTables _small = new([], [], [], HasCounters: false);

    private DuckDbHubSource(string path, DuckDbDatabase database, TimeProvider clock)
    {
        (Name, _database, _clock, _connection) = (path, database, clock, database.Connect());
        _tables = ReadTables();
    }

    public string Kind => "former sensor hub (DuckDB)";

    public string Name { get; }

    /// <summary>Opens a file read-only; null if it is not one of the former hub.</summary>
    /// <exception cref="TransferException">A required column is missing, or of another type.</exception>
    /// <exception cref="StoreUnavailableException">It cannot be read, or another process has it open.</exception>
    public static DuckDbHubSource? TryOpen(string path, DuckDbOptions options, TimeProvider clock)
    {
        DuckDbHubSource? source = null;
        try
        {
            source = new(path, DuckDbDatabase.Open(path, options with { IsReadOnly = true }), clock);
            if (!source._tables.ContainsKey(HubRows.Readings) || source._tables.ContainsKey("store_state"))
            {
                source.Close();
                return null;
            }
            source.CheckColumns();
            return source;
        }
        catch (DuckDbException e)
        {
            source?.Close();
            throw new StoreUnavailableException($"{path} cannot be opened: {e.Message}", e);
        }
        catch
        {
            source?.Close();
            throw;
        }
    }

    private Dictionary<string, Dictionary<string, string>> ReadTables()
    {
        var tables = new Dictionary<string, Dictionary<string, string>>(StringComparer.OrdinalIgnoreCase);
        using var rows = _connection.Query("SELECT c.table_name, c.column_name, c.data_type FROM duckdb_columns() c JOIN duckdb_tables() t USING (table_oid) WHERE NOT t.internal ORDER BY ALL", CancellationToken.None);
        while (rows.Read())
        {
            if (!tables.TryGetValue(rows.Get<string>(0), out var columns)) tables[rows.Get<string>(0)] = columns = new(StringComparer.OrdinalIgnoreCase);
            columns[rows.Get<string>(1)] = rows.Get<string>(2);
        }
        return tables;
    }

    private void CheckColumns()
    {
        var missing = HubRows.Required.Where(c => !_tables[HubRows.Readings].ContainsKey(c)).ToArray();
        if (missing.Length > 0) throw new TransferException($"{Name}: table {HubRows.Readings} must have the column{(missing.Length == 1 ? "" : "s")} {string.Join(", ", missing)}.");
        foreach (var table in Wanted.Where(_tables.ContainsKey))
        {
            foreach (var column in ColumnsOf(table))
            {
                var (type, isText) = (_tables[table][column], _texts.Contains(column));
                if (isText ? type != "VARCHAR" : !_wholeTypes.Contains(type))
                    throw new TransferException($"{Name}: column {column} of table {table} must be {(isText ? "VARCHAR" : "a whole number of at most 64 bits")}, not {type}.");
            }
        }
    }

    private static string[] Wanted => [HubRows.Readings, "nodes", "node_metadata", "zones"];

    private string[] ColumnsOf(string table) => [.. (table switch
    {
        HubRows.Readings => HubRows.Required.Concat(HubRows.Optional),
        "nodes" => ["address", "device_id", "node_type", "first_seen_at", "last_seen_at"],
        "node_metadata" => ["address", "name", "notes", "zone_id", "location", "updated_at"],
        _ => ["id", "name", "color", "description"],
    }).Where(_tables[table].ContainsKey)];

    public Task<TransferContents> InspectAsync(CancellationToken cancellationToken) => Task.FromResult(
        new TransferContents(_connection.Scalar<long>($"SELECT count(*) FROM {HubRows.Readings}", cancellationToken), null, new FileInfo(Name).Length)
        {
            Notes = [.. _tables.Keys.Except(Wanted, StringComparer.OrdinalIgnoreCase).Order().Take(1).Select(_ => "tables that are not carried over: "
                + string.Join(", ", _tables.Keys.Except(Wanted, StringComparer.OrdinalIgnoreCase).Order())), "counters of nodes are counted anew"],
        });

    public Task PrepareAsync(RejectLog rejects, CancellationToken cancellationToken)
    {
        // In the order of the pages, so that the same one of several readings of a node and second is kept.
        Reading? last = null;
        foreach (var row in Rows(HubRows.Readings, "", "ORDER BY \"timestamp\", node_address DESC, rowid", cancellationToken))
        {
            var fault = Convert(row, out var reading);
            if (fault is null && last is { } before && (before.NodeAddress, before.Timestamp) == (reading.NodeAddress, reading.Timestamp)) fault = new("timestamp", "is a second reading of its node and second");
            if (fault is { } found) rejects.Add(row.Reject(Name, found.Column, found.Reason));
            else last = reading;
            if (fault is null && row["received_at"] is null) rejects.Warn("readings without received_at have their measured time instead");
        }
        var zones = Scan("zones", HubRows.Convert, (Zone zone) => zone.Id, rejects, cancellationToken);
        var metadata = Scan("node_metadata", HubRows.Convert, (NodeMetadata m) => m.Address, rejects, cancellationToken);
        foreach (var each in metadata.Where(m => m.ZoneId is { } zone && zones.TrueForAll(z => z.Id != zone)))
        {
            each.ZoneId = null;
            rejects.Warn("nodes were in a zone that does not exist");
        }
        _small = new(Scan("nodes", HubRows.Convert, (Node node) => node.Address, rejects, cancellationToken), metadata, zones, HasCounters: false);
        return Task.CompletedTask;
    }

    private LegacyFault? Convert(LegacyRow row, out Reading reading) => HubRows.Convert(row, _clock.GetUtcNow().ToUnixTimeSeconds(), out reading);

    private delegate LegacyFault? ConvertRow<TRow>(LegacyRow row, out TRow converted);

    private List<TRow> Scan<TRow>(string table, ConvertRow<TRow> convert, Func<TRow, int> key, RejectLog rejects, CancellationToken cancellationToken)
    {
        var rows = new SortedDictionary<int, TRow>();
        if (!_tables.ContainsKey(table)) return [];
        foreach (var row in Rows(table, "", "ORDER BY rowid", cancellationToken))
        {
            var fault = convert(row, out var converted);
            if (fault is null && !rows.TryAdd(key(converted), converted)) fault = new(null, "has a key that is there already");
            if (fault is { } found) rejects.Add(row.Reject(Name, found.Column, found.Reason));
        }
        return [.. rows.Values];
    }

    private IEnumerable<LegacyRow> Rows(string table, string where, string order, CancellationToken cancellationToken)
    {
        var columns = ColumnsOf(table);
        var row = new LegacyRow(table, columns.Select((column, i) => (column, i)).ToDictionary(c => c.column, c => c.i, StringComparer.OrdinalIgnoreCase));
        var selected = columns.Select(c => _texts.Contains(c) ? $"\"{c}\"" : $"\"{c}\"::BIGINT");
        using var rows = _connection.Query($"SELECT rowid, {string.Join(", ", selected)} FROM {table} {where} {order}", cancellationToken);
        while (rows.Read())
        {
            row.RowId = rows.Get<long>(0);
            for (var i = 0; i < columns.Length; i++) row.Set(i, _texts.Contains(columns[i]) ? rows.Get<string?>(i + 1) : rows.Get<long?>(i + 1));
            yield return row;
        }
    }

    public Task<TransferPage<Reading>> ReadReadingsAsync(TransferRange range, int limit, CancellationToken cancellationToken)
    {
        var (page, count, end) = (new List<Reading>(limit), 0, range.To);
        foreach (var row in Rows(HubRows.Readings, FormattableString.Invariant($"WHERE \"timestamp\" >= {range.From} AND \"timestamp\" < {range.To}"),
            FormattableString.Invariant($"ORDER BY \"timestamp\", node_address DESC, rowid LIMIT {limit + 1}"), cancellationToken))
        {
            count++;
            if (count > limit) end = (long)row["timestamp"]!;
            if (Convert(row, out var reading) is not null) continue; // It was rejected.
            if (page.Count > 0 && (page[^1].NodeAddress, page[^1].Timestamp) == (reading.NodeAddress, reading.Timestamp)) continue;
            page.Add(reading);
        }
        if (end == range.To) return Task.FromResult(new TransferPage<Reading>(page.ToArray(), range.To));
        page.RemoveAll(r => r.Timestamp >= end); // The last instant may go on.
        return end > range.From ? Task.FromResult(new TransferPage<Reading>(page.ToArray(), end)) : ReadReadingsAsync(new(range.From, range.From + 1), 2 * limit, cancellationToken);
    }

    public Task<TransferPage<LaneEvent>> ReadEventsAsync(TransferRange range, int limit, CancellationToken cancellationToken)
        => Task.FromResult(new TransferPage<LaneEvent>(default, range.To));

    public Task<SmallTables> ReadSmallTablesAsync(CancellationToken cancellationToken) => Task.FromResult(_small);

    private void Close()
    {
        _connection.Dispose();
        _database.Dispose();
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }
}
