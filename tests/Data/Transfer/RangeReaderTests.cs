using System.Globalization;
using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Tests.Events;
using SensorDash.Data.Transfer;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Transfer;

/// <summary>Ranges of time, read in the order of each engine.</summary>
public sealed class RangeReaderTests
{
    private const long First = Some.Noon - (29 * 30);

    public static TheoryData<TransferEngine> Engines => [.. Enum.GetValues<TransferEngine>()];

    [SkippableTheory]
    [MemberData(nameof(Engines))]
    public async Task Visit_AnyRange_GivesEachReadingOnce(TransferEngine engine)
    {
        await using var store = await FillAsync(engine);
        var all = await store.Fixture.Store.AllAsync(ReadingOrder.OldestFirst);

        // Ranges with many readings of each node, with few, and without any.
        TransferRange[] ranges = [TransferRange.All, new(First, Some.Noon), new(First + 1, Some.Noon - 31), new(Some.Noon - 30, Some.Noon + 1), new(Some.Noon, Some.Noon + 1), new(First - 9, First), new(Some.Noon + 1, Some.Noon + 9)];
        foreach (var range in ranges) Assert.Equal(all.Where(r => r.Timestamp >= range.From && r.Timestamp < range.To), await VisitAsync(store, range));
    }

    [SkippableTheory]
    [InlineData(TransferEngine.Sqlite)]
    [InlineData(TransferEngine.Timescale)]
    [InlineData(TransferEngine.DuckDb)]
    public async Task Visit_ReadingOfANodeThatIsNotListed_IsThere(TransferEngine engine)
    {
        await using var store = await FillAsync(engine);

        await store.ExecuteAsync("DELETE FROM nodes WHERE address = 2");

        Assert.Equal(30, (await VisitAsync(store, TransferRange.All)).Count(r => r.NodeAddress == 2));
        Assert.Equal(1, (await VisitAsync(store, new(Some.Noon, Some.Noon + 1))).Count(r => r.NodeAddress == 2));
    }

    [SkippableTheory]
    [MemberData(nameof(Engines))]
    public async Task FindEnd_AnyLimit_EndsBetweenInstantsAndNeverAtTheFirst(TransferEngine engine)
    {
        await using var store = await FillAsync(engine);

        Assert.Equal(First + 30, await EndAsync(First, 3)); // The three readings of the first instant.
        Assert.Equal(First + 30, await EndAsync(First, 5));
        Assert.Equal(First + 60, await EndAsync(First, 6));
        Assert.Equal(First + 1, await EndAsync(First, 2)); // Not all of them.
        Assert.Equal(First + 31, await EndAsync(First + 1, 1));
        Assert.Equal(Some.Noon, await EndAsync(First, 89));
        Assert.Equal(long.MaxValue, await EndAsync(First, 90));
        Assert.Equal(long.MaxValue, await EndAsync(Some.Noon + 1, 1));

        Task<long> EndAsync(long from, int limit) => store.Parts.Ranges.FindEndAsync(new(from, TransferRange.All.To), limit, CancellationToken.None);
    }

    [SkippableFact]
    public async Task FindEnd_RowsOfTwoMonthsOfDuckDb_AreCountedTogether()
    {
        await using var store = await TransferStore.CreateAsync(TransferEngine.DuckDb);
        var july = new DateTimeOffset(2026, 7, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds();
        await store.Fixture.Store.AddAsync(Some.Run(node: 1, count: 10, until: july + 120));

        Assert.Equal(july + 30, await store.Parts.Ranges.FindEndAsync(TransferRange.All, 6, CancellationToken.None));
        Assert.Equal(july - 30, await store.Parts.Ranges.FindEndAsync(TransferRange.All, 4, CancellationToken.None));
    }

    [SkippableTheory]
    [InlineData(TransferEngine.Sqlite)]
    [InlineData(TransferEngine.Timescale)]
    public async Task Visit_EventsOfAllLanes_GivesEachOnce(TransferEngine engine)
    {
        await using var store = await TransferStore.CreateAsync(engine);
        LaneEvent[] added = [SomeEvents.Raw(), SomeEvents.Parsed(), SomeEvents.Ui(), SomeEvents.Command(), SomeEvents.Metadata()];
        await store.Events.AppendAsync(added, new RowOutcome[added.Length], CancellationToken.None);
        var all = (await store.Events.ReadAsync(new(EventFilter.All, Timebase.Canonical, EventDirection.Forward), CancellationToken.None)).Events;

        foreach (var range in (TransferRange[])[TransferRange.All, new(all[1].CanonicalTime, all[4].CanonicalTime), new(all[2].CanonicalTime + 1, all[2].CanonicalTime + 1)])
        {
            var visited = new List<LaneEvent>();
            await store.Parts.Ranges.VisitEventsAsync(range, rows => visited.AddRange(rows), CancellationToken.None);
            Assert.Equal(all.Where(e => e.CanonicalTime >= range.From && e.CanonicalTime < range.To).Select(SomeEvents.Describe), visited.OrderBy(e => e.CanonicalTime).Select(SomeEvents.Describe));
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Engines))]
    public async Task Verify_OneRowOfManySlices_IsNamed(TransferEngine to)
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(to);
        for (var node = 1; node <= 3; node++) await source.Fixture.Store.AddAsync(Some.Run(node, count: 5_000));
        var record = (await source.CopyToAsync(target, new())).Transfer;
        var at = Some.Noon - (2_500 * 30);

        foreach (var each in to == TransferEngine.DuckDb ? ["readings_202606", "readings_202607"] : new[] { "sensor_readings" })
            await target.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"DELETE FROM {each} WHERE node_address = 2 AND \"timestamp\" = {target.Fixture.Seconds(at)}"));
        var report = await Transfers.VerifyAsync(source.Side, target.Side, record, source.Fixture.Clock);

        Assert.Equal(new Difference(DifferenceKind.Missing, "sensor_readings", string.Create(CultureInfo.InvariantCulture, $"2 at {at}"), null), Assert.Single(report.Differences, d => d.Table == "sensor_readings"));
        Assert.Equal((15_000, 14_999), (report.Parts[0].SourceRows, report.Parts[0].TargetRows));
    }

    private static async Task<TransferStore> FillAsync(TransferEngine engine)
    {
        var store = await TransferStore.CreateAsync(engine);
        await store.Fixture.Store.AddAsync([.. Some.Run(node: 1, count: 30), .. Some.Run(node: 2, count: 30), .. Some.Run(node: 3, count: 29)]);
        await store.Fixture.Store.AddAsync(Some.Reading(node: 3, time: First, temperature: null, flags: uint.MaxValue, deviceId: ulong.MaxValue));
        return store;
    }

    private static async Task<List<Reading>> VisitAsync(TransferStore store, TransferRange range)
    {
        var visited = new List<Reading>();
        await store.Parts.Ranges.VisitReadingsAsync(range, rows => visited.AddRange(rows), CancellationToken.None);
        return [.. visited.OrderBy(r => r.Timestamp).ThenByDescending(r => r.NodeAddress)];
    }
}
