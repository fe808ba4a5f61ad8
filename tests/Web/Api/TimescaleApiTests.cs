using SensorDash.Data.Timescale;

namespace SensorDash.Web.Tests.Api;

// Whatever the API says, it says the same on PostgreSQL.
public sealed class TimescaleAnalyticsApiTests : AnalyticsApiTests
{
    protected override TimescaleEdition? Edition => TimescaleEdition.Apache;
}

public sealed class TimescaleAuditApiTests : AuditApiTests
{
    protected override TimescaleEdition? Edition => TimescaleEdition.Apache;
}

public sealed class TimescaleEventsApiTests : EventsApiTests
{
    protected override TimescaleEdition? Edition => TimescaleEdition.Apache;
}

public sealed class TimescaleIngestApiTests : IngestApiTests
{
    protected override TimescaleEdition? Edition => TimescaleEdition.Apache;
}

public sealed class TimescaleLineProtocolApiTests : LineProtocolApiTests
{
    protected override TimescaleEdition? Edition => TimescaleEdition.Apache;
}

public sealed class TimescaleNodesApiTests : NodesApiTests
{
    protected override TimescaleEdition? Edition => TimescaleEdition.Apache;
}

public sealed class TimescaleReadingsApiTests : ReadingsApiTests
{
    protected override TimescaleEdition? Edition => TimescaleEdition.Apache;
}

public sealed class TimescaleZonesApiTests : ZonesApiTests
{
    protected override TimescaleEdition? Edition => TimescaleEdition.Apache;
}
