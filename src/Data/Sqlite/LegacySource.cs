using Microsoft.Data.Sqlite;
using SensorDash.Data.Events;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Data.Transfer.Legacy;

namespace SensorDash.Data.Sqlite;

/// <summary>A file of the former sensor hub or of the former event store.</summary>
/// <remarks>Columns are found by name. Rows that no store can hold are found in one pass before the first chunk, so that each chunk has the rows of a range of time.</remarks>
internal sealed partial class LegacySource : IFollowedFile
{
    private static readonly string[] _known = [HubRows.Readings, "nodes", "node_metadata", "zones", TruthRows.Index, .. Lanes.All.Select(TruthRows.TableOf)];

    private readonly SqliteSourceFile _file;
    private readonly LegacyTables _tables;
    private readonly TimeProvider _clock;
    private readonly SqliteConnection _connection;
    private readonly TruthRows _truth;
    private readonly Dictionary<string, LegacyReader> _readers = new(StringComparer.OrdinalIgnoreCase);
    private LegacyKeys? _keys;
    private bool _hasUniqueIds;
    private SmallTables _small = new([], [], [], HasCounters: false);

    private LegacySource(SqliteSourceFile file, LegacyTables tables, TimeProvider clock)
    {
        (_file, _tables, _clock) = (file, tables, clock);
        _truth = new(clock.NowMicroseconds());
        _connection = new(file.ConnectionString);
        _connection.Open();
        SQLitePCL.raw.sqlite3_busy_timeout(_connection.Handle, SqliteDatabase.BusyTimeoutSeconds * 1000);
    }

    private bool HasReadings => _tables.Has(HubRows.Readings);

    private Lane[] LanesThere => [.. Lanes.All.Where(lane => _tables.Has(TruthRows.TableOf(lane)))];

    public string Kind => HasReadings ? "former sensor hub (SQLite)" : "former event store (SQLite)";

    public string Name => _file.Path;

    public static LegacySource Open(SqliteSourceFile file, LegacyTables tables, TimeProvider clock)
    {
        if (!tables.Has(HubRows.Readings) && !Lanes.All.Any(lane => tables.Has(TruthRows.TableOf(lane))))
            throw new TransferException($"{file.Path} is neither a store of SensorDash nor a file of a former system: it has no table {HubRows.Readings} and no table {TruthRows.TableOf(Lane.Raw)}.");
        if (tables.Has(HubRows.Readings)) Require(HubRows.Readings, HubRows.Required);
        foreach (var lane in Lanes.All.Where(lane => tables.Has(TruthRows.TableOf(lane))))
            Require(TruthRows.TableOf(lane), TruthRows.Required(lane, column => tables.Has(TruthRows.TableOf(lane), column)));
        return new(file, tables, clock);

        void Require(string table, IEnumerable<string> columns)
        {
            var missing = columns.Where(column => !tables.Has(table, column)).ToArray();
            if (missing.Length > 0) throw new TransferException($"{file.Path}: table {table} must have the column{(missing.Length == 1 ? "" : "s")} {string.Join(", ", missing)}.");
        }
    }

    public Task<TransferContents> InspectAsync(CancellationToken cancellationToken)
    {
        long? readings = !HasReadings ? null : _keys?.Count("readings") ?? Count(HubRows.Readings);
        long? events = LanesThere.Length == 0 ? null : _keys?.Count("events") ?? LanesThere.Sum(lane => Count(TruthRows.TableOf(lane)));
        return Task.FromResult(new TransferContents(readings, events, new FileInfo(_file.Path).Length) { Notes = [.. Notes()] });
    }

    private IEnumerable<string> Notes()
    {
        var ignored = _tables.Names.Where(table => !_known.Contains(table, StringComparer.OrdinalIgnoreCase)).ToArray();
        if (ignored.Length > 0) yield return $"tables that are not carried over: {string.Join(", ", ignored)}";
        foreach (var table in _tables.Names.Except(ignored).Where(table => table != TruthRows.Index))
        {
            var columns = _tables.ColumnsOf(table).Except(WantedOf(table), StringComparer.OrdinalIgnoreCase).ToArray();
            if (columns.Length > 0) yield return $"columns of {table} that are not carried over: {string.Join(", ", columns)}";
        }
        if (HasReadings) yield return "indexes and row numbers are not carried over; counters of nodes are counted anew";
    }

