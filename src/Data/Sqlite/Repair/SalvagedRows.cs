using System.Globalization;
using Microsoft.Data.Sqlite;
using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.Sqlite.Repair;

/// <summary>What a salvage found.</summary>
/// <param name="Readings">Readings that were read.</param>
/// <param name="Events">Events that were read.</param>
/// <param name="Losses">What is lost or doubtful, in sentences; empty when nothing is.</param>
public sealed record SalvageResult(long Readings, long Events, IReadOnlyList<string> Losses);

/// <summary>Salvages a damaged file into a repaired one.</summary>
/// <param name="salvaged">A new store, which takes the rows page by page.</param>
/// <param name="rows">The same store, for reading.</param>
/// <param name="latest">Canonical time that no event can have passed unless the index has it too, Unix microseconds.</param>
public sealed class SalvagedRows(SqliteDatabase salvaged, ITransferTarget rows, long latest)
{
    private const int MaxNamed = 20;

    private static readonly string _lostEvents = string.Join(" UNION ALL ", Lanes.All.Select(lane => $"""
        SELECT {(int)lane}, count(*), min(first_seen), max(first_seen) FROM event_index i
        WHERE lane = {(int)lane} AND first_seen >= coalesce((SELECT {lane.Name()}_edge FROM store_info), first_seen)
            AND NOT EXISTS (SELECT 1 FROM {LaneTable.Of(lane).Name} e WHERE e.canonical_truth_time = i.first_seen AND e.event_id = i.event_id)
        """));

    private readonly List<string> _losses = [];

    /// <summary>Where the rows lie until they are added to the repaired file.</summary>
    public static string PathOf(string database) => database + ".salvaged";

    /// <summary>Reads the damaged file and adds its rows.</summary>
    /// <param name="damaged">The damaged file; it is only read.</param>
    /// <param name="target">A new repaired file.</param>
    /// <param name="progress">Receives the rows read, and then the rows added so far.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <exception cref="IOException">The damaged file cannot be opened.</exception>
    public async Task<SalvageResult> AddToAsync(RepairedFile target, string damaged, Action<string, long> progress, CancellationToken cancellationToken)
    {
        await Task.Run(() => Read(damaged, rows => progress("reading the damaged file", rows), cancellationToken), cancellationToken);
        var (altered, first) = (0L, (LaneEvent?)null);
        await target.AddAsync((StoreSource)rows, laneEvent =>
        {
            if (IsWhole(laneEvent)) return true;
            (altered, first) = (altered + 1, first ?? laneEvent);
            return false;
        }, rows => progress("adding what was read", rows), cancellationToken);
        if (first is not null)
            _losses.Add(Invariant($"{altered} events are left out, because their id does not match their content: damage has changed them. The first is {first.Id} of lane {first.Lane.Name()} at {Micros(first.CanonicalTime)}."));
        var contents = await CountAsync(cancellationToken);
        return new(contents.Readings, contents.Events - altered, _losses);
    }

    private void Read(string damaged, Action<long> progress, CancellationToken cancellationToken)
    {
        using var connection = salvaged.OpenAsync(cancellationToken).GetAwaiter().GetResult();
        var salvage = new Salvage(connection);
        salvage.Run(damaged, progress, cancellationToken);
        if (salvage.BadPages > 0) _losses.Add(Invariant($"{salvage.BadPages} pages cannot be read."));
        if (salvage.BadRows > 0) _losses.Add(Invariant($"{salvage.BadRows} rows on pages that can be read are not what they must be."));
        if (salvage.MayHaveDeleted) _losses.Add("The header is lost, so readings and events may be back that were deleted before.");
        NameLosses(connection, salvage.HasAllKeys);
        LeaveOutAltered(connection, salvage);
        NameChanged(connection);
    }

    private void NameLosses(SqliteConnection connection, bool hasAllKeys)
    {
        var nodes = Rows(connection, $"""
            SELECT node_address, count(*), min(timestamp), max(timestamp) FROM {Salvage.Keys} k
            WHERE NOT EXISTS (SELECT 1 FROM sensor_readings r WHERE r.node_address = k.node_address AND r.timestamp = k.timestamp) GROUP BY node_address ORDER BY node_address
            """);
        foreach (var node in nodes.Take(MaxNamed)) _losses.Add(Invariant($"Lost: {node[1]} readings of node {node[0]}, {Time(node[2])} to {Time(node[3])}."));
        if (nodes.Count > MaxNamed) _losses.Add(Invariant($"Lost: {nodes.Skip(MaxNamed).Sum(n => n[1])} readings of {nodes.Count - MaxNamed} more nodes."));
        foreach (var lane in Rows(connection, _lostEvents).Where(lane => lane[1] > 0))
            _losses.Add(Invariant($"Lost: {lane[1]} events of lane {((Lane)lane[0]).Name()}, stored {Micros(lane[2])} to {Micros(lane[3])}."));
        if (!hasAllKeys) _losses.Add("The index of the readings cannot be read as a whole, so more may be lost than is named here.");
    }

