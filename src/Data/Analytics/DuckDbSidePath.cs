using System.Globalization;
using Microsoft.Extensions.Options;
using SensorDash.Data.Readings;
using SensorDash.DuckDb;

namespace SensorDash.Data.Analytics;

/// <summary>The DuckDB file beside the store: a table of readings per month, and how far it has followed.</summary>
/// <remarks>
/// Derived and rebuildable. Rows and the batch they end with are written in one DuckDB transaction, so a change is applied exactly once,
/// whenever the process dies. One writer (<see cref="DuckDbSync"/>); any number of readers, each with a connection of its own.
/// </remarks>
internal sealed class DuckDbSidePath : IDisposable
{
    // A file of another format is rebuilt, not migrated: everything in it is in the store too.
    private const int Format = 1;

    // Rows at the end of a month that are not in order of (node, time) yet, before the month is sorted again.
    private const long UnsortedRows = 100_000;

    private const string Schema = """
        CREATE TABLE IF NOT EXISTS sync_state (format INTEGER NOT NULL, applied BIGINT NOT NULL, committed_at BIGINT NOT NULL);
        CREATE TABLE IF NOT EXISTS months (month INTEGER PRIMARY KEY, row_count BIGINT NOT NULL, unsorted BIGINT NOT NULL);
        """;

    private const string MonthTable =
        "(node_address INTEGER NOT NULL, \"timestamp\" BIGINT NOT NULL, temperature SMALLINT, humidity SMALLINT, flags UINTEGER NOT NULL, received_at BIGINT NOT NULL)";

    private readonly DuckDbDatabase _database;
    private readonly DuckDbConnection _writer;

    private DuckDbSidePath(DuckDbDatabase database)
    {
        _database = database;
        _writer = database.Connect();
    }

    /// <summary>The last batch whose rows are in, and when it was committed (Unix microseconds).</summary>
    public (long Batch, long CommittedAt) Applied { get; private set; }

