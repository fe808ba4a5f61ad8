using System.Globalization;
using SensorDash.Data.Readings;

namespace SensorDash.Data.DuckDb;

/// <summary>Readings in a DuckDB file: a table per month, each sorted by (node, time) when enough rows were added, so that DuckDB's
/// zone maps find one node's rows. All methods use the caller's transaction, if there is one.</summary>
internal static class DuckDbMonths
{
    /// <summary>Executed each time the file is opened.</summary>
    public const string Schema =
        "CREATE TABLE IF NOT EXISTS months (month INTEGER PRIMARY KEY, row_count BIGINT NOT NULL, unsorted BIGINT NOT NULL)";

    /// <summary>The columns of every month, in this order.</summary>
    public const string Columns =
        "node_address, \"timestamp\", temperature_centidegrees, humidity_centipercent, flags, received_at, batch_id";

    // Unsorted rows at the end of a month that trigger sorting it again. Also a share of the month, so that the work of
    // sorting stays proportional to the added rows.
    private const long UnsortedRows = 100_000;
    private const int UnsortedShare = 8;

    private const string Table = """
        (node_address INTEGER NOT NULL, "timestamp" BIGINT NOT NULL, temperature_centidegrees SMALLINT, humidity_centipercent SMALLINT,
         flags UINTEGER NOT NULL, received_at BIGINT NOT NULL, batch_id BIGINT NOT NULL)
        """;

    private const string None = """
        SELECT 0::INTEGER AS node_address, 0::BIGINT AS "timestamp", 0::SMALLINT AS temperature_centidegrees, 0::SMALLINT AS humidity_centipercent,
            0::UINTEGER AS flags, 0::BIGINT AS received_at, 0::BIGINT AS batch_id WHERE false
        """;

    /// <summary>All months that have or had readings, oldest first.</summary>
    public static List<DuckDbMonth> List(DuckDbConnection connection, CancellationToken cancellationToken)
    {
        var months = new List<DuckDbMonth>();
        using var rows = connection.Query("SELECT month, row_count, unsorted FROM months ORDER BY month", cancellationToken);
        while (rows.Read()) months.Add(new(rows.Get<int>(0), rows.Get<long>(1), rows.Get<long>(2)));
        return months;
    }

    /// <summary>The months that can contain times of a range, oldest first.</summary>
    public static List<DuckDbMonth> List(DuckDbConnection connection, long start, long end, CancellationToken cancellationToken)
        => List(connection, cancellationToken).FindAll(m => m.Number >= NumberOf(start) && m.Number <= NumberOf(end));

    /// <summary>SQL that reads node_address, timestamp, temperature, humidity and received_at of a range, from the tables of its months only.</summary>
    /// <param name="connection">Connection to the file.</param>
    /// <param name="nodes">Addresses, or null for all nodes.</param>
    /// <param name="range">Measured times.</param>
    /// <param name="cancellationToken">Cancels the lookup of the months.</param>
    public static string Source(DuckDbConnection connection, IReadOnlyCollection<int>? nodes, TimeRange range, CancellationToken cancellationToken)
    {
        var (start, end) = (range.Start ?? 0, range.End ?? long.MaxValue);
        var where = Invariant($"\"timestamp\" BETWEEN {start} AND {end}");
        if (nodes is not null) where += $" AND {IsOneOf(nodes)}";
        return Union(List(connection, start, end, cancellationToken),
            "node_address, \"timestamp\", temperature_centidegrees AS temperature, humidity_centipercent AS humidity, received_at", where);
    }

    /// <summary>Adds readings; none of them may be stored already.</summary>
    public static void Append(DuckDbConnection connection, ReadOnlyMemory<Reading> readings, long batch, CancellationToken cancellationToken)
    {
        var known = List(connection, cancellationToken).ConvertAll(m => m.Number);
        var months = MonthsOf(readings.Span);
        foreach (var month in months)
        {
            if (!known.Contains(month.Number)) Add(connection, month, cancellationToken);
            var rows = months.Count == 1 ? readings : Of(month, readings.Span);
            connection.AppendChunks(month.Table, rows.Length, (chunk, start, count) => Write(chunk, rows.Span.Slice(start, count), batch), cancellationToken);
            connection.Execute(Invariant(
                $"UPDATE months SET row_count = row_count + {rows.Length}, unsorted = unsorted + {rows.Length} WHERE month = {month.Number}"), cancellationToken);
        }
    }

