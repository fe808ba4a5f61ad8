using FsCheck.Fluent;
using SensorDash.Data.Readings;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Readings;

public sealed class ValueSummaryTests
{
    [Fact]
    public void Summarize_NoValue_IsAllNull()
    {
        var statistics = new ValueSummary().Summarize([50, 95]);

        Assert.Equal((0L, null, null, null), (statistics.Count, statistics.Min, statistics.Max, statistics.Average));
        Assert.Equal([null, null], statistics.Percentiles);
    }

    [Fact]
    public void Summarize_ZeroIsAmongTheValues_ItCounts()
    {
        var statistics = Of(0, 100, 200).Summarize([0, 50, 100]);

        Assert.Equal((3L, 0.00m, 2.00m, 1.00m), (statistics.Count, statistics.Min, statistics.Max, statistics.Average));
        Assert.Equal([0m, 1m, 2m], statistics.Percentiles);
    }

    [Fact]
    public void Summarize_OnlyZero_IsZeroAndNotMissing()
    {
        var statistics = Of(0).Summarize([50]);

        Assert.Equal((1L, 0m, 0m, 0m), (statistics.Count, statistics.Min, statistics.Max, statistics.Average));
        Assert.Equal([0m], statistics.Percentiles);
    }

    [Theory]
    [InlineData(new short[] { 1, 2 }, "0.02")] // 0.015
    [InlineData(new short[] { -1, -2 }, "-0.02")]
    [InlineData(new short[] { 1, 1, 2 }, "0.01")]
    [InlineData(new short[] { 2534, 2535 }, "25.35")]
    public void Summarize_AverageHalfWay_RoundsAwayFromZero(short[] values, string average)
        => Assert.Equal(decimal.Parse(average, System.Globalization.CultureInfo.InvariantCulture), Of(values).Summarize([]).Average);

    [Fact]
    public void Summarize_PercentileBetweenNeighbours_IsInterpolated()
        => Assert.Equal([1.5m, 1.95m, 1.99m, 1.005m], Of(100, 200).Summarize([50, 95, 99, 0.5m]).Percentiles);

    [Theory]
    [InlineData(4_095)]
    [InlineData(4_096)]
    [InlineData(20_000)]
    public void Summarize_ManyValues_EqualsSortingAndInterpolating(int count)
    {
        var random = new Random(count);
        short[] values = [short.MinValue, short.MaxValue, .. Enumerable.Range(0, count - 2).Select(i => (short)random.Next(short.MinValue, i % 2 == 0 ? 100 : short.MaxValue))];
        var sorted = values.Order().ToArray();

        var found = Of(values).Summarize([0, 50, 100]);

        Assert.Equal((count, -327.68m, 327.67m, Math.Round(values.Sum(v => (long)v) / 100m / count, 2, MidpointRounding.AwayFromZero)), (found.Count, found.Min, found.Max, found.Average));
        Assert.Equal([-327.68m, (sorted[(count - 1) / 2] + sorted[count / 2]) / 200m, 327.67m], found.Percentiles);
    }

    [Fact]
    public void Summarize_RandomValues_EqualsSortingAndInterpolating()
    {
        var values = Gen.Choose(short.MinValue, short.MaxValue).Select(v => (short)v);
        var few = Gen.Choose(-3, 3).Select(v => (short)v);
        var cases = from list in Gen.OneOf(values, few).NonEmptyListOf()
                    from percentile in Gen.Choose(0, 10_000)
                    select (Values: list.ToArray(), Percentile: percentile / 100m);

        PropertyCheck.ForAll(cases, random =>
        {
            var found = Of(random.Values).Summarize([random.Percentile, 0, 100]);
            var sorted = random.Values.Order().ToArray();
            return found.Min == sorted[0] / 100m && found.Max == sorted[^1] / 100m
                && found.Average == Math.Round(random.Values.Sum(v => (decimal)v) / random.Values.Length / 100, 2, MidpointRounding.AwayFromZero)
                && found.Percentiles.SequenceEqual([Interpolated(sorted, random.Percentile), found.Min, found.Max]);
        }, times: 500);
    }

    [Fact]
    public async Task Compute_ReadingsWithOneValueOnly_CountsEachQuantityByItself()
    {
        await using var fixture = await SqliteStoreFixture.CreateAsync();
        await fixture.Store.AddAsync(
            Reading(time: Noon, temperature: 0, humidity: null), Reading(time: Noon + 1, temperature: null, humidity: 5000), Reading(time: Noon + 2, temperature: 50));

        var found = await ReadingStatistics.ComputeAsync(fixture.Store, new(12, TimeRange.All), ValueSummary.DefaultPercentiles, CancellationToken.None);

        Assert.Equal((3, 2, 2), (found.Count, found.Temperature.Count, found.Humidity.Count));
        Assert.Equal((0m, 0.5m, 0.25m), (found.Temperature.Min, found.Temperature.Max, found.Temperature.Average));
        Assert.Equal([0.25m, 0.475m, 0.495m], found.Temperature.Percentiles);
    }

    private static decimal? Interpolated(short[] sorted, decimal percentile)
    {
        var rank = percentile / 100 * (sorted.Length - 1);
        var (below, above) = ((int)Math.Floor(rank), (int)Math.Ceiling(rank));
        var value = sorted[below] + ((rank - below) * (sorted[above] - sorted[below]));
        return Math.Round(value / 100, 4, MidpointRounding.AwayFromZero);
    }

    private static ValueSummary Of(params short[] values)
    {
        var summary = new ValueSummary();
        foreach (var value in values) summary.Add(value);
        return summary;
    }
}
