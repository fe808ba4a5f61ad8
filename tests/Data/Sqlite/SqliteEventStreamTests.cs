using SensorDash.Data.Events;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Tests.Streaming;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Sqlite;

public sealed class SqliteEventStreamTests : EventStreamContract
{
    protected override async Task<StoreFixture> CreateFixtureAsync() => await SqliteStoreFixture.CreateAsync();

    protected override IEventStore OpenStore(EventCommitSignal commits) => new SqliteEventStore(((SqliteStoreFixture)Fixture).Database, commits, Fixture.Clock);

    protected override Task ExecuteAsync(string statement) => ((SqliteStoreFixture)Fixture).ExecuteAsync(statement);

    protected override string SecondOfCanonicalTime => "canonical_truth_time / 1000000 * 1000000";
}
