using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Access;

public sealed class SqliteAuditLogTests : AuditLogContract
{
    private SqliteStoreFixture _sqlite = null!;

    protected override async Task<StoreFixture> CreateFixtureAsync() => _sqlite = await SqliteStoreFixture.CreateAsync();

    protected override Task BreakAsync() => _sqlite.ExecuteAsync("CREATE TRIGGER refuse BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'full'); END");
}

public sealed class TimescaleAuditLogTests() : PostgresAuditLogTests(TimescaleEdition.Apache);

public sealed class PlainPostgresAuditLogTests() : PostgresAuditLogTests(TimescaleEdition.Plain);

public abstract class PostgresAuditLogTests(TimescaleEdition edition) : AuditLogContract
{
    private TimescaleStoreFixture _timescale = null!;

    protected override async Task<StoreFixture> CreateFixtureAsync() => _timescale = await TimescaleStoreFixture.CreateAsync(edition);

    protected override Task BreakAsync() => _timescale.ExecuteAsync("ALTER TABLE audit_entries ADD CONSTRAINT refuse CHECK (action <> 'node.delete')");
}
