namespace SensorDash.Soak.Tests.LongRun;

/// <summary>Number of rows and the sum of their hashes by day or hour, whatever their order: all that the test remembers of its rows.</summary>
/// <param name="maxPeriods">Older ones are forgotten.</param>
internal sealed class PeriodSums(int maxPeriods = int.MaxValue)
{
    private readonly SortedDictionary<long, (long Rows, UInt128 Sum)> _sums = [];

    public void Add(long period, long rows, UInt128 sum)
    {
        lock (_sums)
        {
            var before = _sums.GetValueOrDefault(period);
            _sums[period] = (before.Rows + rows, unchecked(before.Sum + sum));
            if (_sums.Count > maxPeriods) _sums.Remove(_sums.Keys.First());
        }
    }

    public void Add(PeriodSums other)
    {
        foreach (var (period, (rows, sum)) in other.From(long.MinValue)) Add(period, rows, sum);
    }

    public (long Rows, UInt128 Sum) Of(long period)
    {
        lock (_sums) return _sums.GetValueOrDefault(period);
    }

    /// <summary>The latest period; null without any.</summary>
    public long? Last
    {
        get
        {
            lock (_sums) return _sums.Count == 0 ? null : _sums.Keys.Last();
        }
    }

    public Dictionary<long, (long Rows, UInt128 Sum)> From(long period)
    {
        lock (_sums) return _sums.Where(s => s.Key >= period).ToDictionary();
    }
}