    private static void Write(DuckDbChunk chunk, ReadOnlySpan<Reading> rows, long batch)
    {
        var node = chunk.Column<int>(0);
        var time = chunk.Column<long>(1);
        var temperature = chunk.Column<short>(2);
        var humidity = chunk.Column<short>(3);
        var flags = chunk.Column<uint>(4);
        var receivedAt = chunk.Column<long>(5);
        chunk.Column<long>(6)[..rows.Length].Fill(batch);
        for (var i = 0; i < rows.Length; i++)
        {
            ref readonly var reading = ref rows[i];
            (node[i], time[i], flags[i], receivedAt[i]) = (reading.NodeAddress, reading.Timestamp, reading.Flags, reading.ReceivedAt);
            if (reading.TemperatureCentidegrees is { } degrees) temperature[i] = degrees;
            else chunk.SetNull(2, i);
            if (reading.HumidityCentipercent is { } percent) humidity[i] = percent;
            else chunk.SetNull(3, i);
        }
    }

    /// <summary>Removes the readings of some nodes before a time.</summary>
    /// <returns>Removed readings.</returns>
    public static long Remove(DuckDbConnection connection, IReadOnlyCollection<int> nodes, long before, CancellationToken cancellationToken)
    {
        if (nodes.Count == 0) return 0;
        var all = 0L;
        foreach (var month in List(connection, 0, before - 1, cancellationToken))
        {
            var removed = connection.Execute(Invariant($"DELETE FROM {month.Table} WHERE {IsOneOf(nodes)} AND \"timestamp\" < {before}"), cancellationToken);
            if (removed == 0) continue;
            all += removed;
            if (removed == month.Rows) Drop(connection, month, cancellationToken);
            else connection.Execute(Invariant($"UPDATE months SET row_count = row_count - {removed} WHERE month = {month.Number}"), cancellationToken);
        }
        return all;
    }

    /// <summary>The oldest measured time before a time; null if there is none.</summary>
    public static long? FindOldest(DuckDbConnection connection, long before, CancellationToken cancellationToken)
    {
        foreach (var month in List(connection, 0, before - 1, cancellationToken))
        {
            using var oldest = connection.Query(Invariant($"SELECT min(\"timestamp\") FROM {month.Table} WHERE \"timestamp\" < {before}"), cancellationToken);
            if (oldest.Read() && oldest.Get<long?>(0) is { } found) return found;
        }
        return null;
    }

    /// <summary>Removes readings of the oldest month before a time.</summary>
    /// <param name="connection">Connection to the file.</param>
    /// <param name="before">Unix seconds; on return, the time before which no readings remain.</param>
    /// <param name="deleting">Gets SQL that reads <see cref="Columns"/> of the readings before they are deleted.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>Removed readings per node; empty when no month has any.</returns>
    public static List<(int Node, long Rows)> RemoveBefore(DuckDbConnection connection, ref long before, Action<string>? deleting, CancellationToken cancellationToken)
    {
        var removed = new List<(int, long)>();
        foreach (var month in List(connection, 0, before - 1, cancellationToken))
        {
            using (var counts = connection.Query(Invariant(
                $"SELECT node_address, count(*) FROM {month.Table} WHERE \"timestamp\" < {before} GROUP BY 1"), cancellationToken))
            {
                while (counts.Read()) removed.Add((counts.Get<int>(0), counts.Get<long>(1)));
            }
            var rows = removed.Sum(r => r.Item2);
            if (rows > 0) deleting?.Invoke(Invariant($"SELECT {Columns} FROM {month.Table} WHERE \"timestamp\" < {before}"));
            if (rows == month.Rows)
            {
                Drop(connection, month, cancellationToken);
            }
            else if (rows > 0)
            {
                connection.Execute(Invariant($"""
                    DELETE FROM {month.Table} WHERE "timestamp" < {before};
                    UPDATE months SET row_count = row_count - {rows} WHERE month = {month.Number}
                    """), cancellationToken);
            }
            if (rows == 0) continue;
            before = Math.Min(before, month.End);
            break;
        }
        return removed;
    }

    private static void Drop(DuckDbConnection connection, DuckDbMonth month, CancellationToken cancellationToken)
    {
        connection.Execute(Invariant($"DELETE FROM months WHERE month = {month.Number}; DROP TABLE {month.Table}"), cancellationToken);
        ShowAll(connection, cancellationToken);
    }

    /// <summary>Sorts the month with the most unsorted rows, in its own transaction.</summary>
    /// <returns>False when no month needs sorting.</returns>
    public static bool SortOne(DuckDbConnection connection, CancellationToken cancellationToken)
    {
        var worst = List(connection, cancellationToken)
            .Where(m => m.Unsorted >= Math.Min(Math.Max(UnsortedRows, m.Rows / UnsortedShare), m.Rows)).MaxBy(m => m.Unsorted);
        if (worst is null || worst.Unsorted == 0) return false;
        using var transaction = connection.BeginTransaction(cancellationToken);
        connection.Execute(Invariant($"""
            CREATE TABLE sorting {Table};
            INSERT INTO sorting SELECT * FROM {worst.Table} ORDER BY node_address, "timestamp";
            DROP TABLE {worst.Table};
            ALTER TABLE sorting RENAME TO {worst.Table};
            UPDATE months SET unsorted = 0 WHERE month = {worst.Number}
            """), cancellationToken);
        transaction.Commit();
        return true;
    }

