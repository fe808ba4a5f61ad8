namespace SensorDash.Data.Readings;

/// <summary>Exact statistics of readings, in one pass and constant memory.</summary>
/// <param name="Count">All readings, also those with only one value.</param>
public sealed record ReadingStatistics(long Count, ValueStatistics Temperature, ValueStatistics Humidity)
{
    public static async Task<ReadingStatistics> ComputeAsync(
        IReadingStore store, ReadingFilter filter, IReadOnlyList<decimal> percentiles, CancellationToken cancellationToken)
    {
        var summary = new ReadingSummary();
        await foreach (var page in store.ReadPagesAsync(filter, ReadingOrder.OldestFirst, cancellationToken))
            foreach (ref readonly var reading in page.Span) summary.Add(reading);
        return summary.Summarize(percentiles);
    }
}
