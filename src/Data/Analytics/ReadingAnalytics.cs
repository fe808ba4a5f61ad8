using Microsoft.Extensions.Logging;
using NodaTime;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Analytics;

/// <summary>DuckDB where it has everything the store has, else the store itself: the same answer either way, never an old one.</summary>
public sealed partial class ReadingAnalytics(DuckDbSync sync, StoreAnalytics store, ILogger<ReadingAnalytics> logger) : IReadingAnalytics
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<NodeBucket>> CalendarAsync(
        int node, TimeRange range, DateTimeZone zone, CalendarUnit unit, int limit, CancellationToken cancellationToken)
        => AskAsync(duckDb => duckDb.Calendar(node, range, zone, unit, limit, cancellationToken),
            () => store.CalendarAsync(node, range, zone, unit, limit, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<ReadingStatistics> StatisticsAsync(int node, TimeRange range, IReadOnlyList<decimal> percentiles, CancellationToken cancellationToken)
        => AskAsync(duckDb => duckDb.Statistics(node, range, percentiles, cancellationToken),
            () => store.StatisticsAsync(node, range, percentiles, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    /// <remarks>One node's rows lie together in the store, and every one of them must be looked at: DuckDB would gain nothing.</remarks>
    public Task<DataQuality?> QualityAsync(int node, TimeRange range, CancellationToken cancellationToken)
        => store.QualityAsync(node, range, cancellationToken);

    /// <inheritdoc/>
    public Task<FleetSeries> FleetAsync(IReadOnlyCollection<int> nodes, long start, long end, int points, CancellationToken cancellationToken)
        => AskAsync(duckDb => duckDb.Fleet(nodes, start, end, points, cancellationToken),
            () => store.FleetAsync(nodes, start, end, points, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<HourOfWeek>> HoursOfWeekAsync(
        IReadOnlyCollection<int> nodes, TimeRange range, DateTimeZone zone, CancellationToken cancellationToken)
        => AskAsync(duckDb => duckDb.HoursOfWeek(nodes, range, zone, cancellationToken),
            () => store.HoursOfWeekAsync(nodes, range, zone, cancellationToken), cancellationToken);

    private async Task<T> AskAsync<T>(Func<DuckDbAnalytics, T> ask, Func<Task<T>> askStore, CancellationToken cancellationToken)
    {
        if (await sync.WhenCurrentAsync(cancellationToken) is { } sidePath)
        {
            try
            {
                return ask(new DuckDbAnalytics(sidePath));
            }
            catch (StoreUnavailableException e)
            {
                Log.QueryFailed(logger, e); // Out of its memory limit, say, or just being rebuilt.
            }
        }
        return await askStore();
    }

    private static partial class Log
    {
        [LoggerMessage(22, LogLevel.Warning, "A DuckDB query failed; the store answers instead.")]
        public static partial void QueryFailed(ILogger logger, Exception error);
    }
}
