using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SensorDash.Data.Storage;
using SensorDash.Data.Tests.Ingest;
using SensorDash.Data.Upkeep;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Upkeep;

public sealed class RetentionWorkerTests
{
    public static TheoryData<Exception> Errors() => [new StoreUnavailableException("away"), new InvalidOperationException("unforeseen")];

    [Theory]
    [MemberData(nameof(Errors))]
    public async Task Removal_ThatFails_IsTriedAgainInAnHour(Exception error)
    {
        await using var fixture = await SqliteStoreFixture.CreateAsync();
        await fixture.Store.AddAsync(Some.Reading(time: Some.Noon - (3 * 86_400)), Some.Reading());
        var store = new FaultyStore(fixture.Store) { RemovalError = error };
        using var worker = new RetentionWorker(store, Options.Create(new RetentionOptions { ReadingDays = 1 }), fixture.Clock, NullLogger<RetentionWorker>.Instance);
        await worker.StartAsync(default);
        while (store.Removals == 0) await Task.Delay(10);

        store.RemovalError = null;
        fixture.Clock.Advance(TimeSpan.FromHours(1));
        for (var tried = 0; await fixture.Store.CountAsync(default, default) > 1; tried++)
        {
            Assert.True(tried < 1000);
            await Task.Delay(10);
        }

        await worker.StopAsync(default);
    }
}
