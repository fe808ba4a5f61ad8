using SensorDash.Data.Tests.Readings;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Timescale;

/// <summary>The contract on a PostgreSQL server without the extension.</summary>
public sealed class PlainPostgresReadingStoreTests : ReadingStoreContract
{
    protected override int RandomCases => 4;

    protected override async Task<StoreFixture> CreateFixtureAsync() => await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Plain);
}

/// <summary>The contract on TimescaleDB, of the edition that the server has.</summary>
public sealed class TimescaleReadingStoreTests : ReadingStoreContract
{
    protected override int RandomCases => 4;

    protected override async Task<StoreFixture> CreateFixtureAsync() => await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
}

public sealed class PlainPostgresReadingChangesTests : ReadingChangeFeedContract
{
    protected override async Task<StoreFixture> CreateFixtureAsync() => await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Plain);
}

public sealed class TimescaleReadingChangesTests : ReadingChangeFeedContract
{
    protected override async Task<StoreFixture> CreateFixtureAsync() => await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
}

public sealed class DuckDbReadingChangesTests : ReadingChangeFeedContract
{
    protected override async Task<StoreFixture> CreateFixtureAsync() => await DuckDbStoreFixture.CreateAsync();
}

public sealed class SqliteReadingChangesTests : ReadingChangeFeedContract
{
    protected override async Task<StoreFixture> CreateFixtureAsync() => await SqliteStoreFixture.CreateAsync();
}