    /// <summary>Opens the file, or makes an empty one.</summary>
    /// <exception cref="DuckDbException">Another process has it open, or it is damaged or of a newer version.</exception>
    /// <exception cref="DuckDbLibraryException">The native library is missing.</exception>
    public static DuckDbSidePath Open(IOptions<AnalyticsOptions> options, CancellationToken cancellationToken)
    {
        var path = Path.GetFullPath(options.Value.Path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var database = DuckDbDatabase.Open(path, new DuckDbOptions
        {
            MemoryLimitMiB = options.Value.MemoryLimitMiB,
            Threads = options.Value.Threads == 0 ? null : options.Value.Threads,
        });
        try
        {
            var sidePath = new DuckDbSidePath(database);
            sidePath._writer.Execute(Schema, cancellationToken);
            if (!sidePath.ReadState(cancellationToken)) sidePath.Clear(cancellationToken);
            return sidePath;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>A connection for reading, to be disposed by the caller.</summary>
    public DuckDbConnection Connect() => _database.Connect();

    /// <summary>Forgets everything, so that the next changes are those from the first batch on.</summary>
    public void Clear(CancellationToken cancellationToken)
    {
        using var transaction = _writer.BeginTransaction(cancellationToken);
        foreach (var month in ReadMonths(_writer, cancellationToken)) _writer.Execute($"DROP TABLE {month.Table}", cancellationToken);
        _writer.Execute($"DELETE FROM months; DELETE FROM sync_state; INSERT INTO sync_state VALUES ({Format}, 0, 0)", cancellationToken);
        transaction.Commit(cancellationToken);
        Applied = (0, 0);
    }

    /// <summary>Applies changes that begin right behind <see cref="Applied"/>, all or none.</summary>
    public void Apply(ReadingChanges changes, CancellationToken cancellationToken)
    {
        using var transaction = _writer.BeginTransaction(cancellationToken);
        if (changes.RemovedNode is { } node) Remove(node, cancellationToken);
        foreach (var month in changes.Added.GroupBy(reading => MonthOf(reading.Timestamp))) Append(month.Key, [.. month], cancellationToken);
        _writer.Execute(Invariant($"UPDATE sync_state SET applied = {changes.UpTo}, committed_at = {changes.CommittedAt}"), cancellationToken);
        transaction.Commit(cancellationToken);
        Applied = (changes.UpTo, changes.CommittedAt);
    }

    /// <summary>Puts the month with the most unsorted rows into order of (node, time), so that one node's rows lie together.</summary>
    /// <returns>False when no month needs it.</returns>
    public bool SortOneMonth(CancellationToken cancellationToken)
    {
        var worst = ReadMonths(_writer, cancellationToken).Where(m => m.Unsorted >= Math.Min(UnsortedRows, m.Rows)).MaxBy(m => m.Unsorted);
        if (worst is null || worst.Unsorted == 0) return false;
        using var transaction = _writer.BeginTransaction(cancellationToken);
        _writer.Execute(Invariant($"""
            CREATE TABLE sorting AS SELECT * FROM {worst.Table} ORDER BY node_address, "timestamp";
            DROP TABLE {worst.Table};
            ALTER TABLE sorting RENAME TO {worst.Table};
            UPDATE months SET unsorted = 0 WHERE month = {worst.Number}
            """), cancellationToken);
        transaction.Commit(cancellationToken);
        return true;
    }

    /// <summary>SQL that reads the columns of every reading in a range, from the tables of its months only.</summary>
    /// <param name="connection">One of <see cref="Connect"/>.</param>
    /// <param name="nodes">Addresses, or null for every node.</param>
    /// <param name="range">Measured times.</param>
    public static string Source(DuckDbConnection connection, IReadOnlyCollection<int>? nodes, TimeRange range, CancellationToken cancellationToken)
    {
        var (start, end) = (range.Start ?? 0, range.End ?? long.MaxValue);
        var where = Invariant($"\"timestamp\" BETWEEN {start} AND {end}");
        if (nodes is { Count: 1 }) where += Invariant($" AND node_address = {nodes.First()}");
        else if (nodes is not null) where += $" AND node_address IN ({string.Join(',', nodes.DefaultIfEmpty(0).Select(n => n.ToString(CultureInfo.InvariantCulture)))})";
        var parts = ReadMonths(connection, cancellationToken).Where(m => m.Number >= MonthOf(start) && m.Number <= MonthOf(end))
            .Select(m => $"SELECT node_address, \"timestamp\", temperature, humidity FROM {m.Table} WHERE {where}").ToArray();
        return parts.Length > 0 ? string.Join(" UNION ALL ", parts)
            : "SELECT 0::INTEGER AS node_address, 0::BIGINT AS \"timestamp\", 0::SMALLINT AS temperature, 0::SMALLINT AS humidity WHERE false";
    }

    /// <summary>Readings in the file.</summary>
    public long CountRows(CancellationToken cancellationToken)
    {
        using var connection = Connect();
        return ReadMonths(connection, cancellationToken).Sum(m => m.Rows);
    }

    public void Dispose()
    {
        _writer.Dispose();
        _database.Dispose();
    }

    private void Append(int month, Reading[] readings, CancellationToken cancellationToken)
    {
        var table = TableOf(month);
        _writer.Execute($"CREATE TABLE IF NOT EXISTS {table} {MonthTable}", cancellationToken);
        using (var appender = _writer.CreateAppender(null, table))
        {
            for (var rest = readings.AsSpan(); !rest.IsEmpty;)
            {
                var rows = rest[..Math.Min(rest.Length, appender.FreeRows)];
                Fill(appender, rows);
                rest = rest[rows.Length..];
            }
            appender.Close(cancellationToken);
        }
        _writer.Execute(Invariant($"""
            INSERT INTO months VALUES ({month}, {readings.Length}, {readings.Length})
            ON CONFLICT (month) DO UPDATE SET row_count = row_count + {readings.Length}, unsorted = unsorted + {readings.Length}
            """), cancellationToken);
    }

    private static void Fill(DuckDbAppender appender, ReadOnlySpan<Reading> rows)
    {
        var nodes = appender.GetSpan<int>(0);
        var times = appender.GetSpan<long>(1);
        var temperatures = appender.GetSpan<short>(2);
        var humidities = appender.GetSpan<short>(3);
        var flags = appender.GetSpan<uint>(4);
        var received = appender.GetSpan<long>(5);
        for (var i = 0; i < rows.Length; i++)
        {
            ref readonly var reading = ref rows[i];
            (nodes[i], times[i], flags[i], received[i]) = (reading.NodeAddress, reading.Timestamp, reading.Flags, reading.ReceivedAt);
            temperatures[i] = reading.TemperatureCentidegrees ?? 0;
            humidities[i] = reading.HumidityCentipercent ?? 0;
            if (reading.TemperatureCentidegrees is null) appender.SetNull(2, i);
            if (reading.HumidityCentipercent is null) appender.SetNull(3, i);
        }
        appender.Advance(rows.Length);
    }

    private void Remove(int node, CancellationToken cancellationToken)
    {
        foreach (var month in ReadMonths(_writer, cancellationToken))
        {
            var removed = _writer.Execute(Invariant($"DELETE FROM {month.Table} WHERE node_address = {node}"), cancellationToken);
            if (removed > 0)
                _writer.Execute(Invariant($"UPDATE months SET row_count = row_count - {removed} WHERE month = {month.Number}"), cancellationToken);
        }
    }

    private bool ReadState(CancellationToken cancellationToken)
    {
        using var result = _writer.Query("SELECT format, applied, committed_at FROM sync_state", cancellationToken);
        if (result.NextChunk(cancellationToken) is not { } chunk || chunk[0].Values<int>()[0] != Format) return false;
        Applied = (chunk[1].Values<long>()[0], chunk[2].Values<long>()[0]);
        return true;
    }

    private static List<Month> ReadMonths(DuckDbConnection connection, CancellationToken cancellationToken)
    {
        var months = new List<Month>();
        using var result = connection.Query("SELECT month, row_count, unsorted FROM months ORDER BY month", cancellationToken);
        while (result.NextChunk(cancellationToken) is { } chunk)
        {
            for (var row = 0; row < chunk.RowCount; row++)
                months.Add(new(chunk[0].Values<int>()[row], chunk[1].Values<long>()[row], chunk[2].Values<long>()[row]));
        }
        return months;
    }

    // Year × 100 + month, UTC.
    private static int MonthOf(long timestamp)
    {
        var day = DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(timestamp, 0, 253_402_300_799));
        return (day.Year * 100) + day.Month;
    }

    private static string TableOf(int month) => Invariant($"readings_{month}");

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private sealed record Month(int Number, long Rows, long Unsorted)
    {
        public string Table => TableOf(Number);
    }
}
