namespace SensorDash.Data.Readings;

/// <summary>Exact statistics of one quantity in hundredths, in °C or %. All null when there are no values.</summary>
public sealed record ValueStatistics(
    long Count, decimal? Min, decimal? Max, decimal? Average, IReadOnlyList<decimal?> Percentiles);

/// <summary>Collects the values of one quantity. Every value fits in 16 bits, so counting each value is enough for exact percentiles.</summary>
public sealed class ValueSummary
{
    /// <summary>The percentiles shown with minimum, maximum and average.</summary>
    public static IReadOnlyList<decimal> DefaultPercentiles { get; } = [50, 95, 99];

    // From here on values are counted in pages of neighbors, which costs a fraction of a dictionary's time per value. Few values would waste their pages.
    private const int ManyValues = 4_096;
    private const int PageBits = 8;

    private Dictionary<short, long> _counts = [];
    private long[]?[]? _pages;
    private long _sum;

    public long Count { get; private set; }

    /// <param name="value">Hundredths.</param>
    public void Add(short value)
    {
        if (_pages is not null) CountInPages(value)++;
        else System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_counts, value, out _)++;
        _sum += value;
        if (++Count == ManyValues) MoveToPages();
    }

    /// <param name="percentiles">Each 0 to 100.</param>
    public ValueStatistics Summarize(IReadOnlyList<decimal> percentiles)
    {
        if (Count == 0) return new(0, null, null, null, [.. percentiles.Select(_ => (decimal?)null)]);
        (short Value, long Count)[] values = _pages is null ? [.. _counts.Select(c => (c.Key, c.Value)).OrderBy(c => c.Key)] : [.. ReadPages(_pages)];
        var found = percentiles.Select(p => (decimal?)Percentile(values, p)).ToArray();
        return new(Count, values[0].Value / 100m, values[^1].Value / 100m, Average(_sum, Count), found);
    }

    /// <summary>Rounds an average to two decimals, half away from zero.</summary>
    public static decimal Round(decimal value) => Math.Round(value, 2, MidpointRounding.AwayFromZero);

    /// <summary>The average of a sum of hundredths, in whole units, with one division and one rounding.</summary>
    public static decimal? Average(long sumOfHundredths, long count)
    {
        return count == 0 ? null : Units(Mean(sumOfHundredths, count), 2);
    }

    /// <summary>The average in whole hundredths, rounded half away from zero.</summary>
    /// <param name="count">1 or more.</param>
    internal static long Mean(long sumOfHundredths, long count)
    {
        // Integer arithmetic, because decimal division would dominate statistics of many buckets.
        var hundredths = ((2 * Math.Abs(sumOfHundredths)) + count) / (2 * count);
        return sumOfHundredths < 0 ? -hundredths : hundredths;
    }

    /// <summary>Converts a whole number of tenths, hundredths and so on to a decimal.</summary>
    /// <param name="decimals">0 to 28.</param>
    internal static decimal Units(long number, byte decimals)
    {
        var absolute = (ulong)Math.Abs(number);
        return new decimal((int)absolute, (int)(absolute >> 32), 0, number < 0, decimals);
    }

    // PERCENTILE_CONT: linear interpolation between the two neighbors of rank p × (n − 1), rounded once, to four decimals.
    private decimal Percentile((short Value, long Count)[] values, decimal percentile)
    {
        var rank = percentile / 100 * (Count - 1);
        var below = (long)Math.Floor(rank);
        var low = ValueAt(values, below);
        var high = below + 1 < Count ? ValueAt(values, below + 1) : low;
        return Math.Round((low + ((high - low) * (rank - below))) / 100, 4, MidpointRounding.AwayFromZero);
    }

    private static short ValueAt((short Value, long Count)[] values, long rank)
    {
        foreach (var (value, count) in values)
        {
            rank -= count;
            if (rank < 0) return value;
        }
        throw new ArgumentOutOfRangeException(nameof(rank));
    }

    private void MoveToPages()
    {
        _pages = new long[(ushort.MaxValue + 1) >> PageBits][];
        foreach (var (value, count) in _counts) CountInPages(value) = count;
        _counts = [];
    }

    private ref long CountInPages(short value)
    {
        var place = value - short.MinValue;
        return ref (_pages![place >> PageBits] ??= new long[1 << PageBits])[place & ((1 << PageBits) - 1)];
    }

    private static IEnumerable<(short Value, long Count)> ReadPages(long[]?[] pages)
    {
        for (var page = 0; page < pages.Length; page++)
        {
            if (pages[page] is not { } counts) continue;
            for (var i = 0; i < counts.Length; i++)
                if (counts[i] > 0) yield return ((short)(short.MinValue + (page << PageBits) + i), counts[i]);
        }
    }
}
