using System.Text.Json;
using NodaTime;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb;
using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.DuckDb.SidePath;
using SensorDash.Data.Readings;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.DuckDb.Queries;

/// <summary>DuckDB and the store give the same answers to the last digit: across 0 °C, gaps, missing values and every kind of clock change.</summary>
public partial class DuckDbAnalyticsTests : IAsyncLifetime
{
    private const int Nodes = 3;
    private static readonly long[] _changes =
    [
        1774746000, 1792890000, // Europe/Paris, 29 March and 25 October 2026.
        1775314800, 1790996400, // Australia/Lord_Howe, 4 April and 3 October 2026: half an hour.
        1257042660, // America/St_Johns, 1 November 2009: 00:01 → 23:01 of the day before.
    ];

    private static readonly JsonSerializerOptions _plain = new() { Converters = { new Plain() } };

    private readonly TemporaryFolder _folder = new();
    private StoreFixture _fixture = null!;
    private DuckDbSidePath _sidePath = null!;
    private DuckDbReader _reader = null!;

    public static TheoryData<string> Zones() => ["UTC", "Europe/Paris", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns"];

    private StoreAnalytics Store => _fixture.Analytics;

    private DuckDbAnalytics DuckDb => new(_reader);

    protected virtual async Task<StoreFixture> CreateFixtureAsync() => await SqliteStoreFixture.CreateAsync();

    public async Task InitializeAsync()
    {
        _fixture = await CreateFixtureAsync();
        await AppendAsync(Fixture());
        _sidePath = DuckDbSidePath.Open(new AnalyticsOptions { Path = _folder.File("side.duckdb"), Threads = 2 }, default);
        _reader = new DuckDbReaders().Connect(_sidePath.Database, default);
        await FollowAsync();
    }

    public async Task DisposeAsync()
    {
        _reader.Dispose();
        _sidePath.Dispose();
        _folder.Dispose();
        await _fixture.DisposeAsync();
    }

    [SkippableTheory]
    [MemberData(nameof(Zones))]
    public async Task Calendar_HoursAndDaysOfAnyZone_EqualTheStores(string zoneId)
    {
        var zone = DateTimeZoneProviders.Tzdb[zoneId];
        foreach (var unit in Enum.GetValues<CalendarUnit>())
        {
            foreach (var range in Ranges())
            {
                AssertSame(
                    (await Store.CalendarAsync(1, range, zone, unit, 10_000, default)).Select(b => b with { DeviceId = null }),
                    DuckDb.Buckets(new(1, range), ReadingOrder.NewestFirst, zone, unit).SelectMany(page => page));
            }
        }
    }

    [SkippableFact]
    public async Task Buckets_EveryNodeInBothOrders_EqualTheStores()
    {
        var zone = DateTimeZoneProviders.Tzdb["Europe/Paris"];
        foreach (var order in Enum.GetValues<ReadingOrder>())
        {
            var expected = new List<NodeBucket>();
            await foreach (var bucket in Store.BucketsAsync(new(null, TimeRange.All), order, zone, CalendarUnit.Hour, default)) expected.Add(bucket);
            AssertSame(expected, DuckDb.Buckets(new(null, TimeRange.All), order, zone, CalendarUnit.Hour).SelectMany(page => page));
        }
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(24)]
    [InlineData(47)]
    [InlineData(48)]
    [InlineData(10_000)]
    public async Task Calendar_Limit_KeepsTheNewest(int limit)
    {
        var zone = DateTimeZoneProviders.Tzdb["America/St_Johns"];
        foreach (var unit in Enum.GetValues<CalendarUnit>())
        {
            foreach (var range in Ranges())
            {
                for (var node = 2; node <= Nodes + 1; node++)
                    AssertSame((await Store.CalendarAsync(node, range, zone, unit, limit, default)).Select(b => b with { DeviceId = null }), DuckDb.Calendar(node, range, zone, unit, limit));
            }
        }
    }

    [SkippableFact]
    public async Task Statistics_AnyPercentiles_EqualTheStoresAndAnIndependentComputation()
    {
        decimal[] percentiles = [0, 0.01m, 0.5m, 5, 33.33m, 50, 95, 99, 99.9m, 99.99m, 100];
        for (var node = 1; node <= Nodes + 1; node++)
        {
            foreach (var range in Ranges())
            {
                var found = DuckDb.Statistics(node, range, percentiles);
                AssertSame(await Store.StatisticsAsync(node, range, percentiles, default), found);
                var celsius = Fixture().Where(r => r.NodeAddress == node && r.TemperatureCentidegrees is not null
                    && r.Timestamp >= (range.Start ?? 0) && r.Timestamp <= (range.End ?? long.MaxValue))
                    .Select(r => (decimal)r.TemperatureCentidegrees!.Value).Order().ToArray();
                Assert.Equal(percentiles.Select(p => celsius.Length == 0 ? (decimal?)null : Interpolate(celsius, p)), found.Temperature.Percentiles);
            }
        }
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(500)]
    public async Task Fleet_AnyNumberOfBuckets_EqualsTheStores(int points)
    {
        foreach (var population in Enum.GetValues<Population>())
            foreach (var nodes in (int[]?[])[[1, 2, 3], [2], [], null])
                AssertSame(await Store.FleetAsync(nodes, _changes[0] - 5000, _changes[1], points, population, default), DuckDb.Fleet(nodes, _changes[0] - 5000, _changes[1], points, population, Some.Noon));
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(500)]
    public async Task EachNode_AnyNumberOfBuckets_EqualsTheStores(int points)
    {
        foreach (var nodes in (int[][])[[3, 1, 2], [2, 2], [99], []])
        {
            var found = DuckDb.EachNode(nodes, _changes[0] - 5000, _changes[1], points, Some.Noon);

            AssertSame((await Store.EachNodeAsync(nodes, _changes[0] - 5000, _changes[1], points, default)).OrderBy(n => n.Key), found.OrderBy(n => n.Key));
            foreach (var (node, series) in found) AssertSame(DuckDb.Fleet([node], _changes[0] - 5000, _changes[1], points, Population.Readings, Some.Noon), series);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Zones))]
    public async Task HoursOfWeek_AnyZone_EqualTheStores(string zoneId)
    {
        var zone = DateTimeZoneProviders.Tzdb[zoneId];
        foreach (var population in Enum.GetValues<Population>())
            foreach (var range in Ranges())
                AssertSame(await Store.HoursOfWeekAsync([1, 3], range, zone, population, default), DuckDb.HoursOfWeek([1, 3], range, zone, population));
    }

