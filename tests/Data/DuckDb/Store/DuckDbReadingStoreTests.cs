using System.Data.Common;
using Microsoft.Extensions.Options;
using NodaTime;
using SensorDash.Data.Analytics;
using SensorDash.Data.DuckDb.Queries;
using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Tests.Readings;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.DuckDb.Store;

public sealed class DuckDbReadingStoreTests : ReadingStoreContract
{
    private const string FatalError = "SET debug_checkpoint_abort = 'before_header'; CHECKPOINT";

    private DuckDbStoreFixture DuckDb => (DuckDbStoreFixture)Fixture;

    protected override async Task<StoreFixture> CreateFixtureAsync() => await DuckDbStoreFixture.CreateAsync();

    [Fact]
    public async Task Append_ReadingsOfSeveralMonthsInAnyOrder_AreKeptAndFoundAsOneTable()
    {
        const long Month = 31 * 86_400;
        await Store.AddAsync(Reading(1, Noon), Reading(1, Noon - (5 * Month)), Reading(1, Noon - Month));
        await Store.AddAsync(Reading(1, Noon - (3 * Month)), Reading(1, Noon - Month), Reading(1, Noon - (3 * Month)));

        Assert.Equal([Noon, Noon - Month, Noon - (3 * Month), Noon - (5 * Month)], (await Store.AllAsync()).Select(r => r.Timestamp));
        Assert.Equal(4, await Fixture.ScalarAsync("SELECT count(*) FROM sensor_readings"));
        Assert.Equal(2, (await Fixture.NodeStore.FindAsync(1, default))!.DuplicatesSeen);
    }

    [Fact]
    public async Task ReadNewest_NodesSilentForMonthsAndMinutes_GivesEachItsNewest()
    {
        const long Day = 86_400;
        await Store.AddAsync([.. from day in Enumerable.Range(0, 400) select Reading(1, Noon - (day * Day))]);
        await Store.AddAsync([.. from minute in Enumerable.Range(0, 400) select Reading(2, Noon - (200 * Day) - (minute * 60))]);
        await Store.AddAsync(Reading(3, Noon - (900 * Day)));

        var newest = await Store.ReadNewestAsync([1, 2, 3], 100, default);

        Assert.Equal(Enumerable.Range(0, 100).Select(day => Noon - (day * Day)), newest[1].Select(r => r.Timestamp));
        Assert.Equal(Enumerable.Range(0, 100).Select(minute => Noon - (200 * Day) - (minute * 60)), newest[2].Select(r => r.Timestamp));
        Assert.Equal([Noon - (900 * Day)], newest[3].Select(r => r.Timestamp));
    }

    [Fact]
    public async Task SortOneMonth_RowsThatCameInOrderOfTime_LieByNodeAndAnswersStayTheSame()
    {
        await Store.AddAsync([.. from time in Enumerable.Range(0, 300) from node in Enumerable.Range(1, 5) select Reading(node, Noon + time)]);
        var before = await Store.AllAsync();

        Assert.True(await DuckDb.DuckDb.SortOneMonthAsync(default));

        Assert.False(await DuckDb.DuckDb.SortOneMonthAsync(default));
        Assert.Equal(before, await Store.AllAsync());
        Assert.Equal(0, await Fixture.ScalarAsync("""
            SELECT count(*) FROM (SELECT (node_address, "timestamp") < lag((node_address, "timestamp")) OVER (ORDER BY rowid) AS back FROM readings_202607) WHERE back
            """));
        Assert.Equal(1, await Store.AddAsync(Reading(1, Noon + 300), Reading(1, Noon + 5)));
    }

    [Fact]
    public async Task Open_Again_KnowsWhatWasStored()
    {
        await Store.AddAsync(Reading(1), Reading(2));
        DuckDb.DuckDb.Dispose();
        DuckDb.File.Dispose();
        using var file = new DuckDbReadingFile(Microsoft.Extensions.Options.Options.Create(new ReadingsOptions { DuckDb = { Path = DuckDb.File.Path } }), TimeProvider.System, new RecordedLog<DuckDbReadingFile>());
        using var store = new DuckDbReadingStore(file, Fixture.Contexts, Fixture.WriterLock, new CommitSignal(), Options.Create(Fixture.NodeLimit), Fixture.Clock);

        Assert.Equal(1, await store.AddAsync(Reading(1), Reading(2, Noon + 1)));

        Assert.Equal(3, await store.CountAsync(default(ReadingFilter), default));
        Assert.Equal(2, (await new DuckDbReadingChangeFeed(file).ReadLagAsync(0, default)).LastBatch);
    }

    [Theory]
    [InlineData("write", "write")]
    [InlineData("read", "write")]
    [InlineData("write", "read")]
    [InlineData("read", "read")]
    public async Task Store_AfterAFatalError_IsUnavailableOnceAndThenGoesOn(string first, string second)
    {
        await Store.AddAsync(Reading(1));
        await Store.CountAsync(new(1, new(Noon, Noon)), default);
        Assert.ThrowsAny<DbException>(() => DuckDb.Execute(FatalError));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => UseAsync(first));

        await UseAsync(second);
        Assert.Equal(0, await Store.AddAsync(Reading(1)));
        Assert.Equal(1, (await Fixture.NodeStore.FindAsync(1, default))!.DuplicatesSeen);

        Task UseAsync(string how) => how == "write" ? Store.AddAsync(Reading(2)) : Store.CountAsync(new(1, new(Noon, Noon)), default);
    }

    [Fact]
    public async Task Store_FatalErrorWhileAnExportIsRead_GoesOn()
    {
        await Store.AddAsync([.. Run(1, 6000, interval: 3600)]);
        using var reader = DuckDb.File.ConnectReader(default);
        var export = new DuckDbAnalytics(reader).Buckets(default, default, DateTimeZone.Utc, CalendarUnit.Hour).GetEnumerator();
        Assert.True(export.MoveNext());
        Assert.ThrowsAny<DbException>(() => DuckDb.Execute(FatalError));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => Store.AddAsync(Reading(2)));

        Assert.Equal(1, await Store.AddAsync(Reading(2)));
        Assert.Throws<StoreUnavailableException>(() => { while (export.MoveNext()) { } });
    }
}
