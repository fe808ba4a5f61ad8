using System.Globalization;
using SensorDash.Data.Events;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Data.Tests.Events;
using SensorDash.Data.Transfer;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Transfer;

/// <summary>Transfers between every pair of engines.</summary>
public sealed class TransferTests
{
    public static TheoryData<TransferEngine, TransferEngine> Pairs
    {
        get
        {
            var pairs = new TheoryData<TransferEngine, TransferEngine>();
            foreach (var source in Enum.GetValues<TransferEngine>())
                foreach (var target in Enum.GetValues<TransferEngine>()) pairs.Add(source, target);
            return pairs;
        }
    }

    public static TheoryData<TransferEngine> Engines => [.. Enum.GetValues<TransferEngine>()];

    [SkippableTheory]
    [MemberData(nameof(Pairs))]
    public async Task Run_Readings_AreEqualOnBothSides(TransferEngine from, TransferEngine to)
    {
        await using var source = await TransferStore.CreateAsync(from);
        await using var target = await TransferStore.CreateAsync(to);
        await FillAsync(source);

        var report = await source.CopyToAsync(target);

        Assert.True(report.IsEqual, report.ToText());
        Assert.Equal((TransferState.Verified, 0), (report.Transfer.State, report.DifferenceCount));
        Assert.Equal(await source.Fixture.Store.AllAsync(), await target.Fixture.Store.AllAsync());
        Assert.Equal((await source.Fixture.NodeStore.ListAsync(CancellationToken.None)).Select(Describe), (await target.Fixture.NodeStore.ListAsync(CancellationToken.None)).Select(Describe));
        // Counters, batches and hashes of the target are those of a store that took the rows from senders.
        Assert.Equal((await source.Fixture.Store.AllAsync()).Count, await target.Fixture.ScalarAsync("SELECT sum(row_count) FROM ingest_batches"));
    }

    [SkippableFact]
    public async Task RoundTrip_ReadingsOverAllEngines_EndsWithTheSameFile()
    {
        await using var first = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var second = await TransferStore.CreateAsync(TransferEngine.Timescale);
        await using var third = await TransferStore.CreateAsync(TransferEngine.DuckDb);
        await using var last = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await FillAsync(first);

        TransferReport[] reports = [await first.CopyToAsync(second), await second.CopyToAsync(third), await third.CopyToAsync(last)];

        Assert.All(reports, report => Assert.True(report.IsEqual, report.ToText()));
        Assert.Single(reports.Select(report => report.Parts[0].Hash).Distinct());
        Assert.Equal(await first.ExportReadingsAsync(), await last.ExportReadingsAsync());
    }

    [SkippableFact]
    public async Task RoundTrip_EventsOverPostgreSql_EndsWithTheSameFile()
    {
        await using var first = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var second = await TransferStore.CreateAsync(TransferEngine.Timescale);
        await using var last = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await AddEventsAsync(first, 60);

        TransferReport[] reports = [await first.CopyToAsync(second), await second.CopyToAsync(last)];

        Assert.All(reports, report => Assert.True(report.IsEqual, report.ToText()));
        Assert.Equal(2, reports.Length);
        Assert.Single(reports.Select(report => report.Parts.Single(p => p.Part == TransferPart.Events).Hash).Distinct());
        Assert.Equal(await first.ExportEventsAsync(), await last.ExportEventsAsync());
        var count = await first.Fixture.ScalarAsync("SELECT count(*) FROM event_index");
        await StoredEvents.AssertAgreeAsync(second.Fixture, count);
        await StoredEvents.AssertAgreeAsync(last.Fixture, count);
    }

    [SkippableTheory]
    [InlineData(TransferEngine.Sqlite)]
    [InlineData(TransferEngine.Timescale)]
    public async Task Run_Events_KeepTheirTimesAndNewOnesComeLater(TransferEngine to)
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(to);
        await AddEventsAsync(source, 20);
        await AddAsync(source.Events, SomeEvents.Command(request: "r1"));
        await source.CopyToAsync(target);
        target.Fixture.Clock.Advance(TimeSpan.FromDays(-1)); // A clock that was set back.

        var outcomes = await AddAsync(target.Events, SomeEvents.Raw(frame: "new"), SomeEvents.Command(request: "r1", payload: """{"other":1}"""));

