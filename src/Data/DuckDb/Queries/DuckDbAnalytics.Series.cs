using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Data.DuckDb.Queries;

internal sealed partial class DuckDbAnalytics
{
    /// <summary>The chart of a node. DuckDB reads its rows, many times faster than the store, and the builder that all engines share reads those.</summary>
    public NodeSeries Series(SeriesQuery query) => ReadOneMoment(() =>
    {
        var count = 0L;
        Read(reader, $"SELECT count(*) FROM ({Source(reader, [query.Node.Address], query.Range)})", row => count = row.Get<long>(0));
        var interval = query.ConfiguredIntervalSeconds ?? LearnInterval(query.Node.Address, query.Range);
        var series = query.Begin(count, interval);
        ReadInOrder(query.Node.Address, query.Range, withReceivedAt: false, reading => series.Add(reading));
        return series.Finish();
    });

    /// <summary>Data quality of a node, with its outliers.</summary>
    public DataQuality Quality(QualityCheckNode judged, TimeRange range, long now) => ReadOneMoment(() =>
    {
        var address = judged.Node.Address;
        var interval = judged.ConfiguredIntervalSeconds ?? LearnInterval(address, range);
        var pass = judged.Begin(range, interval, now);
        ReadInOrder(address, range, withReceivedAt: true, reading => pass.Add(reading));
        pass.CountOutliers();
        // Outliers are known only after all readings were read, so a second read lists them if there are any.
        if (pass.HasMoreToList) ReadInOrder(address, range, withReceivedAt: false, reading => pass.ListIfOutlier(reading));
        return pass.Finish(judged.Node);
    });

    // All reads see the months and rows of one moment, whatever is appended, sorted or deleted meanwhile. After an error the connection is not used again.
    private T ReadOneMoment<T>(Func<T> read)
    {
        reader.Use((connection, stop) => connection.Execute("BEGIN TRANSACTION", stop));
        var found = read();
        reader.Use((connection, stop) => connection.Execute("COMMIT", stop));
        return found;
    }

    // As in the store: if the range has too few readings, the estimate also uses earlier ones.
    private int? LearnInterval(int node, TimeRange range)
    {
        var newest = new List<long>(NodeSeries.LearnedFrom);
        foreach (var month in MonthsOf(range).AsEnumerable().Reverse())
        {
            if (newest.Count == NodeSeries.LearnedFrom) break;
            Read(reader, $"{Rows(month, node, range, "\"timestamp\"")} ORDER BY 1 DESC LIMIT {Text(NodeSeries.LearnedFrom - newest.Count)}", row => newest.Add(row.Get<long>(0)));
        }
        return Liveness.LearnInterval(newest.ToArray()) ?? (range.Start is null ? null : LearnInterval(node, new(null, range.End)));
    }

    // Months are sorted by node and time, and rows at their end have arrived in order of time unless they were late. So rows are read as they lie, without
    // sorting and in constant memory; DuckDB sorts only the months where that is not their order.
    private void ReadInOrder(int node, TimeRange range, bool withReceivedAt, Action<Reading> add)
    {
        var columns = $"\"timestamp\", temperature_centidegrees, humidity_centipercent{(withReceivedAt ? ", received_at" : "")}";
        var previous = long.MinValue;
        foreach (var month in MonthsOf(range))
        {
            var order = month.Unsorted == 0 || IsInOrder(month, node, range) ? "" : " ORDER BY 1";
            ReadVectors(Rows(month, node, range, columns) + order, rows =>
            {
                var times = rows.Column<long>(0);
                // The store does not depend on it.
                if (!IsAscending(times, ref previous)) throw DuckDbReader.Unavailable(new InvalidDataException($"{month.Table} is not in order."));
                var celsius = rows.Column<short>(1);
                var hasCelsius = rows.Valid(1);
                var percent = rows.Column<short>(2);
                var hasPercent = rows.Valid(2);
                var receivedAt = withReceivedAt ? rows.Column<long>(3) : default;
                for (var i = 0; i < times.Length; i++)
                {
                    add(new(node, times[i], DuckDbVectors.At(celsius, hasCelsius, i), DuckDbVectors.At(percent, hasPercent, i), 0,
                        withReceivedAt ? receivedAt[i] : 0, null));
                }
                return true;
            });
        }
    }

    private bool IsInOrder(DuckDbMonth month, int node, TimeRange range)
    {
        var (isInOrder, previous) = (true, long.MinValue);
        ReadVectors(Rows(month, node, range, "\"timestamp\""), rows => isInOrder = IsAscending(rows.Column<long>(0), ref previous));
        return isInOrder;
    }

    private static bool IsAscending(ReadOnlySpan<long> times, ref long previous)
    {
        foreach (var time in times)
        {
            if (time <= previous) return false;
            previous = time;
        }
        return true;
    }

    private void ReadVectors(string sql, DuckDbVectors.Receiver receive)
        => reader.Use((connection, stop) =>
        {
            connection.ReadVectors(sql, receive, stop);
            return true;
        });

    private List<DuckDbMonth> MonthsOf(TimeRange range)
        => reader.Use((connection, stop) => DuckDbMonths.List(connection, range.Start ?? 0, range.End ?? long.MaxValue, stop));

    private static string Rows(DuckDbMonth month, int node, TimeRange range, string columns)
        => $"SELECT {columns} FROM {month.Table} WHERE node_address = {Text(node)} AND \"timestamp\" BETWEEN {Text(range.Start ?? 0)} AND {Text(range.End ?? long.MaxValue)}";
}
