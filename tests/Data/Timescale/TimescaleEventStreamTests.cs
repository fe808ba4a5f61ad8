using Microsoft.Extensions.Logging.Abstractions;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;
using SensorDash.Data.Tests.Streaming;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Timescale;

public sealed partial class TimescaleEventStreamTests : EventStreamContract
{
    private readonly List<TimescaleEventStore> _stores = [];

    private TimescaleStoreFixture Timescale => (TimescaleStoreFixture)Fixture;

    protected override int RandomReplays => 30; // Each window is several round trips.

    protected override async Task<StoreFixture> CreateFixtureAsync() => await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);

    protected override IEventStore OpenStore(EventCommitSignal commits)
    {
        var store = new TimescaleEventStore(Timescale.Database, commits, Fixture.Clock);
        _stores.Add(store);
        return store;
    }

    protected override Task ExecuteAsync(string statement) => Timescale.ExecuteAsync(statement);

    protected override string SecondOfCanonicalTime => "date_trunc('second', canonical_truth_time)";

    protected override IDisposable Listen(EventCommitSignal commits)
    {
        var listener = new TimescaleCommitListener(Timescale.Database, new CommitSignal(), commits, TimeProvider.System, NullLogger<TimescaleCommitListener>.Instance);
        _ = listener.StartAsync(default);
        return listener;
    }

    public override async Task DisposeAsync()
    {
        foreach (var store in _stores) await store.DisposeAsync();
        await base.DisposeAsync();
    }
}