        Assert.Equal([RowOutcome.Inserted, RowOutcome.AlreadyAccepted], outcomes);
        var all = (await target.Events.ReadAsync(new(EventFilter.All, Timebase.Canonical, EventDirection.Forward), CancellationToken.None)).Events;
        Assert.Equal("new", System.Text.Encoding.UTF8.GetString(all[^1].Content));
        Assert.Equal(all.SkipLast(1).Select(SomeEvents.Describe), (await source.Events.ReadAsync(new(EventFilter.All, Timebase.Canonical, EventDirection.Forward), CancellationToken.None)).Events.Select(SomeEvents.Describe));
        Assert.True(all[^1].CanonicalTime > all[^2].CanonicalTime);
    }

    [SkippableTheory]
    [MemberData(nameof(Engines))]
    public async Task Run_CancelledAtAnyChunk_GoesOnAndCopiesNothingTwice(TransferEngine to)
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(to);
        await FillAsync(source);
        for (var chunks = 1; chunks < 4; chunks++)
        {
            using var stop = new CancellationTokenSource();
            var (left, current) = (chunks, stop);
            var run = new TransferRunner(source.Side, target.Side, new() { BatchSize = 5 }, source.Fixture.Clock, _ =>
            {
                if (--left < 0) current.Cancel();
            });
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.RunAsync(new RejectLog(null, isStrict: false), stop.Token));
        }

        var report = await source.CopyToAsync(target);

        Assert.True(report.IsEqual, report.ToText());
        Assert.False(report.Parts[0].ChangedSinceCopy);
        Assert.Equal(report.Parts[0].SourceRows, await target.Fixture.ScalarAsync("SELECT sum(row_count) FROM transfer_chunks WHERE part = 0"));
        Assert.Equal(report.Parts[0].SourceRows, await target.Fixture.ScalarAsync("SELECT sum(row_count) FROM ingest_batches"));
        Assert.Equal(1, await target.Fixture.ScalarAsync("SELECT count(*) FROM transfers"));
    }

    [SkippableTheory]
    [InlineData(TransferEngine.Sqlite, "sensor_readings")]
    [InlineData(TransferEngine.Timescale, "sensor_readings")]
    [InlineData(TransferEngine.DuckDb, "readings_202607")]
    public async Task Verify_ReadingsEditedByHand_AreNamed(TransferEngine to, string table)
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(to);
        await source.Fixture.Store.AddAsync(Some.Run(node: 1, count: 40));
        var record = (await source.CopyToAsync(target)).Transfer;
        var at = target.Fixture.Seconds(Some.Noon);

        await target.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"""
            UPDATE {table} SET flags = 9 WHERE "timestamp" = {at};
            DELETE FROM {table} WHERE "timestamp" = {target.Fixture.Seconds(Some.Noon - 30)};
            INSERT INTO {table} (node_address, "timestamp", temperature_centidegrees, humidity_centipercent, flags, received_at, batch_id) VALUES (1, {target.Fixture.Seconds(Some.Noon - 31)}, 1, 1, 0, {at}, 1)
            """));
        var report = await Transfers.VerifyAsync(source.Side, target.Side, record, source.Fixture.Clock);

        Assert.False(report.IsEqual);
        Assert.Equal(TransferState.Different, report.Transfer.State);
        Assert.Equal(
            [
                new Difference(DifferenceKind.Different, "sensor_readings", $"1 at {Some.Noon}", "flags is 0 in the source and 9 in the target"),
                new Difference(DifferenceKind.Extra, "sensor_readings", $"1 at {Some.Noon - 31}", null),
                new Difference(DifferenceKind.Missing, "sensor_readings", $"1 at {Some.Noon - 30}", null),
            ],
            report.Differences.OrderBy(d => d.Kind == DifferenceKind.Different ? 0 : d.Kind == DifferenceKind.Extra ? 1 : 2));
    }

    [SkippableTheory]
    [InlineData(TransferEngine.Sqlite)]
    [InlineData(TransferEngine.Timescale)]
    public async Task Verify_EventsEditedByHand_AreNamed(TransferEngine to)
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(to);
        var (changed, removed) = (SomeEvents.Parsed(stream: "changed"), SomeEvents.Parsed(stream: "removed"));
        await AddAsync(source.Events, SomeEvents.Raw(), changed, removed);
        var record = (await source.CopyToAsync(target)).Transfer;

        await target.ExecuteAsync("UPDATE parsed_events SET stream_type = 'other' WHERE stream_id = 'changed'; DELETE FROM parsed_events WHERE stream_id = 'removed'");
        var report = await Transfers.VerifyAsync(source.Side, target.Side, record, source.Fixture.Clock);

        Assert.False(report.IsEqual);
        Assert.Contains(report.Differences, d => d.Kind == DifferenceKind.Different && d.Key.StartsWith(changed.Id.ToString(), StringComparison.Ordinal)
            && d.Columns == "stream_type is nav.pvt in the source and other in the target");
        Assert.Contains(report.Differences, d => d.Kind == DifferenceKind.Missing && d.Key.StartsWith(removed.Id.ToString(), StringComparison.Ordinal));
        Assert.Contains(report.Differences, d => d.Table == "event_index");
        Assert.Equal(3, report.DifferenceCount);
    }

    [SkippableTheory]
    [InlineData(TransferEngine.Sqlite)]
    [InlineData(TransferEngine.Timescale)]
    public async Task Run_NamesAndZones_AreThereAndEditsOfThemAreNamed(TransferEngine to)
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(to);
        await source.Fixture.Store.AddAsync(Some.Reading(node: 5, deviceId: ulong.MaxValue));
        await source.ExecuteAsync("""
            INSERT INTO zones (id, name, color) VALUES (7, 'Cellar', '#112233');
            INSERT INTO node_metadata (address, name, zone_id, updated_at) VALUES (5, 'Boiler', 7, 1782907200);
            INSERT INTO nodes (address, node_type, first_seen_at, last_seen_at, total_readings, duplicates_seen, last_received_at, last_received_timestamp)
            VALUES (6, 'GATEWAY', 1782907200, 1782907200, 0, 3, 1782907200, 1782907200)
            """);

        var report = await source.CopyToAsync(target);
        await target.ExecuteAsync("UPDATE node_metadata SET name = 'Pump'; DELETE FROM nodes WHERE address = 6");
        var edited = await Transfers.VerifyAsync(source.Side, target.Side, report.Transfer, source.Fixture.Clock);
        var added = new Zone { Name = "Attic" };
        await target.Fixture.Zones.AddAsync(added, CancellationToken.None);

        Assert.True(report.IsEqual, report.ToText());
        Assert.Equal(
            [new(DifferenceKind.Missing, "nodes", "6", null), new Difference(DifferenceKind.Different, "node_metadata", "5", "name is Boiler in the source and Pump in the target")],
            edited.Differences);
        Assert.True(added.Id > 7);
    }

    [SkippableTheory]
    [MemberData(nameof(Engines))]
    public async Task Run_TargetWithRowsOfItsOwn_IsRefusedUnchanged(TransferEngine to)
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(to);
        await source.Fixture.Store.AddAsync(Some.Run(node: 1, count: 4));
        await target.Fixture.Store.AddAsync(Some.Reading(node: 9, time: Some.Noon - 86_400));

        var error = await Assert.ThrowsAsync<TransferException>(() => source.CopyToAsync(target));
        var later = await source.CopyToAsync(target, new() { Readings = new(Some.Noon - 3600, TransferRange.All.To), Events = new(SomeEvents.Noon, TransferRange.All.To) });

        Assert.Contains("must have no readings", error.Message, StringComparison.Ordinal);
        Assert.True(later.IsEqual, later.ToText());
        Assert.Equal(5, (await target.Fixture.Store.AllAsync()).Count);
    }

    [Fact]
    public async Task Run_RangeOfTimes_CopiesThatRange()
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await source.Fixture.Store.AddAsync(Some.Run(node: 1, count: 10));

        var report = await source.CopyToAsync(target, new() { Readings = new(Some.Noon - 90, Some.Noon) });

        Assert.True(report.IsEqual, report.ToText());
        Assert.Equal([Some.Noon - 90, Some.Noon - 60, Some.Noon - 30], (await target.Fixture.Store.AllAsync(ReadingOrder.OldestFirst)).Select(r => r.Timestamp));
        Assert.Equal(3, (await target.Fixture.NodeStore.FindAsync(1, CancellationToken.None))!.TotalReadings);
    }

    [Fact]
    public async Task Verify_SourceThatWentOn_SaysSo()
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await source.Fixture.Store.AddAsync(Some.Run(node: 1, count: 10));
        var record = (await source.CopyToAsync(target)).Transfer;
        await source.Fixture.Store.AddAsync(Some.Reading(node: 2));

        var report = await Transfers.VerifyAsync(source.Side, target.Side, record, source.Fixture.Clock);

        Assert.False(report.IsEqual);
        Assert.True(report.Parts[0].ChangedSinceCopy);
    }

    [Fact]
    public async Task Run_NewTransfer_GivesTheTargetANewEpoch()
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await AddEventsAsync(source, 3);
        var before = (await target.Events.ReadHeadAsync(CancellationToken.None)).Epoch;

        await source.CopyToAsync(target);

        var after = (await target.Events.ReadHeadAsync(CancellationToken.None)).Epoch;
        Assert.NotEqual(before, after);
        Assert.Matches("^[0-9a-f]{8}$", after);
    }

    private static async Task FillAsync(TransferStore store)
    {
        await store.Fixture.Store.AddAsync(Some.Run(node: 1, count: 30));
        await store.Fixture.Store.AddAsync([.. Some.Run(node: int.MaxValue, count: 12, interval: 86_400), Some.Reading(node: 3, temperature: null, flags: uint.MaxValue, deviceId: ulong.MaxValue)]);
        await store.Fixture.Store.AddAsync(Some.Reading(node: 4, temperature: short.MinValue, humidity: null), Some.Reading(node: 3));
    }

    private static Task<RowOutcome[]> AddEventsAsync(TransferStore store, int count) => AddAsync(store.Events, SomeEvents.Many(count, seed: 14));

    private static async Task<RowOutcome[]> AddAsync(IEventStore store, params LaneEvent[] events)
    {
        var outcomes = new RowOutcome[events.Length];
        await store.AppendAsync(events, outcomes, CancellationToken.None);
        return outcomes;
    }

    internal static string Describe(Node n) => string.Create(CultureInfo.InvariantCulture,
        $"{n.Address} {n.DeviceId} {n.NodeType} {n.FirstSeenAt} {n.LastSeenAt} {n.TotalReadings} {n.DuplicatesSeen} {n.LastReceivedAt} {n.LastReceivedTimestamp}");
}
