using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;
using SensorDash.Data.Events;
using SensorDash.Data.Tests.Events;
using SensorDash.Data.Tests.Sqlite;
using SensorDash.Data.Timescale;
using SensorDash.Tests.Support;
using static SensorDash.Data.Tests.Events.SomeEvents;

namespace SensorDash.Data.Tests.Timescale;

public abstract class TimescaleEventStoreContract(TimescaleEdition edition) : EventStoreContract
{
    private readonly List<TimescaleEventStore> _stores = [];

    protected TimescaleStoreFixture Timescale => (TimescaleStoreFixture)Fixture;

    protected override async Task<StoreFixture> CreateFixtureAsync() => await TimescaleStoreFixture.CreateAsync(edition);

    protected override IEventStore Open(EventCommitSignal commits)
    {
        var store = new TimescaleEventStore(Timescale.Database, commits, Fixture.Clock);
        _stores.Add(store);
        return store;
    }

    protected override Task ExecuteAsync(params string[] statements) => Timescale.ExecuteAsync(statements);

    protected override string TiedCanonicalTime
        => "date_trunc('second', canonical_truth_time) + (extract(epoch FROM canonical_truth_time) * 1000000)::bigint % 3 * interval '1 us'";

    public override async Task DisposeAsync()
    {
        foreach (var store in _stores) await store.DisposeAsync();
        await base.DisposeAsync();
    }
}

/// <summary>The contract on a PostgreSQL server without the extension.</summary>
public sealed class PlainPostgresEventStoreTests() : TimescaleEventStoreContract(TimescaleEdition.Plain);

/// <summary>The contract on TimescaleDB, of the edition that the server has, and what only this engine does.</summary>
public sealed partial class TimescaleEventStoreTests() : TimescaleEventStoreContract(TimescaleEdition.Apache)
{
    private const long Day = 86_400_000_000;
    private const int Days = 12;

    [SkippableFact]
    public async Task Read_PayloadConditions_TheServerLeavesOutNothingThatMatches()
    {
        string[] contents = ["""{"a":{"b":"12"}}""", """{"a":{"b":12}}""", """{"a":{"b":true}}""", """{"a":{"b":"true"}}""", """{"a":{"b":null}}""", """{"a":[{"b":12}]}""",
            """{"a":{"b":[12]}}""", """{"a":["x","y"]}""", """{"a":{"0":"x"}}""", """{"":{"":"\u0001"}}""", """{"a\"":"\\"}""", """{"a":1e+21}""", """{"é😀":"é😀"}""", """{"a":{"b":1e-7}}""", "{}"];
        await AddAsync([.. contents.Select((json, i) => Parsed(Noon + i, payload: json))]);
        var all = await AllAsync();
        string[] paths = ["a.b", "a", "a.0", ".", "a\"", "é😀", "", "a.b.c", "a.\0", "a.\ud800"];
        string[] values = ["12", "12.0", "1.2e1", "true", "null", "x", "\u0001", "\\", "1e21", "1000000000000000000000", "é😀", "0.0000001", "\0", "\ud800", "\ufffd", ""];

        foreach (var (path, value) in paths.SelectMany(path => values.Select(value => (path, value))))
        {
            var filter = new EventFilter { Payload = [new PayloadCondition(path, value)] };
            var page = await Store.ReadAsync(new EventQuery(filter, Timebase.Canonical, EventDirection.Forward), default);
            Assert.Equal(all.Where(filter.Matches).Select(e => e.Id), page.Events.Select(e => e.Id));
        }
    }

    [SkippableFact]
    public async Task Tables_OfEvents_AreCutByTime()
    {
        Assert.Equal("command_events:canonical_truth_time,event_index:source_truth_time,metadata_events:canonical_truth_time,parsed_events:canonical_truth_time,"
            + "raw_events:canonical_truth_time,ui_events:canonical_truth_time", await Timescale.TextAsync("""
                SELECT string_agg(hypertable_name || ':' || column_name, ',' ORDER BY hypertable_name COLLATE "C") FROM timescaledb_information.dimensions
                WHERE hypertable_name LIKE '%event%'
                """));
    }