    private static IEnumerable<string> WantedOf(string table) => table.ToLowerInvariant() switch
    {
        HubRows.Readings => [.. HubRows.Required, .. HubRows.Optional],
        "nodes" => ["address", "device_id", "node_type", "first_seen_at", "last_seen_at", "total_readings"],
        "node_metadata" => ["address", "name", "notes", "zone_id", "location", "updated_at"],
        "zones" => ["id", "name", "color", "description"],
        _ => Lanes.All.Where(lane => TruthRows.TableOf(lane).Equals(table, StringComparison.OrdinalIgnoreCase))
            .SelectMany(lane => TruthRows.Required(lane, _ => true).Concat(TruthRows.Required(lane, _ => false)).Concat(TruthRows.Optional(lane))),
    };

    private long Count(string table)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = $"SELECT count(*) FROM \"{table}\"";
        return (long)command.ExecuteScalar()!;
    }

    private LegacyReader Reader(string table)
        => _readers.TryGetValue(table, out var known) ? known : _readers[table] = new(_connection, _tables, table, WantedOf(table));

    public async Task PrepareAsync(RejectLog rejects, CancellationToken cancellationToken)
    {
        // Beside the scan, over a connection of its own.
        var orphans = _tables.Has(TruthRows.Index) ? Task.Run(CountOrphans, cancellationToken) : Task.FromResult(0L);
        try
        {
            Scan(rejects, cancellationToken);
        }
        finally
        {
            await ((Task)orphans).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        rejects.Warn("rows of eventIndex have no event", await orphans);
    }

    private void Scan(RejectLog rejects, CancellationToken cancellationToken)
    {
        _keys?.Dispose();
        _keys = new();
        if (HasReadings) ScanReadings(rejects, cancellationToken);
        _small = ScanSmallTables(rejects, cancellationToken);
        _hasUniqueIds = LegacyIds.AreUnique(_connection, [.. LanesThere.Select(TruthRows.TableOf)], cancellationToken);
        foreach (var lane in LanesThere) ScanEvents(lane, rejects, cancellationToken);
    }

    private void ScanReadings(RejectLog rejects, CancellationToken cancellationToken)
    {
        var now = _clock.GetUtcNow().ToUnixTimeSeconds();
        foreach (var row in All(HubRows.Readings, cancellationToken))
        {
            var fault = HubRows.Convert(row, now, out var reading);
            if (fault is null && !_keys!.TryAddReading(reading.Timestamp, reading.NodeAddress, row.RowId)) fault = new("timestamp", "is a second reading of its node and second");
            if (fault is { } found) rejects.Add(row.Reject(Name, found.Column, found.Reason));
            else if (row["received_at"] is null) rejects.Warn("readings without received_at have their measured time instead");
        }
    }

    private SmallTables ScanSmallTables(RejectLog rejects, CancellationToken cancellationToken)
    {
        var zones = Scan("zones", HubRows.Convert, (Zone zone) => zone.Id, rejects, cancellationToken);
        var metadata = Scan("node_metadata", HubRows.Convert, (NodeMetadata m) => m.Address, rejects, cancellationToken);
        var ids = zones.Select(z => z.Id).ToHashSet();
        foreach (var each in metadata.Where(m => m.ZoneId is { } zone && !ids.Contains(zone)))
        {
            each.ZoneId = null;
            rejects.Warn("nodes were in a zone that does not exist");
        }
        return new(Scan("nodes", HubRows.Convert, (Node node) => node.Address, rejects, cancellationToken), metadata, zones, HasCounters: false);
    }

    private delegate LegacyFault? ConvertRow<TRow>(LegacyRow row, out TRow converted);

    private List<TRow> Scan<TRow>(string table, ConvertRow<TRow> convert, Func<TRow, int> key, RejectLog rejects, CancellationToken cancellationToken)
    {
        var rows = new SortedDictionary<int, TRow>();
        if (!_tables.Has(table)) return [];
        foreach (var row in All(table, cancellationToken))
        {
            var fault = convert(row, out var converted);
            if (fault is null && !rows.TryAdd(key(converted), converted)) fault = new(null, "has a key that is there already");
            if (fault is { } found) rejects.Add(row.Reject(Name, found.Column, found.Reason));
        }
        return [.. rows.Values];
    }

    private void ScanEvents(Lane lane, RejectLog rejects, CancellationToken cancellationToken)
    {
        foreach (var row in All(TruthRows.TableOf(lane), cancellationToken))
        {
            var fault = _truth.Convert(lane, row, out var laneEvent);
            if (fault is null && !_hasUniqueIds && !_keys!.TryAddId(laneEvent, out var isSame))
            {
                if (isSame)
                {
                    rejects.Warn("events that are there twice are carried over once");
                    continue;
                }
                fault = new("eventId", "collides with another event");
            }
            if (fault is null && laneEvent is CommandEvent { RequestId: { } request } && !_keys!.TryAddRequest(laneEvent.ScopeId, request)) fault = new("requestId", "was accepted already");
            if (fault is { } found)
            {
                rejects.Add(row.Reject(Name, found.Column, found.Reason));
                continue;
            }
            _keys!.AddEvent(TimeOf(lane, row.RowId, laneEvent.CanonicalTime), lane, row.RowId);
            WarnOf(lane, row, laneEvent, rejects);
        }
    }

    private static void WarnOf(Lane lane, LegacyRow row, LaneEvent laneEvent, RejectLog rejects)
    {
        if (laneEvent.ComputeId() != laneEvent.Id) rejects.Warn($"{lane.Name()} events have an id that does not match their content; it is kept");
        if (row["timelineMode"] is string mode && mode.Any(char.IsUpper)) rejects.Warn("timelineMode was in capitals");
        if (lane == Lane.Raw && row.Has("systemId") && row["connectionId"] is not null) rejects.Warn("raw events have a connectionId besides the names of their system; it is not kept");
    }

    private long CountOrphans()
    {
        using var connection = new SqliteConnection(_file.ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        // In the order of the ids, and so of the indexes that are searched. LIMIT keeps SQLite from leaving out the order.
        command.CommandText = $"SELECT count(*) FROM (SELECT eventId FROM {TruthRows.Index} ORDER BY eventId LIMIT -1) i WHERE true"
            + string.Concat(LanesThere.Select(lane => $" AND NOT EXISTS (SELECT 1 FROM {TruthRows.TableOf(lane)} e WHERE e.eventId = i.eventId)"));
        return (long)command.ExecuteScalar()!;
    }

    public Task<TransferPage<Reading>> ReadReadingsAsync(TransferRange range, int limit, CancellationToken cancellationToken)
    {
        if (!HasReadings) return Task.FromResult(new TransferPage<Reading>(default, range.To));
        var (keys, end) = Page(range, limit, Keys.Readings, key => key.Time);
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(new TransferPage<Reading>(Find(keys), end));
    }

    public Task<TransferPage<LaneEvent>> ReadEventsAsync(TransferRange range, int limit, CancellationToken cancellationToken)
    {
        if (LanesThere.Length == 0) return Task.FromResult(new TransferPage<LaneEvent>(default, range.To));
        var (keys, end) = Page(range, limit, Keys.Events, key => key.Time);
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(new TransferPage<LaneEvent>(Find(keys), end));
    }

    // In one transaction: else SQLite locks the file for each row, and looks for a log.
    private Reading[] Find(List<(long Time, long Row)> keys)
    {
        using var transaction = _connection.BeginTransaction(deferred: true);
        var (reader, page) = (Reader(HubRows.Readings), new Reading[keys.Count]);
        for (var i = 0; i < page.Length; i++) ThrowIfChanged(HubRows.Convert(reader.Find(keys[i].Row), long.MaxValue / 2, out page[i]));
        return page;
    }

    private LaneEvent[] Find(List<(long Time, long Row, Lane Lane)> keys)
    {
        using var transaction = _connection.BeginTransaction(deferred: true);
        var page = new LaneEvent[keys.Count];
        for (var i = 0; i < page.Length; i++)
        {
            ThrowIfChanged(_truth.Convert(keys[i].Lane, Reader(TruthRows.TableOf(keys[i].Lane)).Find(keys[i].Row), out page[i]));
            page[i].CanonicalTime = keys[i].Time;
        }
        return page;
    }

    private LegacyKeys Keys => _keys ?? throw new InvalidOperationException("The source is not prepared.");

    private void ThrowIfChanged(LegacyFault? fault)
    {
        if (fault is { } found) throw new TransferException($"{Name} has changed since it was read: {found.Column} {found.Reason}. Stop the program that writes it, or copy the file.");
    }

    // One key more than the limit, because the last instant is complete only if another one follows.
    private static (List<TKey> Keys, long End) Page<TKey>(TransferRange range, int limit, Func<TransferRange, int, List<TKey>> read, Func<TKey, long> time)
    {
        var keys = read(range, limit + 1);
        if (keys.Count <= limit) return (keys, range.To);
        var last = time(keys[limit]);
        var kept = keys.FindIndex(key => time(key) == last);
        if (kept > 0) return (keys[..kept], last);
        return (read(new(last, last + 1), int.MaxValue), last + 1);
    }

    public Task<SmallTables> ReadSmallTablesAsync(CancellationToken cancellationToken) => Task.FromResult(_small);

    public ValueTask DisposeAsync()
    {
        foreach (var reader in _readers.Values) reader.Dispose();
        _connection.Dispose();
        _keys?.Dispose();
        _file.Dispose();
        return ValueTask.CompletedTask;
    }
}
