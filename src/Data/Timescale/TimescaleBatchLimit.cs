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
}
