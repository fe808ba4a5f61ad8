using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SensorDash.Data.Access;
using SensorDash.Data.Retention;
using SensorDash.Data.Storage;
using SensorDash.Data.Tests.Ingest;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Retention;

/// <summary>Old readings that cannot be removed now are removed later, and the hub goes on meanwhile.</summary>
public sealed class RetentionWorkerTests : IAsyncLifetime
{
    private SqliteStoreFixture _fixture = null!;

    public async Task InitializeAsync() => _fixture = await SqliteStoreFixture.CreateAsync();

    public async Task DisposeAsync() => await _fixture.DisposeAsync();

    [Theory]
    [InlineData(true, LogLevel.Warning)]
    [InlineData(false, LogLevel.Error)]
    public async Task Removal_Fails_IsLoggedAndTriedAgainAnHourLater(bool isExpected, LogLevel level)
    {
        await _fixture.Store.AddAsync(Reading(1, Noon - (2 * 86_400)));
        Exception error = isExpected ? new StoreUnavailableException("The store is away.") : new InvalidOperationException("A mistake.");
        var (store, log) = (new FailingStore(_fixture.Store) { RemovalError = error }, new RecordedLog<RetentionWorker>());
        using var worker = new RetentionWorker(store, _fixture.Audit, Options.Create(new RetentionOptions { ReadingDays = 1 }), _fixture.Clock, log);

        await worker.StartAsync(default);
        await WaitFor.TrueAsync("the failure is logged", () => log.Lines.Count > 0);
        Assert.Equal([(level, error)], log.Lines);
        store.RemovalError = null;
        _fixture.Clock.Advance(TimeSpan.FromHours(1));
        await WaitFor.TrueAsync("the old reading is removed", async () => await _fixture.Store.CountAsync(default, default) == 0);

        await WaitFor.TrueAsync("the audit log tells it", async () => await _fixture.Audit.FindLastAsync(AuditAction.ReadingsExpire, default) is { Detail: "1 readings" });

        await worker.StopAsync(default);
    }
}
