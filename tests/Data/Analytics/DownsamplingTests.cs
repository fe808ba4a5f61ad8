using FsCheck.Fluent;
using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Analytics;

public sealed class DownsamplingTests
{
    [Theory]
    [InlineData(0, 3599, 2000, 2)] // 3600 seconds; the original gave more buckets than asked for.
    [InlineData(0, 3600, 2000, 2)]
    [InlineData(0, 1999, 2000, 1)]
    [InlineData(0, 2000, 2000, 2)]
    [InlineData(5, 5, 1, 1)]
    [InlineData(9, 10, 1, 3)] // 2 s would part them at 10; from 9 to 11 holds both.
    [InlineData(1782907200, 1782993600, 200, 434)] // 433 s would be 200 buckets from the range's own start, and 201 from the epoch.
    public void BucketSeconds_Range_IsTheSmallestThatKeepsTheLimit(long start, long end, int most, long seconds)
        => Assert.Equal(seconds, Downsampling.BucketSeconds(start, end, most));

    [Fact]
    public void BucketSeconds_AnyRange_IsTheSmallestWholeNumberWithAtMostSoManyEpochAlignedBuckets()
    {
        var cases = from start in Gen.OneOf(Gen.Choose(0, 2000), Gen.Choose(0, int.MaxValue))
                    from length in Gen.OneOf(Gen.Choose(0, 500), Gen.Choose(0, 20_000))
                    from most in Gen.Choose(1, 2000)
                    select (Start: (long)start, End: (long)start + length, Most: most);

        PropertyCheck.ForAll(cases, c =>
        {
            var smallest = 1L;
            while ((c.End / smallest) - (c.Start / smallest) + 1 > c.Most) smallest++;
            return Downsampling.BucketSeconds(c.Start, c.End, c.Most) == smallest;
        }, times: 1000);
    }

    [Theory]
    [InlineData(-1, 10, -1)]
    [InlineData(-10, 10, -1)]
    [InlineData(-11, 10, -2)]
    [InlineData(0, 10, 0)]
    [InlineData(9, 10, 0)]
    public void Index_BeforeTheEpoch_IsFloored(long time, long seconds, long index) => Assert.Equal(index, Downsampling.Index(time, seconds));

    [Fact]
    public async Task Downsample_Averages_LeaveNullsOutCountZerosAndRoundHalfAwayFromZero()
    {
        await using var fixture = await SqliteStoreFixture.CreateAsync();
        // Two buckets of 100 s; between them one is empty.
        await fixture.Store.AddAsync(
            Reading(time: 1_000_000_000, temperature: 0, humidity: null, flags: 1), Reading(time: 1_000_000_050, temperature: 1, humidity: 5000, flags: 4),
            Reading(time: 1_000_000_099, temperature: null, humidity: 5001),
            Reading(time: 1_000_000_200, temperature: -1, humidity: null), Reading(time: 1_000_000_299, temperature: -2, humidity: null, flags: 2),
            Reading(node: 13, time: 1_000_000_000, temperature: 9999));

        var buckets = await Downsampling.DownsampleAsync(fixture.Store, 12, new(1_000_000_000, 1_000_000_299), 3, CancellationToken.None);

        Assert.Equal(
            [new DownsampledBucket(1_000_000_050, 0.01m, 50.01m, 3, 5), new DownsampledBucket(1_000_000_250, -0.02m, null, 2, 2)], buckets);
    }

    [Fact]
    public async Task Downsample_OpenRange_HasAtMostSoManyBucketsAndEveryReadingInOne()
    {
        await using var fixture = await SqliteStoreFixture.CreateAsync();
        await fixture.Store.AddAsync(Run(12, 4000, interval: 7));

        foreach (var most in new[] { 1, 2, 7, 199, 2000 })
        {
            var buckets = await Downsampling.DownsampleAsync(fixture.Store, 12, TimeRange.All, most, CancellationToken.None);
            Assert.InRange(buckets.Count, 1, most);
            Assert.Equal(4000, buckets.Sum(b => b.Count));
            Assert.Equal(buckets.Select(b => b.Middle).Order(), buckets.Select(b => b.Middle));
        }
    }

    [Fact]
    public async Task Downsample_NoReading_IsEmpty()
    {
        await using var fixture = await SqliteStoreFixture.CreateAsync();

        Assert.Empty(await Downsampling.DownsampleAsync(fixture.Store, 12, TimeRange.All, 10, CancellationToken.None));
    }
}
