using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SensorDash.Data.Access;
using SensorDash.Data.Retention;
using SensorDash.Data.Sqlite;
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
    [InlineData(true, LogLevel.Warning, 5)]
    [InlineData(false, LogLevel.Error, 3_600)]
    public async Task Removal_Fails_IsLoggedOnceAndTriedAgain(bool isExpected, LogLevel level, int secondsUntilRetry)
    {
        await _fixture.Store.AddAsync(Reading(1, Noon - (2 * 86_400)));
        Exception error = isExpected ? new StoreUnavailableException("The store is away.") : new InvalidOperationException("A mistake.");
        var (store, log) = (new FailingStore(_fixture.Store) { RemovalError = error }, new RecordedLog<RetentionWorker>());
        var rules = new RetentionRules(_fixture.Contexts, _fixture.NodeStore, Options.Create(new RetentionOptions { Readings = new() { Default = 1 } }), _fixture.Clock);
        using var worker = new RetentionWorker(new(store, _fixture.NodeStore, new SqliteEventRemoval(_fixture.Database), rules, _fixture.Clock), rules, new(Options.Create(new RetentionOptions { ClockFile = _fixture.Database.Path + RetentionClock.Ending }), rules, _fixture.Clock, NullLogger<RetentionClock>.Instance), _fixture.Audit, _fixture.Clock, log);

        await worker.StartAsync(default);
        await WaitFor.TrueAsync("the failure is logged", () => log.Lines.Count > 0);
        for (var retry = 0; retry < 2; retry++)
        {
            await _fixture.Clock.TimerPendingAsync();
            _fixture.Clock.Advance(TimeSpan.FromSeconds(5));
        }
        Assert.Equal([(level, error)], log.Lines);
        store.RemovalError = null;
        _fixture.Clock.Advance(TimeSpan.FromSeconds(secondsUntilRetry));
        await WaitFor.TrueAsync("the old reading is removed", async () => await _fixture.Store.CountAsync(default, default) == 0);

        await WaitFor.TrueAsync("the audit log tells it", async () => await _fixture.Audit.FindLastAsync(AuditAction.ReadingsExpire, default) is { Detail: "1 readings" });

        await worker.StopAsync(default);
    }

    [Fact]
    public async Task Removal_OfADayThatIsOver_BeginsWithTheNextDay()
    {
        await _fixture.Store.AddAsync(Reading(1, Noon - 86_400));
        _fixture.Clock.Advance(TimeSpan.FromHours(11.75)); // A quarter of an hour before the day is over.
        var log = new RecordedLog<RetentionWorker>();
        var rules = new RetentionRules(_fixture.Contexts, _fixture.NodeStore, Options.Create(new RetentionOptions { Readings = new() { Default = 1 } }), _fixture.Clock);
        using var worker = new RetentionWorker(new(_fixture.Store, _fixture.NodeStore, new SqliteEventRemoval(_fixture.Database), rules, _fixture.Clock), rules, new(Options.Create(new RetentionOptions { ClockFile = _fixture.Database.Path + RetentionClock.Ending }), rules, _fixture.Clock, NullLogger<RetentionClock>.Instance), _fixture.Audit, _fixture.Clock, log);

        await worker.StartAsync(default);
        await _fixture.Clock.TimerPendingAsync();
        _fixture.Clock.Advance(TimeSpan.FromMinutes(16));
        await WaitFor.TrueAsync("the old reading is removed", async () => await _fixture.Store.CountAsync(default, default) == 0);

        await worker.StopAsync(default);
    }

    [Fact]
    public async Task Settings_NameANodeThatDoesNotExist_IsLoggedOnceAndRetentionGoesOnWhenItAppears()
    {
        await _fixture.Store.AddAsync(Reading(1, Noon - (9 * 86_400)));
        var log = new RecordedLog<RetentionWorker>();
        var rules = new RetentionRules(_fixture.Contexts, _fixture.NodeStore, Options.Create(new RetentionOptions { Readings = new() { Default = 1, Nodes = { ["7"] = 3_650 } } }), _fixture.Clock); // Longer than the test can move the clock while the worker is busy.
        using var worker = new RetentionWorker(new(_fixture.Store, _fixture.NodeStore, new SqliteEventRemoval(_fixture.Database), rules, _fixture.Clock), rules, new(Options.Create(new RetentionOptions { ClockFile = _fixture.Database.Path + RetentionClock.Ending }), rules, _fixture.Clock, NullLogger<RetentionClock>.Instance), _fixture.Audit, _fixture.Clock, log);

        await worker.StartAsync(default);
        await WaitFor.TrueAsync("the error is logged", () => log.Lines.Count > 0);
        for (var hour = 0; hour < 3; hour++)
        {
            await _fixture.Clock.TimerPendingAsync();
            _fixture.Clock.Advance(TimeSpan.FromHours(1));
        }
        Assert.Equal([(LogLevel.Error, null)], log.Lines);
        await _fixture.Store.AddAsync(Reading(7, Noon - (9 * 86_400)));
        await WaitFor.TrueAsync("the old reading is removed", async () =>
        {
            _fixture.Clock.Advance(TimeSpan.FromHours(1));
            return await _fixture.Store.CountAsync(default, default) == 1;
        });

        await worker.StopAsync(default);
    }
}