    /// <summary>Whether the file has a table for each month of its list, and no other one.</summary>
    public static bool AreComplete(DuckDbConnection connection, CancellationToken cancellationToken)
        => Tables(connection, cancellationToken).SetEquals(List(connection, cancellationToken).Select(m => m.Table));

    /// <summary>Drops every month, also one that is not in the list.</summary>
    public static void Clear(DuckDbConnection connection, CancellationToken cancellationToken)
    {
        foreach (var table in Tables(connection, cancellationToken)) connection.Execute($"DROP TABLE {table}", cancellationToken);
        connection.Execute("DELETE FROM months", cancellationToken);
        ShowAll(connection, cancellationToken);
    }

    /// <summary>SQL that reads columns of some months where a condition is true.</summary>
    public static string Union(IReadOnlyCollection<DuckDbMonth> months, string columns, string where)
        => months.Count == 0 ? $"SELECT {columns} FROM ({None})"
            : string.Join(" UNION ALL ", months.Select(m => $"SELECT {columns} FROM {m.Table} WHERE {where}"));

    /// <summary>SQL that reads <see cref="Columns"/> of all readings of some nodes.</summary>
    public static string OfNodes(DuckDbConnection connection, IReadOnlyCollection<int> nodes, CancellationToken cancellationToken)
        => Union(List(connection, cancellationToken), Columns, IsOneOf(nodes));

    private static HashSet<string> Tables(DuckDbConnection connection, CancellationToken cancellationToken)
        => [.. connection.ListTables(cancellationToken).Where(table => table.StartsWith("readings_", StringComparison.Ordinal))];

    private static string IsOneOf(IReadOnlyCollection<int> nodes) => nodes.Count == 1 ? Invariant($"node_address = {nodes.First()}")
        : $"node_address IN ({string.Join(',', nodes.DefaultIfEmpty(0).Select(n => Invariant($"{n}")))})";

    // Year × 100 + month, UTC.
    private static int NumberOf(long timestamp)
    {
        var day = DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(timestamp, 0, 253_402_300_799));
        return (day.Year * 100) + day.Month;
    }

    private static Reading[] Of(DuckDbMonth month, ReadOnlySpan<Reading> readings)
    {
        var rows = new List<Reading>(readings.Length);
        foreach (ref readonly var reading in readings)
            if (month.Contains(reading.Timestamp)) rows.Add(reading);
        return [.. rows];
    }

    private static HashSet<DuckDbMonth> MonthsOf(ReadOnlySpan<Reading> readings)
    {
        var months = new HashSet<DuckDbMonth>();
        DuckDbMonth? month = null;
        foreach (ref readonly var reading in readings)
        {
            if (month?.Contains(reading.Timestamp) == true) continue;
            month = new DuckDbMonth(NumberOf(reading.Timestamp), 0, 0);
            months.Add(month);
        }
        return months;
    }

    private static void Add(DuckDbConnection connection, DuckDbMonth month, CancellationToken cancellationToken)
    {
        connection.Execute(Invariant($"CREATE TABLE IF NOT EXISTS {month.Table} {Table}; INSERT INTO months VALUES ({month.Number}, 0, 0)"), cancellationToken);
        ShowAll(connection, cancellationToken);
    }

    // For users of a DuckDB shell, so that they can ignore the months.
    private static void ShowAll(DuckDbConnection connection, CancellationToken cancellationToken)
        => connection.Execute($"CREATE OR REPLACE VIEW sensor_readings AS {Union(List(connection, cancellationToken), Columns, "true")}", cancellationToken);

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}

/// <param name="Number">Year × 100 + month, UTC.</param>
/// <param name="Rows">Readings in it.</param>
/// <param name="Unsorted">Readings at its end that are not sorted by (node, time).</param>
internal sealed record DuckDbMonth(int Number, long Rows, long Unsorted)
{
    public string Table { get; } = string.Create(CultureInfo.InvariantCulture, $"readings_{Number}");

    /// <summary>Unix seconds.</summary>
    public long Start { get; } = FirstDay(Number).ToUnixTimeSeconds();

    /// <summary>Start of the next month, Unix seconds.</summary>
    public long End { get; } = FirstDay(Number).AddMonths(1).ToUnixTimeSeconds();

    /// <param name="time">Unix seconds.</param>
    public bool Contains(long time) => time >= Start && time < End;

    private static DateTimeOffset FirstDay(int number) => new(number / 100, number % 100, 1, 0, 0, 0, TimeSpan.Zero);
}
