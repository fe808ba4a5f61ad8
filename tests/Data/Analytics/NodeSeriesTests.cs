using SensorDash.Data.Analytics;
using SensorDash.Data.Nodes;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Analytics;

public sealed class NodeSeriesTests : IAsyncLifetime
{
    private SqliteStoreFixture _fixture = null!;

    public async Task InitializeAsync() => _fixture = await SqliteStoreFixture.CreateAsync();

    public async Task DisposeAsync() => await _fixture.DisposeAsync();

    [Fact]
    public async Task Build_NoMoreReadingsThanPoints_IsTheReadingsThemselves()
    {
        await _fixture.Store.AddAsync(Run(12, 10));

        var series = await BuildAsync(Noon - 270, Noon, points: 10);

        Assert.Null(series.BucketSeconds);
        Assert.Equal((10L, 30), (series.ReadingCount, series.ExpectedIntervalSeconds));
        var run = Assert.Single(series.Runs);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => Noon - 270 + (i * 30L)), run.Select(p => p.Time));
        Assert.All(run, p => Assert.Equal((1, p.Temperature.Average, p.Temperature.Average), (p.Count, p.Temperature.Min, p.Temperature.Max)));
        Assert.Empty(series.Gaps);
    }

    [Fact]
    public async Task Build_OneReadingMoreThanPoints_IsBucketed()
    {
        await _fixture.Store.AddAsync(Run(12, 11));

        var series = await BuildAsync(Noon - 300, Noon, points: 10);

        Assert.Equal(Downsampling.BucketSeconds(Noon - 300, Noon, 10), series.BucketSeconds);
        Assert.InRange(series.Runs.Single().Count, 1, 10);
        Assert.Equal(11, series.Runs.Single().Sum(p => p.Count));
    }

    [Fact]
    public async Task Build_SpikeInABucket_SurvivesInItsMinimumOrMaximum()
    {
        var readings = Run(12, 2000);
        readings[777] = readings[777] with { TemperatureCentidegrees = 9000 };
        readings[1300] = readings[1300] with { TemperatureCentidegrees = -4000, HumidityCentipercent = null };
        await _fixture.Store.AddAsync(readings);

        var series = await BuildAsync(readings[0].Timestamp, Noon, points: 50);

        var points = series.Runs.SelectMany(r => r).ToArray();
        Assert.Equal((90m, -40m), (points.Max(p => p.Temperature.Max), points.Min(p => p.Temperature.Min)));
        Assert.Equal((90m, -40m), (series.Statistics.Temperature.Max, series.Statistics.Temperature.Min));
        Assert.Equal(1999, series.Statistics.Humidity.Count);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(2000)]
    public async Task Build_InnerGap_SplitsTheRunAndCountsWhatIsMissing(int points)
    {
        // 30 s apart; after the 20th reading nine are missing.
        var readings = Run(12, 50).Where((_, i) => i is < 20 or >= 29).ToArray();
        await _fixture.Store.AddAsync(readings);

        var series = await BuildAsync(readings[0].Timestamp, Noon, points);

        Assert.Equal([new SeriesGap(readings[19].Timestamp, readings[20].Timestamp, 9)], series.Gaps);
        Assert.Equal([20, 21], series.Runs.Select(r => r.Sum(p => p.Count)));
    }

    [Theory]
    [InlineData(75, 0)]  // One lost reading does not break the line: 2.5 intervals are allowed.
    [InlineData(76, 1)]
    [InlineData(90, 1)]
    public async Task Build_Silence_IsAGapFromTwoAndAHalfIntervalsOn(long silence, int gaps)
    {
        await _fixture.Store.AddAsync([.. Run(12, 20, until: Noon - silence), Reading()]);

        var series = await BuildAsync(Noon - silence - 570, Noon, points: 100);

        Assert.Equal(gaps, series.Gaps.Count);
        Assert.Equal(gaps + 1, series.Runs.Count);
    }

    [Fact]
    public async Task Build_RangeBeginsBeforeTheFirstReadingOfAll_ClaimsNoGapThere()
    {
        await _fixture.Store.AddAsync(Run(12, 20));

        Assert.Empty((await BuildAsync(Noon - 86_400, Noon, points: 100)).Gaps);
    }

    [Fact]
    public async Task Build_NodeWasSilentAtTheStartOfTheRange_HasAGapThere()
    {
        await _fixture.Store.AddAsync([Reading(time: Noon - 90_000), .. Run(12, 20)]);

        var gap = Assert.Single((await BuildAsync(Noon - 3600, Noon, points: 100)).Gaps);

        Assert.Equal((Noon - 3600, Noon - 570), (gap.From, gap.To));
        Assert.InRange(gap.Missing, 100, 102); // 3030 s at 30 s.
    }

    [Fact]
    public async Task Build_NodeFellSilent_HasAGapUntilNowAndNotBeyond()
    {
        await _fixture.Store.AddAsync(Run(12, 20, until: Noon - 600));

        var gap = Assert.Single((await BuildAsync(Noon - 3600, Noon + 7200, points: 100, now: Noon)).Gaps);

        Assert.Equal((Noon - 600, Noon), (gap.From, gap.To));
        Assert.InRange(gap.Missing, 19, 20);
    }

    [Fact]
    public async Task Build_RangeEndsAfterNow_ClaimsNoGapThatIsStillToCome()
    {
        await _fixture.Store.AddAsync(Run(12, 20));

        Assert.Empty((await BuildAsync(Noon - 570, Noon + 86_400, points: 100, now: Noon)).Gaps);
    }

    [Fact]
    public async Task Build_NodeClockAhead_ClaimsNoGap()
    {
        await _fixture.Store.AddAsync(Run(12, 20, until: Noon + 3600));

        Assert.Empty((await BuildAsync(Noon, Noon + 3600, points: 100, now: Noon)).Gaps);
    }

    [Fact]
    public async Task Build_UserSetTheInterval_GapsAreJudgedByIt()
    {
        await _fixture.Store.AddAsync(Run(12, 20));

        Assert.Empty((await BuildAsync(Noon - 570, Noon, points: 100, setInterval: 30)).Gaps);
        Assert.Equal(19, (await BuildAsync(Noon - 570, Noon, points: 100, setInterval: 10)).Gaps.Count);
    }

    [Fact]
    public async Task Build_IntervalNotKnown_ClaimsNoGap()
    {
        await _fixture.Store.AddAsync(Reading(time: Noon - 40_000), Reading());

        var series = await BuildAsync(Noon - 50_000, Noon, points: 100);

        Assert.Null(series.ExpectedIntervalSeconds);
        Assert.Empty(series.Gaps);
        Assert.Single(series.Runs);
    }

    [Fact]
    public async Task Build_SilentForTheWholeRange_IsOneGap()
    {
        await _fixture.Store.AddAsync(Run(12, 20, until: Noon - 90_000));

        var series = await BuildAsync(Noon - 3600, Noon, points: 100, setInterval: 30);

        Assert.Empty(series.Runs);
        Assert.Equal((Noon - 3600, Noon), series.Gaps.Select(g => (g.From, g.To)).Single());
        Assert.InRange(series.Gaps[0].Missing, 119, 120);
    }

    [Fact]
    public async Task Build_SilentForTheWholeRangeIntervalNotSet_IsJudgedByThePaceBefore()
    {
        await _fixture.Store.AddAsync(Run(12, 20, until: Noon - 90_000));

        var series = await BuildAsync(Noon - 3600, Noon, points: 100);

        Assert.Equal(30, series.ExpectedIntervalSeconds);
        Assert.Single(series.Gaps);
    }

    [Fact]
    public async Task Build_RangeBeforeTheFirstReading_IsEmptyWithoutAGap()
    {
        await _fixture.Store.AddAsync(Run(12, 20));

        var series = await BuildAsync(Noon - 90_000, Noon - 80_000, points: 100, setInterval: 30);

        Assert.Equal((0L, 0, 0), (series.ReadingCount, series.Runs.Count, series.Gaps.Count));
    }

    [Fact]
    public async Task Build_GapInsideABucket_SplitsIt()
    {
        // One bucket over the whole range, a gap in its middle.
        var readings = Run(12, 100).Where((_, i) => i is < 40 or >= 60).ToArray();
        await _fixture.Store.AddAsync(readings);

        var series = await BuildAsync(readings[0].Timestamp, Noon, points: 1);

        Assert.Equal([40, 40], series.Runs.Select(r => r.Sum(p => p.Count)));
        Assert.Single(series.Gaps);
        Assert.All(series.Runs.SelectMany(r => r), p => Assert.InRange(p.Time, readings[0].Timestamp, Noon));
    }

    [Fact]
    public async Task Build_ValueMissingInEveryReadingOfAPoint_IsNull()
    {
        await _fixture.Store.AddAsync(Reading(time: Noon - 60, temperature: null), Reading(time: Noon - 30, humidity: null), Reading(temperature: 0));

        var run = (await BuildAsync(Noon - 60, Noon, points: 100)).Runs.Single();

        Assert.Equal([null, 25.34m, 0m], run.Select(p => p.Temperature.Average));
        Assert.Equal([65.21m, null, 65.21m], run.Select(p => p.Humidity.Max));
    }

    private async Task<NodeSeries> BuildAsync(long from, long to, int points, int? setInterval = null, long now = Noon)
    {
        var node = await _fixture.NodeStore.FindAsync(12, CancellationToken.None) ?? new Node { Address = 12, FirstSeenAt = from };
        return await _fixture.Analytics.SeriesAsync(new(node, from, to, points, setInterval, now), CancellationToken.None);
    }
}
