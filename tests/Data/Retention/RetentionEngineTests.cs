using Npgsql;
using SensorDash.Data.Events;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;
using static SensorDash.Data.Tests.Events.SomeEvents;

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
    private const string Chunks = "SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = ";

    protected override bool HasChunks => true;

    [SkippableFact]
    public async Task Run_OldChunks_AreDroppedWithTheirRowsAndThoseOfTheIndexLater()
    {
        for (var day = 0; day < 12; day++)
        {
            await AddAsync(Raw(Now), Parsed(Now), Ui(Now), Ui(Now + 1, type: UiEvent.Checkpoint), Metadata(Now));
            Fixture.Clock.Advance(TimeSpan.FromDays(1));
        }
        Assert.Equal((12, 12), (await Fixture.ScalarAsync(Chunks + "'raw_events'"), await Fixture.ScalarAsync(Chunks + "'event_index'")));

        await Run().RemoveEventsAsync(default);

        // Five whole days and today, on which nothing has come yet; of lanes of which some stay, the chunk of the day before too. The index has twice as many.
        Assert.Equal((5, 5), (await Fixture.ScalarAsync(Chunks + "'raw_events'"), await Fixture.ScalarAsync(Chunks + "'parsed_events'")));
        Assert.Equal((6, 6), (await Fixture.ScalarAsync(Chunks + "'ui_events'"), await Fixture.ScalarAsync(Chunks + "'metadata_events'")));
        Assert.Equal(10, await Fixture.ScalarAsync(Chunks + "'event_index'"));
    }

    [SkippableFact]
    public async Task Run_EmptyChunkThatSomebodyReads_CountsItsRowsAndDropsItLater()
    {
        for (var day = 0; day < 12; day++)
        {
            await AddAsync(Metadata(Now));
            Fixture.Clock.Advance(TimeSpan.FromDays(1));
        }
        var run = Run();
        await using (var reader = await ((TimescaleStoreFixture)Fixture).Database.DataSource.OpenConnectionAsync())
        await using (var reading = await reader.BeginTransactionAsync())
        {
            await using var read = new NpgsqlCommand("SELECT count(*) FROM metadata_events", reader);
            await read.ExecuteScalarAsync();

            await run.RemoveEventsAsync(default);
        }

        Assert.Equal(6, run.Totals.Single(kind => kind.Key == "metadata").Value);
        Assert.Equal((6, 12), (await Fixture.ScalarAsync("SELECT count(*) FROM metadata_events"), await Fixture.ScalarAsync(Chunks + "'metadata_events'")));
        await AddAsync(Metadata(Now));
        Fixture.Clock.Advance(TimeSpan.FromDays(1));
        await run.RemoveEventsAsync(default);
        Assert.Equal((6, 6), (await Fixture.ScalarAsync("SELECT count(*) FROM metadata_events"), await Fixture.ScalarAsync(Chunks + "'metadata_events'")));
    }
}
