using SensorDash.Data.Tests.DuckDb.Queries;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Timescale;

/// <summary>The same answers from the readings of a PostgreSQL server without the extension.</summary>
public sealed class PlainPostgresAnalyticsTests : DuckDbAnalyticsTests
{
    protected override async Task<StoreFixture> CreateFixtureAsync() => await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Plain);
}

/// <summary>The same answers from a hypertable.</summary>
public sealed class TimescaleAnalyticsTests : DuckDbAnalyticsTests
{
    protected override async Task<StoreFixture> CreateFixtureAsync() => await TimescaleStoreFixture.CreateAsync(TimescaleEdition.Apache);
}
