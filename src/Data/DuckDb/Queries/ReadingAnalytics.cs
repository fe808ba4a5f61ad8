using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using NodaTime;
using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.DuckDb.Queries;

/// <summary>Uses DuckDB when it has all rows of the store, else the store: the result is the same, never stale.</summary>
public sealed partial class ReadingAnalytics(
    IDuckDbSource duckDb, StoreAnalytics store, INodeStore nodes, AnalyticsQueryCount counts, TimeProvider clock, ILogger<ReadingAnalytics> logger) : IReadingAnalytics
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<NodeBucket>> CalendarAsync(
        int node, TimeRange range, DateTimeZone zone, CalendarUnit unit, int limit, CancellationToken cancellationToken)
        => QueryAsync<IReadOnlyList<NodeBucket>>(engine => [.. engine.Buckets(new(node, range), ReadingOrder.NewestFirst, zone, unit, cancellationToken).Take(limit)],
            () => store.CalendarAsync(node, range, zone, unit, limit, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    /// <remarks>If DuckDB stops, because of an error or a rebuild, the store continues.</remarks>
    public async IAsyncEnumerable<NodeBucket> BucketsAsync(
        ReadingFilter filter, ReadingOrder order, DateTimeZone zone, CalendarUnit unit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        NodeBucket? last = null;
        if (await duckDb.TryGetCurrentAsync(cancellationToken) is { } access)
        {
            // Hardware ids come from the store: they belong to nodes, not to readings.
            var ids = (filter.NodeAddress is { } node ? await nodes.FindAsync([node], cancellationToken) : await nodes.ListAsync(cancellationToken)).ToDictionary(n => n.Address, n => (ulong?)n.DeviceId);
            using var buckets = new DuckDbAnalytics(access).Buckets(filter, order, zone, unit, cancellationToken).GetEnumerator();
            var isAny = TryMove(buckets);
            if (isAny is not null) counts.ByDuckDb();
            for (; isAny == true; isAny = TryMove(buckets))
            {
                last = buckets.Current with { DeviceId = ids.GetValueOrDefault(buckets.Current.NodeAddress) };
                yield return last;
            }
            if (isAny == false) yield break;
        }
        counts.ByStore();
        await foreach (var bucket in store.BucketsAsync(last is null ? filter : From(last, filter, order), order, zone, unit, cancellationToken))
            if (last is null || !IsGiven(bucket, last, order)) yield return bucket;
    }

    /// <inheritdoc/>
    public Task<ReadingStatistics> StatisticsAsync(int node, TimeRange range, IReadOnlyList<decimal> percentiles, CancellationToken cancellationToken)
        => QueryAsync(engine => engine.Statistics(node, range, percentiles, cancellationToken),
            () => store.StatisticsAsync(node, range, percentiles, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    /// <remarks>One node's rows lie together in the store, and every one of them must be looked at: DuckDB would gain nothing.</remarks>
    public Task<DataQuality?> QualityAsync(int node, TimeRange range, CancellationToken cancellationToken)
        => store.QualityAsync(node, range, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DataQuality>> FleetQualityAsync(IReadOnlyCollection<int> nodes, TimeRange range, CancellationToken cancellationToken)
    {
        var judged = await store.ListQualityCheckNodesAsync(nodes, cancellationToken);
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        return await QueryAsync(engine => engine.FleetQuality(judged, range, now, cancellationToken),
            () => store.FleetQualityAsync(nodes, range, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<FleetSeries> FleetAsync(IReadOnlyCollection<int>? nodes, long start, long end, int points, CancellationToken cancellationToken)
        => QueryAsync(engine => engine.Fleet(nodes, start, end, points, cancellationToken),
            () => store.FleetAsync(nodes, start, end, points, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<HourOfWeek>> HoursOfWeekAsync(
        IReadOnlyCollection<int>? nodes, TimeRange range, DateTimeZone zone, CancellationToken cancellationToken)
        => QueryAsync(engine => engine.HoursOfWeek(nodes, range, zone, cancellationToken),
            () => store.HoursOfWeekAsync(nodes, range, zone, cancellationToken), cancellationToken);

    private async Task<T> QueryAsync<T>(Func<DuckDbAnalytics, T> query, Func<Task<T>> queryStore, CancellationToken cancellationToken)
    {
        if (await duckDb.TryGetCurrentAsync(cancellationToken) is { } access)
        {
            try
            {
                var response = query(new DuckDbAnalytics(access));
                counts.ByDuckDb();
                return response;
            }
            catch (StoreUnavailableException e)
            {
                Failed(e);
            }
        }
        counts.ByStore();
        return await queryStore();
    }

    // The readings of a bucket and of the following buckets.
    private static ReadingFilter From(NodeBucket bucket, ReadingFilter filter, ReadingOrder order)
        => filter with
        {
            Range = order == ReadingOrder.NewestFirst
                ? filter.Range with { End = Math.Min(filter.Range.End ?? long.MaxValue, bucket.Bucket.End - 1) }
                : filter.Range with { Start = Math.Max(filter.Range.Start ?? 0, bucket.Bucket.Start) },
        };

    // The nodes of the last bucket up to the last node were already returned.
    private static bool IsGiven(NodeBucket bucket, NodeBucket last, ReadingOrder order)
        => bucket.Bucket == last.Bucket
            && (order == ReadingOrder.NewestFirst ? bucket.NodeAddress <= last.NodeAddress : bucket.NodeAddress >= last.NodeAddress);

    // Null: DuckDB is unavailable.
    private bool? TryMove(IEnumerator<NodeBucket> buckets)
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

    // For example, it exceeded its memory limit, a rebuild runs, or the file is corrupt in a part that was not read before.
    private void Failed(StoreUnavailableException error)
    {
        Log.QueryFailed(logger, error);
        duckDb.QueryFailed(error);
    }

    private static partial class Log
    {
        [LoggerMessage(22, LogLevel.Warning, "A DuckDB query failed; using the store instead.")]
        public static partial void QueryFailed(ILogger logger, Exception error);
    }
}
