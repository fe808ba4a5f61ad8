using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using NodaTime;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Analytics;

/// <summary>DuckDB where it has everything the store has, else the store itself: the same answer either way, never an old one.</summary>
public sealed partial class ReadingAnalytics(
    IDuckDbSource duckDb, StoreAnalytics store, IReadingStore nodes, AnalyticsAnswerCount answers, TimeProvider clock, ILogger<ReadingAnalytics> logger) : IReadingAnalytics
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<NodeBucket>> CalendarAsync(
        int node, TimeRange range, DateTimeZone zone, CalendarUnit unit, int limit, CancellationToken cancellationToken)
        => AskAsync<IReadOnlyList<NodeBucket>>(engine => [.. engine.Buckets(new(node, range), ReadingOrder.NewestFirst, zone, unit, cancellationToken).Take(limit)],
            () => store.CalendarAsync(node, range, zone, unit, limit, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    /// <remarks>It changes over to the store until the first bucket; DuckDB sorts before it gives one, so hardly anything can fail later.</remarks>
    public async IAsyncEnumerable<NodeBucket> BucketsAsync(
        ReadingFilter filter, ReadingOrder order, DateTimeZone zone, CalendarUnit unit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await duckDb.WhenCurrentAsync(cancellationToken) is { } database)
        {
            // Hardware ids are the store's: they belong to nodes, not to readings.
            var ids = (await nodes.ListNodesAsync(cancellationToken)).ToDictionary(n => n.Address, n => (ulong?)n.DeviceId);
            using var buckets = new DuckDbAnalytics(database).Buckets(filter, order, zone, unit, cancellationToken).GetEnumerator();
            if (TryBegin(buckets) is { } isAny)
            {
                answers.ByDuckDb();
                for (; isAny; isAny = buckets.MoveNext()) yield return buckets.Current with { DeviceId = ids.GetValueOrDefault(buckets.Current.NodeAddress) };
                yield break;
            }
        }
        answers.ByStore();
        await foreach (var bucket in store.BucketsAsync(filter, order, zone, unit, cancellationToken)) yield return bucket;
    }

    /// <inheritdoc/>
    public Task<ReadingStatistics> StatisticsAsync(int node, TimeRange range, IReadOnlyList<decimal> percentiles, CancellationToken cancellationToken)
        => AskAsync(engine => engine.Statistics(node, range, percentiles, cancellationToken),
            () => store.StatisticsAsync(node, range, percentiles, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    /// <remarks>One node's rows lie together in the store, and every one of them must be looked at: DuckDB would gain nothing.</remarks>
    public Task<DataQuality?> QualityAsync(int node, TimeRange range, CancellationToken cancellationToken)
        => store.QualityAsync(node, range, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DataQuality>> FleetQualityAsync(IReadOnlyCollection<int> nodes, TimeRange range, CancellationToken cancellationToken)
    {
        var judged = await store.ListJudgedAsync(nodes, cancellationToken);
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        return await AskAsync(engine => engine.FleetQuality(judged, range, now, cancellationToken),
            () => store.FleetQualityAsync(nodes, range, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<FleetSeries> FleetAsync(IReadOnlyCollection<int> nodes, long start, long end, int points, CancellationToken cancellationToken)
        => AskAsync(engine => engine.Fleet(nodes, start, end, points, cancellationToken),
            () => store.FleetAsync(nodes, start, end, points, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<HourOfWeek>> HoursOfWeekAsync(
        IReadOnlyCollection<int> nodes, TimeRange range, DateTimeZone zone, CancellationToken cancellationToken)
        => AskAsync(engine => engine.HoursOfWeek(nodes, range, zone, cancellationToken),
            () => store.HoursOfWeekAsync(nodes, range, zone, cancellationToken), cancellationToken);

    private async Task<T> AskAsync<T>(Func<DuckDbAnalytics, T> ask, Func<Task<T>> askStore, CancellationToken cancellationToken)
    {
        if (await duckDb.WhenCurrentAsync(cancellationToken) is { } database)
        {
            try
            {
                var answer = ask(new DuckDbAnalytics(database));
                answers.ByDuckDb();
                return answer;
            }
            catch (StoreUnavailableException e)
            {
                Failed(e);
            }
        }
        answers.ByStore();
        return await askStore();
    }

    // Null: DuckDB cannot answer.
    private bool? TryBegin(IEnumerator<NodeBucket> buckets)
    {
        try
        {
            return buckets.MoveNext();
        }
        catch (StoreUnavailableException e)
        {
            Failed(e);
            return null;
        }
    }

    // Out of its memory limit, say, or just being rebuilt; or the file is damaged where nobody has looked before.
    private void Failed(StoreUnavailableException error)
    {
        Log.QueryFailed(logger, error);
        duckDb.QueryFailed(error);
    }

    private static partial class Log
    {
        [LoggerMessage(22, LogLevel.Warning, "A DuckDB query failed; the store answers instead.")]
        public static partial void QueryFailed(ILogger logger, Exception error);
    }
}
