using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.DuckDb.Queries;

public partial class DuckDbAnalyticsTests
{
    private const int RandomNode = 9;

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(144)]
    [InlineData(NodeSeries.MaxPoints)]
    public async Task Series_AnyNumberOfPoints_EqualsTheStores(int points)
    {
        for (var node = 1; node <= Nodes + 1; node++)
        {
            foreach (var range in Ranges())
            {
                foreach (var interval in (int?[])[null, 60, 300])
                    await AssertSeriesAsync(node, range.Start ?? 0, range.End ?? Some.Noon, points, interval, Some.Noon);
            }
        }
    }

    [SkippableTheory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 300)]
    [InlineData(4, 5_000)]
    [InlineData(5, 5_000)]
    [InlineData(6, 5_000)]
    [InlineData(7, 5_000)]
    public async Task Series_RandomReadings_EqualTheStores(int seed, int count)
    {
        var random = new Random(seed);
        var readings = RandomReadings(random, count);
        if (seed % 2 == 0) random.Shuffle(readings); // As backlog arrives.
        foreach (var batch in readings.Chunk(1 + random.Next(count)))
        {
            await AppendAsync(batch);
            await FollowAsync();
            if (random.Next(3) == 0) while (_sidePath.SortOneMonth(default)) { }
        }
        var (first, last) = (readings.Min(r => r.Timestamp), readings.Max(r => r.Timestamp));

        await AssertSeriesAsync(RandomNode, first, last, 600, null, last);
        await AssertSeriesAsync(RandomNode, first - 100_000, last + 100_000, 600, null, last);
        await AssertSeriesAsync(RandomNode, last + 1, last + 100_000, 600, null, last + 50_000);
        await AssertSeriesAsync(RandomNode, first - 100_000, first - 1, 600, 30, last);
        for (var i = 0; i < 20; i++)
        {
            var from = random.NextInt64(first - 1000, last + 1000);
            await AssertSeriesAsync(RandomNode, from, random.NextInt64(from, last + 2000), 1 + random.Next(NodeSeries.MaxPoints),
                random.Next(3) == 0 ? 1 + random.Next(100) : null, random.NextInt64(first - 1000, last + 2000));
        }
    }

    [SkippableFact]
    public async Task Series_MonthIsNotAsSortedAsItSays_IsUnavailableAndNotWrong()
    {
        await AppendAsync([Some.Reading(RandomNode, Some.Noon), Some.Reading(RandomNode, Some.Noon - 60)]);
        await AppendAsync([Some.Reading(RandomNode, Some.Noon - 30)]);
        await FollowAsync();
        using (var other = _sidePath.Database.Connect()) other.Execute("UPDATE months SET unsorted = 0", default);
        var node = (await _fixture.NodeStore.FindAsync(RandomNode, default))!;

        Assert.Throws<StoreUnavailableException>(() => DuckDb.Series(new(node, 0, Some.Noon, 600, null, Some.Noon)));
    }

    [SkippableTheory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Quality_RandomReadings_EqualsTheStoresWithItsOutliers(int seed)
    {
        var random = new Random(seed);
        var readings = RandomReadings(random, 3_000);
        readings[77] = readings[77] with { TemperatureCentidegrees = 9_000 };
        readings[1_500] = readings[1_500] with { TemperatureCentidegrees = -9_000 };
        if (seed % 2 == 0) random.Shuffle(readings);
        await AppendAsync(readings);
        await FollowAsync();
        var middle = readings.Average(r => r.Timestamp);

        foreach (var range in (TimeRange[])[TimeRange.All, new((long)middle, null), new(null, (long)middle), new(5, 6)])
        {
            var judged = new QualityCheckNode((await _fixture.NodeStore.FindAsync(RandomNode, default))!, null);
            var found = DuckDb.Quality(judged, range, _fixture.Clock.GetUtcNow().ToUnixTimeSeconds());
            AssertSame((await Store.QualityAsync(RandomNode, range, default))!, found);
            if (range == TimeRange.All) Assert.NotEmpty(found.Outliers);
        }
    }

    // Irregular, with gaps, several in consecutive seconds, and a value missing here and there; over a month's end.
    private static Reading[] RandomReadings(Random random, int count)
    {
        var time = Some.Noon + random.Next(86_400);
        var readings = new Reading[count];
        for (var i = 0; i < count; i++)
        {
            var missing = random.Next(8);
            readings[i] = new(RandomNode, time, missing == 0 ? null : (short)random.Next(-3_000, 3_000), missing == 1 ? null : (short)random.Next(10_001), 0, time + random.Next(200), null);
            time -= random.Next(50) switch
            {
                0 => random.Next(1, 40_000),
                < 5 => 1,
                _ => random.Next(25, 80),
            };
        }
        Array.Reverse(readings);
        return readings;
    }

    private async Task AssertSeriesAsync(int address, long from, long to, int points, int? interval, long now)
    {
        var node = await _fixture.NodeStore.FindAsync(address, default) ?? new Node { Address = address, FirstSeenAt = from };
        var query = new SeriesQuery(node, from, to, points, interval, now);
        AssertSame(await Store.SeriesAsync(query, default), DuckDb.Series(query));
    }
}
