namespace SensorDash.Data.Readings;

/// <summary>Collects readings for exact statistics: each quantity separately, because either may be missing.</summary>
public sealed class ReadingSummary
{
    private readonly ValueSummary _temperature = new(), _humidity = new();
    private long _count;

    public void Add(in Reading reading)
    {
        _count++;
        if (reading.TemperatureCentidegrees is { } celsius) _temperature.Add(celsius);
        if (reading.HumidityCentipercent is { } percent) _humidity.Add(percent);
    }

    /// <param name="percentiles">Each 0 to 100.</param>
    public ReadingStatistics Summarize(IReadOnlyList<decimal> percentiles)
        => new(_count, _temperature.Summarize(percentiles), _humidity.Summarize(percentiles));
}
