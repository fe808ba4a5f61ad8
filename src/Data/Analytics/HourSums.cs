using SensorDash.Data.Readings;

namespace SensorDash.Data.Analytics;

/// <summary>Sums by hour of the week, in integers until the single division at the end.</summary>
internal sealed class HourSums
{
    private const long SecondsPerHour = 3600;
    private const int HoursPerWeek = 168;

    // The epoch was a Thursday at midnight, which is hour 96 of a week that starts on Sunday.
    private const int EpochHourOfWeek = 96;

    private readonly (long Count, long Celsius, long CelsiusCount, long Percent, long PercentCount)[] _hours = new (long, long, long, long, long)[HoursPerWeek];

    /// <param name="localSeconds">Seconds since the epoch in local time of the time zone.</param>
    /// <param name="count">Readings.</param>
    /// <param name="celsius">Sum of hundredths.</param>
    /// <param name="celsiusCount">Values in that sum.</param>
    /// <param name="percent">Sum of hundredths.</param>
    /// <param name="percentCount">Values in that sum.</param>
    public void Add(long localSeconds, long count, long celsius, long celsiusCount, long percent, long percentCount)
    {
        var hour = (int)((Downsampling.Index(localSeconds, SecondsPerHour) + EpochHourOfWeek) % HoursPerWeek);
        ref var sums = ref _hours[hour < 0 ? hour + HoursPerWeek : hour];
        sums = (sums.Count + count, sums.Celsius + celsius, sums.CelsiusCount + celsiusCount, sums.Percent + percent, sums.PercentCount + percentCount);
    }

    public List<HourOfWeek> ToList()
    {
        var hours = new List<HourOfWeek>();
        for (var hour = 0; hour < HoursPerWeek; hour++)
        {
            var sums = _hours[hour];
            if (sums.Count == 0) continue;
            hours.Add(new HourOfWeek(hour / 24, hour % 24, sums.Count, ValueSummary.Average(sums.Celsius, sums.CelsiusCount), ValueSummary.Average(sums.Percent, sums.PercentCount)));
        }
        return hours;
    }
}