    [SkippableFact]
    public async Task PayloadCondition_WithTheContentIndex_FindsItsEventsByIt()
    {
        await FillAsync(Lane.Parsed, days: 1, seconds: 2);
        await Timescale.ExecuteAsync("UPDATE parsed_events SET payload = jsonb_build_object('speed', extract(epoch FROM canonical_truth_time)::bigint % 9000)");
        Timescale.Options.ContentIndex = true;
        await TimescaleModelTests.StartOf(Timescale).ApplySettingsAsync(default);
        await Timescale.ExecuteAsync("ANALYZE");
        var filter = new EventFilter { Lanes = [Lane.Parsed], Payload = [new PayloadCondition("speed", "18")] };
        var query = new EventQuery(filter, Timebase.Canonical, EventDirection.Forward, Noon, Noon + (Days * Day));

        var plan = await PlanAsync(Lane.Parsed, query, TimescaleEventPages.AllowSort);

        Assert.Contains("parsed_events_content", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Seq Scan on _hyper", plan, StringComparison.Ordinal);
        await using var database = new TimescaleDatabase(Microsoft.Extensions.Options.Options.Create(Timescale.Options));
        await using var store = new TimescaleEventStore(database, new(), Timescale.Clock);
        var found = (await store.ReadAsync(query, default)).Events;
        Assert.InRange(found.Count, 9, 10);
        Assert.Equal(found.OrderBy(e => e.CanonicalTime), found);
    }

    [SkippableFact]
    public async Task Read_TextsThatNoServerHolds_FindNothing()
    {
        await AddAsync(Raw(), Parsed());
        foreach (var text in (string[])["\0", "\ud800", "x\udc00"])
        {
            Assert.Empty((await Store.ReadAsync(new(new EventFilter { Scopes = [text] }, Timebase.Source, EventDirection.Forward), default)).Events);
            Assert.Equal(2, (await Store.ReadAsync(new(new EventFilter { Scopes = [text, "s"] }, Timebase.Source, EventDirection.Forward), default)).Events.Count);
            var named = new EventFilter { Lanes = [Lane.Raw], Fields = [new(EventField.ConnectionId, text)] };
            Assert.Empty((await Store.ReadAsync(new(named, Timebase.Source, EventDirection.Forward), default)).Events);
        }
    }

    [SkippableFact]
    public async Task Read_LargeAndSmallContent_IsFetchedInPiecesAndAllThere()
    {
        var large = new string('x', 300_000);
        await AddAsync([.. Enumerable.Range(0, 400).Select(i => Raw(Noon + i, sequence: i, frame: i % 5 == 0 ? large : "small"))]);

        var pages = 0;
        var read = new List<LaneEvent>();
        for (var query = new EventQuery(EventFilter.All, Timebase.Source, EventDirection.Backward, Limit: 10_000); ; pages++)
        {
            var page = await Store.ReadAsync(query, default);
            read.AddRange(page.Events);
            Assert.InRange(page.Events.Sum(e => e.Content.Length), 0, 17 << 20);
            if (page.Next is null) break;
            query = query with { After = page.Next };
        }

        Assert.Equal(1, pages);
        Assert.Equal(Enumerable.Range(0, 400).Reverse().Select(i => (long)i), read.Cast<RawEvent>().Select(e => e.Sequence));
    }

    [SkippableFact]
    public async Task Pages_OfOneSecond_SortNothingAndTouchOnlyChunksThatCanHaveIt()
    {
        foreach (var lane in Lanes.All) await FillAsync(lane);
        await Timescale.ExecuteAsync("ANALYZE");
        var from = Noon + (5 * Day);
        foreach (var (lane, timebase, direction, behindAPlace) in SqliteEventStoreTests.Reads.Select(r => ((Lane)r[0], (Timebase)r[1], (EventDirection)r[2], (bool)r[3])))
        {
            var after = new EventPosition(from + 500_000, lane, lane == Lane.Raw ? "c" : null, 0, default);
            foreach (var filter in FiltersOf(lane))
            {
                var plan = await PlanAsync(lane, new EventQuery(filter, timebase, direction, from, from + 1_000_000, behindAPlace ? after : null));

                AssertOrderedByIndex(plan);
                Assert.Contains(timebase == Timebase.Source ? "source_order" : "pk_", plan, StringComparison.Ordinal);
                // Lanes are cut by canonical time; by the other clock a chunk is asked, by its index, whether it has any.
                Assert.Equal(timebase == Timebase.Canonical ? 1 : Days + 1, Chunk().Matches(plan).Select(m => m.Groups[1].Value).Distinct().Count());
                Assert.All(RowsRead().Matches(plan), rows => Assert.InRange(long.Parse(rows.Groups[1].Value, CultureInfo.InvariantCulture), 0, 1));
            }
        }
        foreach (var timebase in Enum.GetValues<Timebase>())
            AssertOrderedByIndex(await PlanAsync(Lane.Raw, new EventQuery(EventFilter.All, timebase, EventDirection.Backward)));
    }

    [SkippableTheory]
    [InlineData(EventDirection.Forward)]
    [InlineData(EventDirection.Backward)]
    public async Task UiStateQuery_Plan_SearchesTheIndexOfViewsUnsorted(EventDirection direction)
    {
        await FillAsync(Lane.Ui);
        await Timescale.ExecuteAsync("UPDATE ui_events SET unique_id = (extract(epoch FROM canonical_truth_time)::bigint / 100 % 50)::text, message_type = 'UiUpdate'", "ANALYZE");
        var view = EventQueries.FilterOf(new UiView(null, "", "", "7", ""), UiEvent.Update);

        var plan = await PlanAsync(Lane.Ui, new EventQuery(view, Timebase.Canonical, direction, To: Noon + (9 * Day)));

        AssertOrderedByIndex(plan);
        Assert.Contains("view_order", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Rows Removed by Filter", plan, StringComparison.Ordinal);
    }

    private static void AssertOrderedByIndex(string plan)
    {
        Assert.DoesNotMatch(SortNode(), plan); // "Sort Key" belongs to a merge of chunks, which sorts nothing.
        Assert.DoesNotContain("Seq Scan on _hyper", plan, StringComparison.Ordinal);
    }

    private async Task FillAsync(Lane lane, int days = Days, int seconds = 100)
    {
        var (columns, values) = lane switch
        {
            Lane.Raw => ("connection_id, sequence, bytes", "'c', 1, ''"),
            Lane.Parsed => ("stream_id, stream_type, schema_version, payload", "'', '', '', '{}'"),
            Lane.Ui => ("message_type, system_id, container_id, unique_id, view_id, manifest_id, manifest_version, data", "'', '', '', '', '', '', '', '{}'"),
            Lane.Command => ("message_type, command_id, target_id, command_type, timeline_mode, payload", "'', '', '', '', '', '{}'"),
            _ => ("message_type, stream_id, payload", "'', '', '{}'"),
        };
        await Timescale.ExecuteAsync(
            $"""
             INSERT INTO {lane.Name()}_events (canonical_truth_time, event_id, scope_id, source_truth_time, batch_id, {columns})
             SELECT t, sha256(t::text::bytea), 's', t, 1, {values}
             FROM generate_series({Timescale.Microseconds(Noon)}, {Timescale.Microseconds(Noon + (days * Day) - 1)}, interval '{seconds} s') t
             """);
    }

    private Task<string> PlanAsync(Lane lane, EventQuery query, params string[] settings) => Timescale.Database.ReadAsync(
        async (connection, token) =>
        {
            var declare = TimescaleEventPages.Declare(lane, query);
            declare.CommandText = "EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) " + declare.CommandText;
            await using var batch = new NpgsqlBatch(connection);
            foreach (var setting in settings) batch.BatchCommands.Add(new(setting));
            batch.BatchCommands.Add(declare);
            await using var reader = await batch.ExecuteReaderAsync(token);
            var lines = new List<string>();
            while (await reader.ReadAsync(token)) lines.Add(reader.GetString(0));
            return string.Join('\n', lines);
        },
        default);

    [GeneratedRegex(@"(^|->) *(Incremental )?Sort\b(?! Key)", RegexOptions.Multiline)]
    private static partial Regex SortNode();

    [GeneratedRegex(@" on (_hyper_\d+_\d+_chunk)")]
    private static partial Regex Chunk();

    [GeneratedRegex(@" on _hyper\S+ .*actual rows=(\d+)")]
    private static partial Regex RowsRead();
}
