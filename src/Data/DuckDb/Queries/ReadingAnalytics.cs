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
    IDuckDbSource duckDb, StoreAnalytics store, INodeStore nodes, AnalyticsQueryCount counts, AnalyticsLimit atOnce, TimeProvider clock,
    ILogger<ReadingAnalytics> logger) : IReadingAnalytics
{
    // The store reads so many readings of a node in the time that DuckDB needs to begin, and it does so beside any number of other queries.
    private const int MaxStoreRows = 10_000;

    /// <inheritdoc/>
    public Task<IReadOnlyList<NodeBucket>> CalendarAsync(
        int node, TimeRange range, DateTimeZone zone, CalendarUnit unit, int limit, CancellationToken cancellationToken)
        => QueryAsync(engine => engine.Calendar(node, range, zone, unit, limit),
            () => store.CalendarAsync(node, range, zone, unit, limit, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    /// <remarks>If DuckDB stops, because of an error or a rebuild, the store continues.</remarks>
    public async IAsyncEnumerable<NodeBucket> BucketsAsync(
        ReadingFilter filter, ReadingOrder order, DateTimeZone zone, CalendarUnit unit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        NodeBucket? last = null;
        if (await duckDb.TryCatchUpAsync(cancellationToken) is { } batch)
        {
            using var place = atOnce.Enter();
            // Hardware ids come from the store: they belong to nodes, not to readings.
            var ids = (filter.NodeAddress is { } node ? await nodes.FindAsync([node], cancellationToken) : await nodes.ListAsync(cancellationToken)).ToDictionary(n => n.Address, n => (ulong?)n.DeviceId);
            using var reader = await TryRunAsync(place, () => duckDb.TryConnectAsync(batch, cancellationToken), cancellationToken);
            using var pages = reader is null ? null : new DuckDbAnalytics(reader).Buckets(filter, order, zone, unit).GetEnumerator();
            var isFirst = true;
            while (pages is not null && await TryRunAsync(place, () => Task.FromResult((bool?)pages.MoveNext()), cancellationToken) is { } isAny)
            {
                if (isFirst) counts.ByDuckDb();
                isFirst = false;
                if (!isAny) yield break;
                foreach (var bucket in pages.Current)
                {
                    last = bucket with { DeviceId = ids.GetValueOrDefault(bucket.NodeAddress) };
                    yield return last;
                }
            }
        }
        counts.ByStore();
        await foreach (var bucket in store.BucketsAsync(last is null ? filter : From(last, filter, order), order, zone, unit, cancellationToken))
            if (last is null || !IsGiven(bucket, last, order)) yield return bucket;
    }

    /// <inheritdoc/>
    public Task<ReadingStatistics> StatisticsAsync(int node, TimeRange range, IReadOnlyList<decimal> percentiles, CancellationToken cancellationToken)
        => QueryAsync(engine => engine.Statistics(node, range, percentiles),
            () => store.StatisticsAsync(node, range, percentiles, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async Task<NodeSeries> SeriesAsync(SeriesQuery query, CancellationToken cancellationToken)
        => await store.HasMoreAsync(query.Node, query.Range, MaxStoreRows, cancellationToken)
            ? await QueryAsync(engine => engine.Series(query), () => store.SeriesAsync(query, cancellationToken), cancellationToken)
            : await store.SeriesAsync(query, cancellationToken);

    /// <inheritdoc/>
    public async Task<DataQuality?> QualityAsync(int node, TimeRange range, CancellationToken cancellationToken)
    {
        if (await store.ListQualityCheckNodesAsync([node], cancellationToken) is not [var judged]) return null;
        if (!await store.HasMoreAsync(judged.Node, range, MaxStoreRows, cancellationToken)) return await store.QualityAsync(node, range, cancellationToken);
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        return await QueryAsync<DataQuality>(engine => engine.Quality(judged, range, now), async () => (await store.QualityAsync(node, range, cancellationToken))!, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DataQuality>> FleetQualityAsync(IReadOnlyCollection<int> nodes, TimeRange range, CancellationToken cancellationToken)
    {
        var judged = await store.ListQualityCheckNodesAsync(nodes, cancellationToken);
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        return await QueryAsync(engine => engine.FleetQuality(judged, range, now),
            () => store.FleetQualityAsync(nodes, range, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<FleetSeries> FleetAsync(
        IReadOnlyCollection<int>? nodes, long start, long end, int points, Population population, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        return QueryAsync(engine => engine.Fleet(nodes, start, end, points, population, now),
            () => store.FleetAsync(nodes, start, end, points, population, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<int, FleetSeries>> EachNodeAsync(IReadOnlyCollection<int> nodes, long start, long end, int points, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        return QueryAsync(engine => engine.EachNode(nodes, start, end, points, now), () => store.EachNodeAsync(nodes, start, end, points, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<HourOfWeek>> HoursOfWeekAsync(
        IReadOnlyCollection<int>? nodes, TimeRange range, DateTimeZone zone, Population population, CancellationToken cancellationToken)
        => QueryAsync(engine => engine.HoursOfWeek(nodes, range, zone, population),
            () => store.HoursOfWeekAsync(nodes, range, zone, population, cancellationToken), cancellationToken);

    private async Task<T> QueryAsync<T>(Func<DuckDbAnalytics, T> query, Func<Task<T>> queryStore, CancellationToken cancellationToken)
        where T : class
    {
        if (await duckDb.TryCatchUpAsync(cancellationToken) is { } batch)
        {
            using var place = atOnce.Enter();
            var found = await TryRunAsync(place, async () =>
            {
                using var reader = await duckDb.TryConnectAsync(batch, cancellationToken);
                return reader is null ? null : (T?)query(new DuckDbAnalytics(reader));
            }, cancellationToken);
            if (found is not null)
            {
                counts.ByDuckDb();
                return found;
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
    private async Task<T?> TryRunAsync<T>(AnalyticsLimit.Place place, Func<Task<T?>> run, CancellationToken cancellationToken)
    {
        using var running = await place.RunAsync(cancellationToken);
        try
        {
            return await run();
        }
        catch (StoreUnavailableException e)
        {
            Failed(e);
            return default;
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
