using NodaTime;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Analytics;

/// <summary>Queries over many readings. All engines return the same results to the last digit.</summary>
public interface IReadingAnalytics
{
    /// <summary>Hours or days of a time zone in which a node has readings, newest first.</summary>
    /// <param name="node">Address.</param>
    /// <param name="range">Measured times.</param>
    /// <param name="zone">For hour and day boundaries, see <see cref="CalendarBuckets"/>.</param>
    /// <param name="unit">Hours or days.</param>
    /// <param name="limit">Maximum buckets, 1 or more.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="StoreUnavailableException">The engine is temporarily unavailable.</exception>
    Task<IReadOnlyList<NodeBucket>> CalendarAsync(
        int node, TimeRange range, DateTimeZone zone, CalendarUnit unit, int limit, CancellationToken cancellationToken);

    /// <summary>Hours or days of a time zone with readings, of one node or all nodes: any number, in constant memory.</summary>
    /// <param name="filter">Selects the readings.</param>
    /// <param name="order">By bucket, ties by node; oldest first is the exact reverse of newest first.</param>
    /// <param name="zone">For hour and day boundaries.</param>
    /// <param name="unit">Hours or days.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="StoreUnavailableException">The engine is temporarily unavailable.</exception>
    IAsyncEnumerable<NodeBucket> BucketsAsync(
        ReadingFilter filter, ReadingOrder order, DateTimeZone zone, CalendarUnit unit, CancellationToken cancellationToken);

    /// <summary>Exact statistics of a node with any percentiles, by linear interpolation (PERCENTILE_CONT).</summary>
    /// <param name="node">Address.</param>
    /// <param name="range">Measured times.</param>
    /// <param name="percentiles">Each 0 to 100 with at most two decimals.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="StoreUnavailableException">The engine is temporarily unavailable.</exception>
    Task<ReadingStatistics> StatisticsAsync(
        int node, TimeRange range, IReadOnlyList<decimal> percentiles, CancellationToken cancellationToken);

    /// <summary>The chart of a node: buckets, gaps and exact statistics of all its readings in a range.</summary>
    /// <param name="query">Selects the node, the range and the number of buckets.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="StoreUnavailableException">The engine is temporarily unavailable.</exception>
    Task<NodeSeries> SeriesAsync(SeriesQuery query, CancellationToken cancellationToken);

    /// <summary>Completeness and plausibility of a node's readings.</summary>
    /// <param name="node">Address.</param>
    /// <param name="range">Measured times; no readings are expected before the node's first reading and after the current time.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>Null when the node does not exist.</returns>
    /// <exception cref="StoreUnavailableException">The engine is temporarily unavailable.</exception>
    Task<DataQuality?> QualityAsync(int node, TimeRange range, CancellationToken cancellationToken);

    /// <summary>The data quality of many nodes in one query.</summary>
    /// <param name="nodes">Addresses; the response omits addresses that do not exist.</param>
    /// <param name="range">Measured times.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>By address. Outliers are counted, not listed.</returns>
    /// <exception cref="StoreUnavailableException">The engine is temporarily unavailable.</exception>
    Task<IReadOnlyList<DataQuality>> FleetQualityAsync(IReadOnlyCollection<int> nodes, TimeRange range, CancellationToken cancellationToken);

    /// <summary>Statistics of some nodes in buckets of equal length.</summary>
    /// <param name="nodes">Addresses; null: all nodes.</param>
    /// <param name="start">Unix seconds, inclusive.</param>
    /// <param name="end">Unix seconds, inclusive, not before <paramref name="start"/>.</param>
    /// <param name="points">Maximum buckets, 1 to <see cref="FleetSeries.MaxPoints"/>.</param>
    /// <param name="population">What the statistics count.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <exception cref="StoreUnavailableException">The engine is temporarily unavailable.</exception>
    Task<FleetSeries> FleetAsync(
        IReadOnlyCollection<int>? nodes, long start, long end, int points, Population population, CancellationToken cancellationToken);

    /// <summary>Statistics of each of some nodes in buckets of equal length, over its readings.</summary>
    /// <param name="nodes">Addresses.</param>
    /// <param name="start">Unix seconds, inclusive.</param>
    /// <param name="end">Unix seconds, inclusive, not before <paramref name="start"/>.</param>
    /// <param name="points">Maximum buckets of a node, 1 to <see cref="FleetSeries.MaxPoints"/>.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>By address; a node without readings in the range has no buckets.</returns>
    /// <exception cref="StoreUnavailableException">The engine is temporarily unavailable.</exception>
    Task<IReadOnlyDictionary<int, FleetSeries>> EachNodeAsync(IReadOnlyCollection<int> nodes, long start, long end, int points, CancellationToken cancellationToken);

    /// <summary>Averages of some nodes, or with null of all nodes, by weekday and hour, in local time of <paramref name="zone"/>.</summary>
    /// <returns>By weekday and hour; hours without readings are omitted.</returns>
    /// <exception cref="StoreUnavailableException">The engine is temporarily unavailable.</exception>
    Task<IReadOnlyList<HourOfWeek>> HoursOfWeekAsync(
        IReadOnlyCollection<int>? nodes, TimeRange range, DateTimeZone zone, Population population, CancellationToken cancellationToken);
}
