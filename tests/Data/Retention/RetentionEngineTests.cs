using SensorDash.Data.Events;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Retention;

public sealed class SqliteReadingRetentionTests : ReadingRetentionContract
{
    protected override async Task<StoreFixture> CreateFixtureAsync() => await SqliteStoreFixture.CreateAsync();
}

public sealed class DuckDbReadingRetentionTests : ReadingRetentionContract
{
    protected override async Task<StoreFixture> CreateFixtureAsync() => await DuckDbStoreFixture.CreateAsync();

    // Columns are deleted faster than rows.
    protected override long StepRows => 1_000_000;
}

/// <summary>The contract on a PostgreSQL server without the extension.</summary>
public sealed class PlainPostgresReadingRetentionTests : ReadingRetentionContract
{
    protected override async Task<StoreFixture> CreateFixtureAsync() => await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Plain);
}

public sealed class TimescaleReadingRetentionTests : ReadingRetentionContract
{
    protected override async Task<StoreFixture> CreateFixtureAsync() => await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
}

public sealed class SqliteEventRetentionTests : EventRetentionContract
{
    protected override async Task<StoreFixture> CreateFixtureAsync() => await SqliteStoreFixture.CreateAsync();

    protected override IEventStore Open(EventCommitSignal commits) => new SqliteEventStore(((SqliteStoreFixture)Fixture).Database, commits, Fixture.Clock);

    protected override IEventRemoval OpenRemoval() => new SqliteEventRemoval(((SqliteStoreFixture)Fixture).Database);
}

public abstract class PostgresEventRetentionContract(TimescaleEdition edition) : EventRetentionContract
{
    private readonly List<TimescaleEventStore> _stores = [];

    protected override async Task<StoreFixture> CreateFixtureAsync() => await TimescaleStoreFixture.CreateAsync(edition);

    protected override IEventStore Open(EventCommitSignal commits)
    {
        var store = new TimescaleEventStore(((TimescaleStoreFixture)Fixture).Database, commits, Fixture.Clock);
        _stores.Add(store);
        return store;
    }

    protected override IEventRemoval OpenRemoval() => new TimescaleEventRemoval(((TimescaleStoreFixture)Fixture).Database);

    public override async Task DisposeAsync()
    {
        foreach (var store in _stores) await store.DisposeAsync();
        await base.DisposeAsync();
    }
}

/// <summary>The contract on a PostgreSQL server without the extension.</summary>
public sealed class PlainPostgresEventRetentionTests() : PostgresEventRetentionContract(TimescaleEdition.Plain);

public sealed class TimescaleEventRetentionTests() : PostgresEventRetentionContract(TimescaleEdition.Apache)
{
    protected override bool HasChunks => true;
}
