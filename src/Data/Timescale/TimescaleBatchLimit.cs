using SensorDash.Data.Storage;

namespace SensorDash.Data.Timescale;

/// <summary>The days that the rows of one transaction may cover. Each day that has no chunk yet costs milliseconds and locks: a batch of thousands of them would exceed the
/// time limit of a statement, however often it is repeated.</summary>
internal static class TimescaleBatchLimit
{
    public const int MaxDays = 100;

    /// <summary>Checks rows whose times are in <paramref name="unitsPerDay"/> parts of a day.</summary>
    /// <exception cref="StoreBatchTooLargeException">Their times are of more days.</exception>
    public static void Check<TRow>(ReadOnlySpan<TRow> rows, Func<TRow, long> time, long unitsPerDay)
    {
        if (rows.Length <= MaxDays) return;
        var (first, last) = (long.MaxValue, long.MinValue);
        foreach (var row in rows)
        {
            var day = time(row) / unitsPerDay;
            (first, last) = (Math.Min(first, day), Math.Max(last, day));
        }
        if (last - first < MaxDays) return;
        var days = new HashSet<long>();
        foreach (var row in rows)
            if (days.Add(time(row) / unitsPerDay) && days.Count > MaxDays) throw new StoreBatchTooLargeException($"The rows are of more than {MaxDays} days.");
    }

    /// <summary>Groups rows by time, so that a search for the rows of a group can name its first and last time. One search for rows of 2000 and of today would lock every
    /// chunk between them, and a few thousand are all that a server with default settings can lock.</summary>
    /// <param name="rows">Indexes of rows that passed <see cref="Check"/>.</param>
    /// <param name="time">Time of a row.</param>
    /// <param name="unitsPerDay">Its unit.</param>
    /// <returns>Groups with at most a day between a row and the next one, each by time; all rows in one group, as given, if they are of few days.</returns>
    public static IReadOnlyList<IReadOnlyList<int>> RangesOf(IReadOnlyList<int> rows, Func<int, long> time, long unitsPerDay)
    {
        if (rows.Count == 0) return [];
        if (rows.Max(time) - rows.Min(time) < MaxDays * unitsPerDay) return [rows];
        var ranges = new List<List<int>>();
        var last = 0L;
        foreach (var row in rows.OrderBy(time))
        {
            if (ranges.Count == 0 || time(row) - last > unitsPerDay) ranges.Add([]);
            ranges[^1].Add(row);
            last = time(row);
        }
        return ranges;
    }
}
