using SensorDash.Data.Events;
using SensorDash.Data.Sqlite;
using SensorDash.Data.Tests.Events;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Sqlite;

public sealed class SqliteEventStoreTests : EventStoreContract
{
    private SqliteStoreFixture Sqlite => (SqliteStoreFixture)Fixture;

    protected override async Task<StoreFixture> CreateFixtureAsync() => await SqliteStoreFixture.CreateAsync();

    protected override IEventStore Open(EventCommitSignal commits) => new SqliteEventStore(Sqlite.Database, commits, Fixture.Clock);

    protected override Task ExecuteAsync(params string[] statements) => Sqlite.ExecuteAsync(string.Join(';', statements));

    public static TheoryData<Lane, Timebase, EventDirection, bool> Reads
    {
        get
        {
            var reads = new TheoryData<Lane, Timebase, EventDirection, bool>();
            foreach (var lane in Lanes.All)
                foreach (var timebase in Enum.GetValues<Timebase>())
                    foreach (var direction in Enum.GetValues<EventDirection>())
                        foreach (var behindAPlace in new[] { true, false })
                            reads.Add(lane, timebase, direction, behindAPlace);
            return reads;
        }
    }

    [Theory]
    [MemberData(nameof(Reads))]
    public async Task PageQuery_Plan_ComesOutOfItsIndexUnsorted(Lane lane, Timebase timebase, EventDirection direction, bool behindAPlace)
    {
        var after = new EventPosition(SomeEvents.Noon, lane, lane == Lane.Raw ? "c" : null, 0, default);
        foreach (var filter in SomeEvents.FiltersOf(lane))
        {
            var query = new EventQuery(filter, timebase, direction, SomeEvents.Noon - 5, SomeEvents.Noon + 5, behindAPlace ? after : null);

            var plan = await PlanAsync(lane, query);

            Assert.StartsWith("SEARCH", plan, StringComparison.Ordinal);
            Assert.Contains(timebase == Timebase.Source ? $"ix_{lane.Name()}_events_source_order" : "PRIMARY KEY", plan, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(EventDirection.Forward)]
    [InlineData(EventDirection.Backward)]
    public async Task UiStateQuery_Plan_SearchesTheIndexOfViewsUnsorted(EventDirection direction)
    {
        var after = new EventPosition(SomeEvents.Noon, Lane.Ui, null, 0, default);
        var view = EventQueries.FilterOf(new UiView("s", "sys", "con", "u", "v"), UiEvent.Update);

        var plan = await PlanAsync(Lane.Ui, new EventQuery(view, Timebase.Canonical, direction, To: SomeEvents.Noon, After: after));

        Assert.Contains("USING INDEX ix_ui_events_view_order (system_id=? AND container_id=? AND unique_id=? AND view_id=? AND ", plan, StringComparison.Ordinal);
        Assert.Contains("canonical_truth_time", plan, StringComparison.Ordinal);
    }

    // The only line of the plan: a sort would be a second one.
    private async Task<string> PlanAsync(Lane lane, EventQuery query)
    {
        await using var connection = await Sqlite.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + SqliteEventPages.SqlOf(lane, query);
        SqliteEventPages.Bind(command, lane, query);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync()) lines.Add(reader.GetString(3));
        return Assert.Single(lines);
    }

    [Theory]
    [InlineData("event_index")]
    [InlineData("raw_events")]
    [InlineData("parsed_events")]
    [InlineData("ui_events")]
    [InlineData("command_events")]
    [InlineData("metadata_events")]
    public async Task Table_OfEvents_LiesInTheOrderOfItsKey(string table)
        => Assert.Equal(1, await Fixture.ScalarAsync($"SELECT count(*) FROM sqlite_master WHERE name = '{table}' AND sql LIKE '%WITHOUT ROWID%'"));
}
