using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Transfer;
using SensorDash.Data.Transfer.Legacy;

namespace SensorDash.Data.Sqlite;

/// <summary>Rows that the former system adds while its file is followed.</summary>
internal sealed partial class LegacySource
{
    private const int RowsOfARead = 10_000;

    private readonly Dictionary<(Lane, long), long> _given = [];
    private IReadOnlyDictionary<string, long> _upTo = new Dictionary<string, long>();

    public string ReadingTable => HubRows.Readings;

    public string TableOf(Lane lane) => TruthRows.TableOf(lane);

    public IReadOnlyDictionary<string, long> ReadRowIds()
    {
        using var transaction = _connection.BeginTransaction(deferred: true); // One moment of all tables.
        return Followed.ToDictionary(table => table, table =>
        {
            using var command = _connection.CreateCommand();
            command.CommandText = $"SELECT coalesce(max(rowid), 0) FROM \"{table}\"";
            return (long)command.ExecuteScalar()!;
        });
    }

    public void Limit(IReadOnlyDictionary<string, long> upTo, IEnumerable<GivenTime> given)
    {
        _upTo = upTo;
        _given.Clear();
        foreach (var (lane, row, time) in given) _given[(lane, row)] = time;
    }

    public FollowedRows ReadNew(IReadOnlyDictionary<string, long> after, int limit, CancellationToken cancellationToken)
    {
        using var transaction = _connection.BeginTransaction(deferred: true);
        var (upTo, readings, rows, events) = (new Dictionary<string, long>(after), new List<Reading>(), new List<long>(), new List<FollowedEvent>());
        var rejects = new List<Reject>();
        using var warnings = new RejectLog(null, isStrict: false);
        var (now, truth) = (_clock.GetUtcNow().ToUnixTimeSeconds(), new TruthRows(_clock.NowMicroseconds()));
        foreach (var row in New(HubRows.Readings))
        {
            var fault = HubRows.Convert(row, now, out var reading);
            if (IsRejected(row, fault)) continue;
            if (row["received_at"] is null) warnings.Warn("readings without received_at have their measured time instead");
            readings.Add(reading);
            rows.Add(row.RowId);
        }
        foreach (var lane in LanesThere)
        {
            foreach (var row in New(TruthRows.TableOf(lane)))
            {
                if (IsRejected(row, truth.Convert(lane, row, out var laneEvent))) continue;
                WarnOf(laneEvent, WarningsOf(lane, row), warnings);
                events.Add(new(laneEvent, row.RowId, laneEvent.CanonicalTime));
            }
        }
        // Lanes in the order of the contract; each is in the order of rows.
        return new(readings, rows, [.. events.OrderBy(e => e.Time).ThenBy(e => e.Event.Lane).ThenBy(e => e.RowId)], rejects, warnings.Warnings, upTo);

        IEnumerable<LegacyRow> New(string table)
        {
            if (!after.TryGetValue(table, out var from)) yield break;
            foreach (var row in Reader(table).Read(from, long.MaxValue, limit, cancellationToken))
            {
                upTo[table] = row.RowId;
                yield return row;
            }
        }

        bool IsRejected(LegacyRow row, LegacyFault? fault)
        {
            if (fault is { } found) rejects.Add(row.Reject(Name, found.Column, found.Reason));
            return fault is not null;
        }
    }

    public SmallTables ReadSmallTablesAgain(CancellationToken cancellationToken)
    {
        using var counted = new RejectLog(null, isStrict: false); // The rejects of the first read are in the file already.
        return ScanSmallTables(counted, cancellationToken);
    }

    public Reject RejectReading(long rowId, string reason) => Reader(HubRows.Readings).Find(rowId).Reject(Name, "timestamp", reason);

    public Reject RejectEvent(FollowedEvent row, string column, string reason) => Reader(TruthRows.TableOf(row.Event.Lane)).Find(row.RowId).Reject(Name, column, reason);

    private IEnumerable<string> Followed => (HasReadings ? [HubRows.Readings] : Array.Empty<string>()).Concat(LanesThere.Select(TruthRows.TableOf));

    // In short reads: a long one keeps the log of the program that writes the file, or keeps it from writing.
    private IEnumerable<LegacyRow> All(string table, CancellationToken cancellationToken)
    {
        var (after, upTo, count) = (long.MinValue, _upTo.GetValueOrDefault(table, long.MaxValue), RowsOfARead);
        while (count == RowsOfARead)
        {
            count = 0;
            foreach (var row in Reader(table).Read(after, upTo, RowsOfARead, cancellationToken))
            {
                (after, count) = (row.RowId, count + 1);
                yield return row;
            }
        }
    }

    private long TimeOf(Lane lane, long row, long time) => _given.GetValueOrDefault((lane, row), time);
}
