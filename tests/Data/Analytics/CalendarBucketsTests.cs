using NodaTime;
using SensorDash.Data.Analytics;
using SensorDash.Data.Readings;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Analytics;

public sealed class CalendarBucketsTests
{
    // Instants worked out by hand from the zones' rules of 2026.
    // Paris: 29 March 01:00Z +1 → +2; 25 October 01:00Z +2 → +1.
    // Lord Howe: 4 April 15:00Z +11 → +10:30; 3 October 15:30Z +10:30 → +11. Kolkata: always +5:30.
    [Theory]
    [InlineData("Europe/Paris", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", 23 * 60)]
    [InlineData("Europe/Paris", "2026-03-28T23:00:00Z", "2026-03-28T23:00:00Z", 23 * 60)]
    [InlineData("Europe/Paris", "2026-03-28T22:59:59Z", "2026-03-27T23:00:00Z", 24 * 60)]
    [InlineData("Europe/Paris", "2026-03-29T22:00:00Z", "2026-03-29T22:00:00Z", 24 * 60)]
    [InlineData("Europe/Paris", "2026-10-25T00:30:00Z", "2026-10-24T22:00:00Z", 25 * 60)]
    [InlineData("Europe/Paris", "2026-10-25T22:59:59Z", "2026-10-24T22:00:00Z", 25 * 60)]
    [InlineData("Europe/Paris", "2026-10-25T23:00:00Z", "2026-10-25T23:00:00Z", 24 * 60)]
    [InlineData("Australia/Lord_Howe", "2026-04-04T15:00:00Z", "2026-04-04T13:00:00Z", (24 * 60) + 30)]
    [InlineData("Australia/Lord_Howe", "2026-04-05T13:29:59Z", "2026-04-04T13:00:00Z", (24 * 60) + 30)]
    [InlineData("Australia/Lord_Howe", "2026-04-05T13:30:00Z", "2026-04-05T13:30:00Z", 24 * 60)]
    [InlineData("Australia/Lord_Howe", "2026-10-03T15:30:00Z", "2026-10-03T13:30:00Z", (23 * 60) + 30)]
    [InlineData("Australia/Lord_Howe", "2026-10-04T13:00:00Z", "2026-10-04T13:00:00Z", 24 * 60)]
    [InlineData("Asia/Kolkata", "2026-07-01T18:29:59Z", "2026-06-30T18:30:00Z", 24 * 60)]
    [InlineData("Asia/Kolkata", "2026-07-01T18:30:00Z", "2026-07-01T18:30:00Z", 24 * 60)]
    [InlineData("UTC", "2026-07-01T23:59:59Z", "2026-07-01T00:00:00Z", 24 * 60)]
    // Beirut skips midnight itself: 29 March 00:00 does not exist there.
    [InlineData("Asia/Beirut", "2026-03-29T12:00:00Z", "2026-03-28T22:00:00Z", 23 * 60)]
    // St. John's, 2 November 2009: 00:01 → 23:01 of the day before, so the first of November ends with its second 23:59.
    [InlineData("America/St_Johns", "2009-11-01T02:30:30Z", "2009-10-31T02:30:00Z", 25 * 60)] // The first 00:00:30.
    [InlineData("America/St_Johns", "2009-11-01T02:31:00Z", "2009-10-31T02:30:00Z", 25 * 60)] // The second 23:01.
    [InlineData("America/St_Johns", "2009-11-01T03:30:00Z", "2009-11-01T03:30:00Z", 24 * 60)]
    // Havana: 01:00 → 00:00, so the day begins with the first midnight.
    [InlineData("America/Havana", "2019-11-03T04:00:00Z", "2019-11-03T04:00:00Z", 25 * 60)]
    public void Day_AroundAClockChange_ReachesFromMidnightToMidnight(string zone, string time, string start, int minutes)
        => AssertBucket(zone, CalendarUnit.Day, time, start, minutes);

    [Theory]
    [InlineData("Europe/Paris", "2026-03-29T00:59:59Z", "2026-03-29T00:00:00Z", 60)] // 01:59:59, then 03:00.
    [InlineData("Europe/Paris", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z", 60)]
    [InlineData("Europe/Paris", "2026-10-25T00:59:59Z", "2026-10-25T00:00:00Z", 60)] // 02:59:59 the first time…
    [InlineData("Europe/Paris", "2026-10-25T01:00:00Z", "2026-10-25T01:00:00Z", 60)] // …and 02:00 again.
    [InlineData("Australia/Lord_Howe", "2026-04-04T14:59:59Z", "2026-04-04T14:00:00Z", 60)] // 01:59:59, back to 01:30.
    [InlineData("Australia/Lord_Howe", "2026-04-04T15:00:00Z", "2026-04-04T15:00:00Z", 30)] // 01:30 to 02:00 once more.
    [InlineData("Australia/Lord_Howe", "2026-04-04T15:30:00Z", "2026-04-04T15:30:00Z", 60)]
    [InlineData("Australia/Lord_Howe", "2026-10-03T15:29:59Z", "2026-10-03T14:30:00Z", 60)] // 01:59:59, then 02:30.
    [InlineData("Australia/Lord_Howe", "2026-10-03T15:30:00Z", "2026-10-03T15:30:00Z", 30)]
    [InlineData("Australia/Lord_Howe", "2026-10-03T16:00:00Z", "2026-10-03T16:00:00Z", 60)]
    [InlineData("Asia/Kolkata", "2026-07-01T12:00:00Z", "2026-07-01T11:30:00Z", 60)]
    [InlineData("Asia/Kolkata", "2026-07-01T11:29:59Z", "2026-07-01T10:30:00Z", 60)]
    public void Hour_AroundAClockChange_IsCutWhereTheClocksChange(string zone, string time, string start, int minutes)
        => AssertBucket(zone, CalendarUnit.Hour, time, start, minutes);

    [Theory]
    [InlineData("Europe/Paris")]
    [InlineData("Australia/Lord_Howe")]
    [InlineData("Asia/Kolkata")]
    [InlineData("Asia/Beirut")]
    [InlineData("Pacific/Apia")]
    [InlineData("America/Santiago")]
    public void Buckets_OfAYear_LeaveNoSecondOutAndTakeNoneTwice(string name)
    {
        foreach (var unit in Enum.GetValues<CalendarUnit>())
        {
            var buckets = new CalendarBuckets(DateTimeZoneProviders.Tzdb[name], unit);
            var (time, end) = (Seconds("2011-06-01T00:00:00Z"), Seconds("2012-06-01T00:00:00Z")); // Apia had no 30 December 2011.
            for (var bucket = buckets.Containing(time); bucket.Start < end; bucket = buckets.Containing(bucket.End))
            {
                Assert.True(bucket.End > bucket.Start);
                Assert.Equal(bucket, buckets.Containing(bucket.Start));
                Assert.Equal(bucket, buckets.Containing(bucket.End - 1));
                Assert.Equal(bucket.End, buckets.Containing(bucket.End).Start);
            }
        }
    }

    [Fact]
    public void Buckets_OfEveryZoneAtEveryClockChange_ContainTheirTimesAndMeet()
    {
        var (start, end) = (Instant.FromUtc(2000, 1, 1, 0, 0), Instant.FromUtc(2030, 1, 1, 0, 0));
        foreach (var zone in DateTimeZoneProviders.Tzdb.Ids.Select(id => DateTimeZoneProviders.Tzdb[id]))
        {
            var offsets = CalendarBuckets.DayOffsets(zone, start, end).ToArray();
            foreach (var change in zone.GetZoneIntervals(start, end).Where(i => i.HasEnd && i.End < end).Select(i => i.End.ToUnixTimeSeconds()))
            {
                foreach (var away in (long[])[-86_400, -10_800, -3600, -61, -60, -30, -1, 0, 1, 30, 59, 60, 3540, 3599, 3600, 10_800, 86_400])
                {
                    var time = change + away;
                    foreach (var unit in Enum.GetValues<CalendarUnit>())
                    {
                        var buckets = new CalendarBuckets(zone, unit);
                        var bucket = buckets.Containing(time);
                        Assert.True(bucket.Start <= time && time < bucket.End, $"{zone.Id} {unit} {time}: {bucket}");
                        Assert.Equal(bucket.End, buckets.Containing(bucket.End).Start);
                        Assert.Equal(bucket, buckets.Containing(bucket.Start));
                        Assert.Equal(bucket, buckets.Containing(bucket.End - 1));
                        if (unit == CalendarUnit.Day) Assert.True(DayOf(bucket.Start) == DayOf(time) && DayOf(bucket.End - 1) == DayOf(time) && DayOf(bucket.End) > DayOf(time), $"{zone.Id} {time}");
                    }
                }
            }

            long DayOf(long time) => (time + offsets.First(o => Instant.FromUnixTimeSeconds(time) < o.End).Seconds) / 86_400;
        }
    }

    [Fact]
    public async Task Statistics_PerNodeAndDay_EqualThoseOfTheReadingsInIt()
    {
        await using var fixture = await SqliteStoreFixture.CreateAsync();
        var days = new CalendarBuckets(DateTimeZoneProviders.Tzdb["Europe/Paris"], CalendarUnit.Day);
        var until = Seconds("2026-10-26T06:00:00Z");
        await fixture.Store.AddAsync([.. Run(1, 2000, until, 97), .. Run(3, 300, until, 601), .. Run(2, 5, Seconds("2026-10-25T00:59:00Z"))]);
        var all = await fixture.Store.AllAsync();

        var found = new List<NodeBucket>();
        await foreach (var bucket in CalendarStatistics.ComputeAsync(fixture.Store, default, ReadingOrder.NewestFirst, days, CancellationToken.None)) found.Add(bucket);

        var expected = all.GroupBy(r => (days.Containing(r.Timestamp), r.NodeAddress)).OrderByDescending(g => g.Key.Item1.Start).ThenBy(g => g.Key.NodeAddress).ToArray();
        Assert.Equal(expected.Select(g => g.Key), found.Select(b => (b.Bucket, b.NodeAddress)));
        Assert.Equal(expected.Select(g => g.LongCount()), found.Select(b => b.Count));
        Assert.Equal(expected.Select(g => g.Max(r => r.TemperatureCentidegrees) / 100m), found.Select(b => b.Temperature.Max));
        Assert.Contains(found, b => b.Bucket.End - b.Bucket.Start == 25 * 3600);

        var reversed = new List<NodeBucket>();
        await foreach (var bucket in CalendarStatistics.ComputeAsync(fixture.Store, default, ReadingOrder.OldestFirst, days, CancellationToken.None)) reversed.Add(bucket);
        reversed.Reverse();
        Assert.Equal(found.Select(b => (b.Bucket, b.NodeAddress, b.Count, b.Temperature.Average)), reversed.Select(b => (b.Bucket, b.NodeAddress, b.Count, b.Temperature.Average)));
    }

    private static void AssertBucket(string zone, CalendarUnit unit, string time, string start, int minutes)
        => Assert.Equal(new CalendarBucket(Seconds(start), Seconds(start) + (minutes * 60)),
            new CalendarBuckets(DateTimeZoneProviders.Tzdb[zone], unit).Containing(Seconds(time)));

    private static long Seconds(string iso) => DateTimeOffset.Parse(iso, System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeSeconds();
}
