using System.Data.Common;
using Microsoft.Extensions.Logging;
using SensorDash.Data.DuckDb.Store;
using SensorDash.Data.Storage;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.DuckDb.Store;

public sealed class DuckDbReadingSorterTests
{
    [Fact]
    public async Task Sorter_StoreAwayForLong_SaysSoOnceAndThenSorts()
    {
        await using var fixture = await DuckDbStoreFixture.CreateAsync();
        await fixture.Store.AddAsync(Reading(2), Reading(1, Noon + 1));
        var log = new RecordedLog<DuckDbReadingSorter>();
        using var sorter = new DuckDbReadingSorter(fixture.DuckDb, new CommitSignal(), fixture.Clock, log);
        using (var dead = new DuckDbClient(fixture.File.Path)) // While it is held, DuckDB gives it to whoever opens the file.
        {
            Assert.ThrowsAny<DbException>(() => dead.Execute("SET debug_checkpoint_abort = 'before_header'; CHECKPOINT"));

            await sorter.StartAsync(default);
            for (var i = 0; i < 3; i++)
            {
                await fixture.Clock.TimerPendingAsync().WaitAsync(WaitFor.Limit);
                fixture.Clock.Advance(TimeSpan.FromSeconds(10));
            }
            await fixture.Clock.TimerPendingAsync().WaitAsync(WaitFor.Limit);
        }
        var line = Assert.Single(log.Lines);
        Assert.Equal(LogLevel.Warning, line.Level);
        Assert.IsType<StoreUnavailableException>(line.Error);

        fixture.Clock.Advance(TimeSpan.FromSeconds(10));
        await WaitFor.TrueAsync("the month is sorted", async () => await fixture.ScalarAsync("SELECT sum(unsorted)::BIGINT FROM months") == 0);

        Assert.Single(log.Lines);
        await sorter.StopAsync(default);
    }
}