    [SkippableFact]
    public async Task Follow_NodeRemovedAndSentAgain_HoldsWhatTheStoreHolds()
    {
        await _fixture.NodeStore.DeleteAsync(2, default);
        await AppendAsync([Some.Reading(node: 2, time: _changes[0], temperature: 4)]);
        await FollowAsync();

        Assert.Equal(await _fixture.Store.CountAsync(new(null, TimeRange.All), default), _sidePath.CountRows(default));
        AssertSame(await Store.StatisticsAsync(2, TimeRange.All, [50], default), DuckDb.Statistics(2, TimeRange.All, [50]));
    }

    [SkippableFact]
    public async Task Follow_OldReadingsRemoved_HoldsWhatTheStoreHolds()
    {
        var before = (_changes[1] / 86_400) * 86_400;
        var removed = await _fixture.Store.RemoveBeforeAsync(before, default);
        await FollowAsync();

        Assert.True(removed > 0);
        Assert.Equal(Fixture().Length - removed, _sidePath.CountRows(default));
        for (var node = 1; node <= Nodes; node++)
            AssertSame(await Store.StatisticsAsync(node, TimeRange.All, [50], default), DuckDb.Statistics(node, TimeRange.All, [50]));
    }

    [SkippableFact]
    public async Task Sort_EveryMonth_ChangesNoAnswer()
    {
        while (_sidePath.SortOneMonth(default)) { }

        AssertSame(await Store.StatisticsAsync(1, TimeRange.All, [50, 95], default), DuckDb.Statistics(1, TimeRange.All, [50, 95]));
        Assert.Equal(Fixture().Length, _sidePath.CountRows(default));
    }

    [SkippableFact]
    public void Reopen_AfterChangesWereApplied_GoesOnBehindThem()
    {
        var applied = _sidePath.Applied;
        _sidePath.Dispose();
        _sidePath = DuckDbSidePath.Open(new AnalyticsOptions { Path = _folder.File("side.duckdb"), Threads = 2 }, default);

        Assert.Equal(applied, _sidePath.Applied);
        Assert.Equal(Fixture().Length, _sidePath.CountRows(default));
    }

    private static TimeRange[] Ranges() =>
        [TimeRange.All, new(_changes[0] - 10_000, _changes[0] + 10_000), new(null, _changes[2]), new(_changes[1], null), new(5, 6)];

    // Two days around each change at five minutes, with gaps, a value missing here and there, and temperatures around 0 °C.
    private static Reading[] Fixture()
    {
        var random = new Random(7);
        var readings = new List<Reading>();
        for (var node = 1; node <= Nodes; node++)
        {
            foreach (var change in _changes)
            {
                for (var time = change - 86_400 + node; time < change + 86_400; time += 300)
                {
                    if (random.Next(10) == 0) continue;
                    var missing = random.Next(8);
                    readings.Add(new Reading(node, time, missing == 0 ? null : (short)random.Next(-300, 300), missing == 1 ? null : (short)random.Next(10_001),
                        0, time + 1, null));
                }
            }
        }
        return [.. readings];
    }

    private async Task AppendAsync(Reading[] readings) => await _fixture.Store.AddAsync(readings);

    private async Task FollowAsync()
    {
        while (await _fixture.Changes.ReadChangesAsync(_sidePath.Applied.Batch, default) is var next && next.UpTo > _sidePath.Applied.Batch)
            _sidePath.Apply(next, default);
    }

    private static decimal Interpolate(decimal[] sorted, decimal percentile)
    {
        var rank = percentile / 100 * (sorted.Length - 1);
        var (low, high) = (sorted[(int)Math.Floor(rank)], sorted[(int)Math.Ceiling(rank)]);
        return Math.Round((low + ((high - low) * (rank - Math.Floor(rank)))) / 100, 4, MidpointRounding.AwayFromZero);
    }

    private static void AssertSame(object expected, object actual) => Assert.Equal(Text(expected), Text(actual));

    // 0.50 and 0.5 are one number; how each came about does not matter.
    private static string Text(object value) => JsonSerializer.Serialize(value, _plain);

    private sealed class Plain : System.Text.Json.Serialization.JsonConverter<decimal>
    {
        public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDecimal();

        public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options)
            => writer.WriteNumberValue(value / 1.0000000000000000000000000000m);
    }
}
