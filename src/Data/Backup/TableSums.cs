using System.Globalization;
using System.IO.Hashing;
using System.Text;
using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Transfer;

namespace SensorDash.Data.Backup;

/// <summary>Adds up the rows of the tables of a store.</summary>
internal sealed class TableSums
{
    /// <summary>Tables whose rows are hashed as readings and events, the same on every engine.</summary>
    public static IReadOnlySet<string> Large { get; } = new HashSet<string>([Readings, .. Lanes.All.Select(lane => LaneTable.Of(lane).Name)]);

    private const string Readings = "sensor_readings";

    private readonly SortedDictionary<string, (long Rows, long Hash)> _tables = new(StringComparer.Ordinal);
    private readonly EventHash _eventHash = new();

    /// <summary>Notes a table, which may have no rows.</summary>
    public void Define(string table) => _tables.TryAdd(table, default);

    /// <summary>Adds a row of a small table, as a text of all its values.</summary>
    public void Add(string table, string row) => Add(table, (long)XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(row)));

    public void Add(ReadOnlySpan<Reading> readings)
    {
        var hash = 0L;
        foreach (ref readonly var reading in readings) hash = unchecked(hash + ReadingHash.Of(reading));
        var (rows, sum) = _tables.GetValueOrDefault(Readings);
        _tables[Readings] = (rows + readings.Length, unchecked(sum + hash));
    }

    public void Add(ReadOnlySpan<LaneEvent> events)
    {
        foreach (var laneEvent in events) Add(LaneTable.Of(laneEvent.Lane).Name, _eventHash.Of(laneEvent, laneEvent.CanonicalTime));
    }

    /// <summary>Adds all readings and events of a store.</summary>
    public async Task AddAsync(IRangeReader rows, bool withEvents, CancellationToken cancellationToken)
    {
        Define(Readings);
        await rows.VisitReadingsAsync(TransferRange.All, Add, cancellationToken);
        if (!withEvents) return;
        foreach (var lane in Lanes.All) Define(LaneTable.Of(lane).Name);
        await rows.VisitEventsAsync(TransferRange.All, Add, cancellationToken);
    }

    /// <summary>Notes the tables of readings and events, which may have no rows.</summary>
    public void DefineLarge()
    {
        foreach (var table in Large) Define(table);
    }

    public IReadOnlyDictionary<string, TableSum> Result
        => new SortedDictionary<string, TableSum>(_tables.ToDictionary(t => t.Key, t => new TableSum(t.Value.Rows, t.Value.Hash.ToString("x16", CultureInfo.InvariantCulture))), StringComparer.Ordinal);

    /// <summary>How the rows differ from the batch log of the same store; null if they do not.</summary>
    public string? FindDoubt(StoreSums log)
    {
        var (readings, events) = (_tables.GetValueOrDefault(Readings), (Rows: 0L, Hash: 0L));
        foreach (var lane in Lanes.All)
        {
            var (rows, hash) = _tables.GetValueOrDefault(LaneTable.Of(lane).Name);
            events = (events.Rows + rows, unchecked(events.Hash + hash));
        }
        return Differ("readings", readings, (log.Readings, log.ReadingsHash)) ?? Differ("events", events, (log.Events, log.EventsHash));
    }

    private static string? Differ(string what, (long Rows, long Hash) rows, (long Rows, long Hash) log) => rows == log ? null
        : rows.Rows == log.Rows ? $"the {what} are not those that were committed: their hash differs from that of the batch log"
        : string.Create(CultureInfo.InvariantCulture, $"there are {rows.Rows} {what}, but the batch log counts {log.Rows}");

    private void Add(string table, long hash)
    {
        var (rows, sum) = _tables.GetValueOrDefault(table);
        _tables[table] = (rows + 1, unchecked(sum + hash));
    }
}
