using SensorDash.Data.Events;
using SensorDash.Data.Tests.Events;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Timescale;

public sealed class PlainPostgresEventCountsTests() : PostgresEventCountsTests(TimescaleEdition.Plain);

public sealed class TimescaleEventCountsTests() : PostgresEventCountsTests(TimescaleEdition.Apache);

public abstract class PostgresEventCountsTests(TimescaleEdition edition) : EventCountsContract
{
    private TimescaleStoreFixture _timescale = null!;

    protected override async Task<StoreFixture> CreateFixtureAsync() => _timescale = await TimescaleStoreFixture.CreateAsync(edition);

    protected override IEventCounts Open() => new TimescaleEventCounts(_timescale.Database);
}
