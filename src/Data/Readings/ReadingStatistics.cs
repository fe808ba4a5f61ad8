namespace SensorDash.Data.Readings;

/// <summary>Exact statistics of readings, in one pass and constant memory.</summary>
/// <param name="Count">Readings, whether or not they have both values.</param>
public sealed record ReadingStatistics(long Count, ValueStatistics Temperature, ValueStatistics Humidity)
{
    public static async Task<ReadingStatistics> ComputeAsync(
        IReadingStore store, ReadingFilter filter, IReadOnlyList<decimal> percentiles, CancellationToken cancellationToken)
    {
        var (count, temperature, humidity) = (0L, new ValueSummary(), new ValueSummary());
        await foreach (var page in store.ReadPagesAsync(filter, ReadingOrder.OldestFirst, cancellationToken))
        {
            foreach (ref readonly var reading in page.Span)
            {
                count++;
                if (reading.TemperatureCentidegrees is { } celsius) temperature.Add(celsius);
                if (reading.HumidityCentipercent is { } percent) humidity.Add(percent);
            }
        }
        return new(count, temperature.Summarize(percentiles), humidity.Summarize(percentiles));
    }
}