    // Damage within a page can change a key, and a time far ahead would be that of all later events.
    private void LeaveOutAltered(SqliteConnection connection, Salvage salvage)
    {
        var readings = !salvage.HasAllKeys ? 0 : Execute(connection,
            $"DELETE FROM sensor_readings WHERE NOT EXISTS (SELECT 1 FROM {Salvage.Keys} k WHERE k.timestamp = sensor_readings.timestamp AND k.node_address = sensor_readings.node_address)");
        if (readings > 0) _losses.Add(Invariant($"{readings} readings are left out, because the index does not have them: damage has changed them, or they were deleted."));
        var events = 0L;
        foreach (var lane in Lanes.All)
        {
            var table = LaneTable.Of(lane).Name;
            var condition = salvage.HasAllEventKeys ? $"canonical_truth_time >= coalesce((SELECT {lane.Name()}_edge FROM store_info), canonical_truth_time)" : Invariant($"canonical_truth_time > {latest}");
            events += Execute(connection, $"""
                DELETE FROM {table} WHERE {condition} AND NOT EXISTS (SELECT 1 FROM event_index i
                    WHERE i.source_truth_time = {table}.source_truth_time AND i.event_id = {table}.event_id AND i.first_seen = {table}.canonical_truth_time)
                """);
        }
        if (events > 0) _losses.Add(Invariant($"{events} events are left out, because the index does not have them: damage has changed them, or they were deleted."));
    }

    // A reading has no checksum, but its batch has: if all readings of a batch are there, a wrong sum of their hashes is a changed value.
    private void NameChanged(SqliteConnection connection)
    {
        var sums = new Dictionary<long, (long Rows, long Hash)>();
        using (var command = connection.CreateCommand())
        {
            command.CommandText = "SELECT node_address, timestamp, temperature_centidegrees, humidity_centipercent, flags, received_at, NULL, batch_id FROM sensor_readings";
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                var (batch, hash) = (reader.GetInt64(7), ReadingHash.Of(SqliteReadingRow.Read(reader)));
                var (rows, sum) = sums.GetValueOrDefault(batch);
                sums[batch] = (rows + 1, unchecked(sum + hash));
            }
        }
        var changed = Rows(connection, "SELECT id, row_count, rows_hash, first_timestamp, last_timestamp FROM ingest_batches WHERE row_count > 0")
            .Where(batch => sums.TryGetValue(batch[0], out var sum) && sum.Rows == batch[1] && sum.Hash != batch[2]).ToList();
        foreach (var batch in changed.Take(MaxNamed))
            _losses.Add(Invariant($"Changed: values of some of the {batch[1]} readings that were stored together, measured {Time(batch[3])} to {Time(batch[4])}; which ones cannot be told."));
        if (changed.Count > MaxNamed) _losses.Add(Invariant($"Changed: values in {changed.Count - MaxNamed} more batches of readings."));
    }

    private static bool IsWhole(LaneEvent laneEvent)
    {
        try
        {
            return laneEvent.ComputeId() == laneEvent.Id;
        }
        catch (ArgumentException)
        {
            return false; // Such as a time of no year.
        }
    }

    private static long Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }

    private async Task<(long Readings, long Events)> CountAsync(CancellationToken cancellationToken) => await salvaged.ReadLongAsync(
        connection =>
        {
            var counts = Rows(connection, $"SELECT (SELECT count(*) FROM sensor_readings), {string.Join(" + ", Lanes.All.Select(lane => $"(SELECT count(*) FROM {LaneTable.Of(lane).Name})"))}")[0];
            return (counts[0], counts[1]);
        },
        cancellationToken);

    private static List<long[]> Rows(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<long[]>();
        while (reader.Read()) rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? 0 : reader.GetInt64(i))]);
        return rows;
    }

    private static string Time(long seconds) => DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(seconds, 0, uint.MaxValue)).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Micros(long time) => Time(time / 1_000_000);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
