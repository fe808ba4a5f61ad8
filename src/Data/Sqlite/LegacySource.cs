using Microsoft.Data.Sqlite;
using SensorDash.Data.Events;
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

    public Task<TransferPage<Reading>> ReadReadingsAsync(TransferRange range, int limit, CancellationToken cancellationToken)
    {
        if (!HasReadings) return Task.FromResult(new TransferPage<Reading>(default, range.To));
        var (keys, end) = Page(range, limit, Keys.Readings, key => key.Time);
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(new TransferPage<Reading>(Find(keys, cancellationToken), end));
    }

    public Task<TransferPage<LaneEvent>> ReadEventsAsync(TransferRange range, int limit, CancellationToken cancellationToken)
    {
        if (LanesThere.Length == 0) return Task.FromResult(new TransferPage<LaneEvent>(default, range.To));
        var (keys, end) = Page(range, limit, Keys.Events, key => key.Time);
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(new TransferPage<LaneEvent>(Find(keys, cancellationToken), end));
    }

    // In one transaction: else SQLite locks the file for each row, and looks for a log.
    private Reading[] Find(List<(long Time, long Row)> keys, CancellationToken cancellationToken)
    {
        using var transaction = _connection.BeginTransaction(deferred: true);
        var page = new Reading[keys.Count];
        foreach (var (place, row) in Find(HubRows.Readings, [.. keys.Select(key => key.Row)], [.. Enumerable.Range(0, keys.Count)], cancellationToken))
            ThrowIfChanged(HubRows.Convert(row, long.MaxValue / 2, out page[place]));
        return page;
    }

    private LaneEvent[] Find(List<(long Time, long Row, Lane Lane)> keys, CancellationToken cancellationToken)
    {
        using var transaction = _connection.BeginTransaction(deferred: true);
        var page = new LaneEvent[keys.Count];
        foreach (var lane in keys.Select((key, place) => (key.Row, key.Lane, Place: place)).GroupBy(key => key.Lane))
        {
            foreach (var (place, row) in Find(TruthRows.TableOf(lane.Key), [.. lane.Select(key => key.Row)], [.. lane.Select(key => key.Place)], cancellationToken))
            {
                ThrowIfChanged(_truth.Convert(lane.Key, row, out page[place]));
                page[place].CanonicalTime = keys[place].Time;
            }
        }
        return page;
    }

    // The order of arrival is nearly that of time.
    private IEnumerable<(int Place, LegacyRow Row)> Find(string table, long[] rows, int[] places, CancellationToken cancellationToken)
    {
        Array.Sort(rows, places);
        return Reader(table).Find(rows, cancellationToken).Select((row, i) => (places[i], row));
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
