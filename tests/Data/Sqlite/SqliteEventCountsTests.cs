using SensorDash.Data.Events;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Tests.Events;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Sqlite;

public sealed class SqliteEventCountsTests : EventCountsContract
{
    private SqliteStoreFixture _sqlite = null!;

    protected override async Task<StoreFixture> CreateFixtureAsync() => _sqlite = await SqliteStoreFixture.CreateAsync();

    protected override IEventCounts Open() => new SqliteEventCounts(_sqlite.Database);

    [Theory]
    [InlineData(Timebase.Canonical, "PRIMARY KEY (canonical_truth_time>? AND canonical_truth_time<?)")]
    [InlineData(Timebase.Source, "COVERING INDEX ix_parsed_events_source_order (source_truth_time>? AND source_truth_time<?)")]
    public async Task CountQuery_Plan_ReadsARangeOfAnIndexAndSortsNothing(Timebase timebase, string index)
    {
        var query = new EventCountQuery(EventFilter.All, timebase, 0, 10, 0, 1);
        await using var connection = await _sqlite.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + SqliteEventCounts.SqlOf(Lane.Parsed, query);
        SqliteEventCounts.Bind(command, query);
        var plan = new List<string>();
        await using var rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync()) plan.Add(rows.GetString(3));

        Assert.Contains(plan, line => line.EndsWith(index, StringComparison.Ordinal));
        Assert.DoesNotContain(plan, line => line.Contains("TEMP B-TREE", StringComparison.Ordinal));
    }
}
