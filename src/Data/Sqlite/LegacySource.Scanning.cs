using Microsoft.Data.Sqlite;
using SensorDash.Data.Events;
using SensorDash.Data.Nodes;
using SensorDash.Data.Transfer;
using SensorDash.Data.Transfer.Legacy;

namespace SensorDash.Data.Sqlite;

/// <summary>The pass before the first chunk: it finds the rows that no store can hold, and notes the times of the others.</summary>
internal sealed partial class LegacySource
{
    private const int RowsOfABlock = 2_000;

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

    // Two threads: one makes events of rows, the other checks and notes them.
    private void ScanEvents(Lane lane, RejectLog rejects, CancellationToken cancellationToken)
    {
        foreach (var row in TransferPages.MakeAhead(Convert(lane, cancellationToken)).SelectMany(block => block))
        {
            if ((row.Reject ?? Note(lane, row, rejects)) is { } reject) rejects.Add(reject);
        }
    }

    /// <summary>A row of a lane: its event, or why there is none.</summary>
    /// <param name="Id">As it is written.</param>
    private readonly record struct ScannedRow(long RowId, string? Id, LaneEvent Event, Reject? Reject, IReadOnlyList<string> Warnings);

    private IEnumerable<ScannedRow[]> Convert(Lane lane, CancellationToken cancellationToken)
    {
        return All(TruthRows.TableOf(lane), cancellationToken).Select(Converted).Chunk(RowsOfABlock);

        ScannedRow Converted(LegacyRow row)
        {
            var fault = _truth.Convert(lane, row, out var laneEvent);
            return new(row.RowId, row["eventId"] as string, laneEvent, fault is { } found ? row.Reject(Name, found.Column, found.Reason) : null, fault is null ? WarningsOf(lane, row) : []);
        }
    }

    private Reject? Note(Lane lane, ScannedRow row, RejectLog rejects)
    {
        var laneEvent = row.Event;
        if (!_hasUniqueIds && !_keys!.TryAddId(laneEvent, out var isSame))
        {
            if (!isSame) return RejectOf("eventId", row.Id, "collides with another event");
            rejects.Warn("events that are there twice are carried over once");
            return null;
        }
        if (laneEvent is CommandEvent { RequestId: { } request } && !_keys!.TryAddRequest(laneEvent.ScopeId, request))
            return RejectOf("requestId", request, "was accepted already");
        _keys!.AddEvent(TimeOf(lane, row.RowId, laneEvent.CanonicalTime), lane, row.RowId);
        WarnOf(laneEvent, row.Warnings, rejects);
        return null;

        Reject RejectOf(string column, string? value, string reason) => new(Name, TruthRows.TableOf(lane), row.RowId, column, value, reason);
    }

    private static IReadOnlyList<string> WarningsOf(Lane lane, LegacyRow row)
    {
        if (row["timelineMode"] is string mode && mode.Any(char.IsUpper)) return ["timelineMode was in capitals"];
        if (lane == Lane.Raw && row.Has("systemId") && row["connectionId"] is not null) return ["raw events have a connectionId besides the names of their system; it is not kept"];
        return [];
    }

    private static void WarnOf(LaneEvent laneEvent, IReadOnlyList<string> ofRow, RejectLog rejects)
    {
        if (laneEvent.ComputeId() != laneEvent.Id) rejects.Warn($"{laneEvent.Lane.Name()} events have an id that does not match their content; it is kept");
        foreach (var warning in ofRow) rejects.Warn(warning);
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
}
