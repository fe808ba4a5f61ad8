using System.Globalization;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;
using SensorDash.Data.Tests.Events;
using SensorDash.Data.Transfer;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Transfer;

/// <summary>A target that follows a source which goes on being written, between every pair of engines.</summary>
public sealed class BatchApplierTests
{
    private const int Age = 3600;

    public static TheoryData<TransferEngine, TransferEngine> Pairs => TransferTests.Pairs;

    public static TheoryData<TransferEngine> Engines => TransferTests.Engines;

    [SkippableTheory]
    [MemberData(nameof(Pairs))]
    public async Task Follow_SourceWrittenDuringAndAfterTheCopy_EndsEqual(TransferEngine from, TransferEngine to)
    {
        await using var source = await TransferStore.CreateAsync(from);
        await using var target = await TransferStore.CreateAsync(to);
        await source.Fixture.Store.AddAsync([.. Some.Run(node: 1, count: 30), .. Some.Run(node: 2, count: 30), .. Some.Run(node: 3, count: 4, interval: 86_400)]);
        await AddEventsAsync(source, 20, seed: 1);

        await CopyPartAsync(source, target, chunks: 4);
        await source.Fixture.Store.AddAsync([Some.Reading(node: 1, time: Some.Noon - 10_000), Some.Reading(node: 4, time: Some.Noon + 60)]);
        await source.Fixture.NodeStore.DeleteAsync(2, default);
        await AddEventsAsync(source, 5, seed: 2);
        await CopyPartAsync(source, target, chunks: 3);
        await source.Fixture.Store.AddAsync(Some.Run(node: 2, count: 3, until: Some.Noon + 90));
        var record = await CopyAsync(source, target);
        while (await source.Fixture.Store.RemoveBeforeAsync(Some.Noon - Age, default) > 0) ;
        await source.Fixture.Store.AddAsync(Some.Reading(node: 3, time: Some.Noon - Age - 7), Some.Reading(node: 4, time: Some.Noon + 60));
        await AddEventsAsync(source, 5, seed: 3);
        var state = await Applier(source, target).CatchUpAsync(default);

        Assert.True(state.IsCurrent);
        Assert.Equal(0, state.Rows);
        await AssertEqualAsync(source, target, record);
    }

    [SkippableTheory]
    [InlineData(TransferEngine.Sqlite, TransferEngine.Sqlite)]
    [InlineData(TransferEngine.Sqlite, TransferEngine.Timescale)]
    [InlineData(TransferEngine.Timescale, TransferEngine.Sqlite)]
    public async Task Follow_RetentionOfTheSource_IsAppliedWhateverFollowsIt(TransferEngine from, TransferEngine to)
    {
        const long Day = 86_400_000_000;
        await using var source = await TransferStore.CreateAsync(from);
        await using var target = await TransferStore.CreateAsync(to);
        for (var day = 0; day < 4; day++)
        {
            await AddEventsAsync(source, 20, seed: day);
            source.Fixture.Clock.Advance(TimeSpan.FromDays(1));
        }
        var record = await CopyAsync(source, target);
        var applier = Applier(source, target);
        var midnight = SomeEvents.Noon / Day * Day;

        await RemoveAsync(source, Lane.Raw, midnight + Day);
        await AddEventsAsync(source, 20, seed: 7); // The target does not have these yet.
        foreach (var lane in Lanes.All) await RemoveAsync(source, lane, midnight + (3 * Day));
        await applier.CatchUpAsync(default);

        await AssertEqualAsync(source, target, record);
        Assert.Equal(await source.Side.Removal!.ReadEdgesAsync(default), await target.Side.Removal!.ReadEdgesAsync(default));
        Assert.Equal(await StoreSums.ReadAsync(source.Parts, withEvents: true, default), await StoreSums.ReadAsync(target.Parts, withEvents: true, default));
        Assert.True(await target.Side.IndexAgreesAsync(default));

        static async Task RemoveAsync(TransferStore store, Lane lane, long edge)
        {
            while ((await store.Side.Removal!.RemoveSliceAsync(lane, edge, default)).Edge < edge) { }
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Pairs))]
    public async Task Follow_AnyOrderOfChangesCopiesStepsAndRestarts_EndsEqual(TransferEngine from, TransferEngine to)
    {
        foreach (var seed in from == TransferEngine.Sqlite ? (int[])[1, 2] : [3])
        {
            await using var source = await TransferStore.CreateAsync(from);
            await using var target = await TransferStore.CreateAsync(to);
            var random = new Random(seed);
            await source.Fixture.Store.AddAsync([.. Some.Run(node: 1, count: 20), .. Some.Run(node: 2, count: 20)]);
            TransferRecord? record = null;
            var applier = Applier(source, target);
            for (var step = 0; step < 30; step++)
            {
                await ChangeAsync(source, random);
                if (random.Next(3) > 0) continue;
                if (record is null)
                {
                    if (random.Next(4) > 0) await CopyPartAsync(source, target, chunks: 1);
                    else record = await CopyAsync(source, target);
                }
                else
                {
                    await applier.ApplyAsync(default);
                    if (random.Next(3) == 0) applier = Applier(source, target);
                }
            }
            record ??= await CopyAsync(source, target);

            await applier.CatchUpAsync(default);

            await AssertEqualAsync(source, target, record);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Engines))]
    public async Task Apply_TargetThatFailsBeforeOrAfterItsCommits_GoesOnFromTheLedger(TransferEngine to)
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(to);
        await source.Fixture.Store.AddAsync(Some.Run(node: 1, count: 10));
        var record = await CopyAsync(source, target);
        await source.Fixture.Store.AddAsync(Some.Run(node: 1, count: 5, until: Some.Noon + 150));
        await source.Fixture.NodeStore.DeleteAsync(1, default);
        await source.Fixture.Store.AddAsync(Some.Run(node: 1, count: 5, until: Some.Noon + 150));
        await AddEventsAsync(source, 9, seed: 4);
        var failing = new FailingTarget(target.Side);
        var applier = new BatchApplier(source.Parts, failing, 1, source.Fixture.Clock);

        for (var (isCurrent, attempt) = (false, 0); !isCurrent; attempt++)
        {
            (failing.FailsBefore, failing.FailsAfter) = (attempt % 3 == 0, attempt % 3 == 1);
            try
            {
                isCurrent = (await applier.ApplyAsync(default)).IsCurrent;
            }
            catch (StoreUnavailableException)
            {
                Assert.True(attempt < 60);
            }
        }

        await AssertEqualAsync(source, target, record);
    }

    [SkippableTheory]
    [MemberData(nameof(Engines))]
    public async Task Apply_RowThatWasRemovedAndAddedAgainBeforeItsChunkWasCopied_EndsEqual(TransferEngine to)
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(to);
        await source.Fixture.Store.AddAsync(Some.Run(node: 1, count: 3));
        await CopyPartAsync(source, target, chunks: 0);
        var feed = new RecordedFeed(source.Parts.Changes);
        foreach (var temperature in (short[])[100, 200, 300])
        {
            await source.Fixture.Store.AddAsync(Some.Reading(node: 2, temperature: temperature));
            await feed.RecordAsync(); // As a feed that keeps the latest batches in memory, it has rows that are gone.
            if (temperature < 300) await source.Fixture.NodeStore.DeleteAsync(2, default);
            await feed.RecordAsync();
        }
        var record = await CopyAsync(source, target);

        var applier = new BatchApplier(source.Parts with { Changes = feed }, target.Side, 1, source.Fixture.Clock);
        await applier.CatchUpAsync(default);

        await AssertEqualAsync(source, target, record);
    }

    [SkippableTheory]
    [MemberData(nameof(Engines))]
    public async Task Apply_TargetWithAnotherValue_NamesTheReading(TransferEngine to)
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(to);
        await source.Fixture.Store.AddAsync(Some.Reading(node: 1));
        await CopyAsync(source, target);
        await target.Fixture.Store.AddAsync(Some.Reading(node: 7, temperature: 1));
        await source.Fixture.Store.AddAsync(Some.Reading(node: 7, temperature: 2));

        var error = await Assert.ThrowsAsync<TransferException>(() => Applier(source, target).ApplyAsync(default));

        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"node 7 at {Some.Noon}"), error.Message, StringComparison.Ordinal);
        Assert.Contains("temperature 2,", error.Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Engines))]
    public async Task Apply_SourceOfAnotherHistory_SaysSo(TransferEngine from)
    {
        await using var source = await TransferStore.CreateAsync(from);
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await source.Fixture.Store.AddAsync(Some.Reading(node: 1));
        await CopyAsync(source, target);
        await source.Side.RenewEpochAsync("0badcafe", default);
        var epoch = await Assert.ThrowsAsync<TransferException>(() => Applier(source, target).ApplyAsync(default));

        Assert.Contains("0badcafe", epoch.Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Engines))]
    public async Task Apply_SourceRestoredFromABackup_SaysSo(TransferEngine from)
    {
        await using var source = await TransferStore.CreateAsync(from);
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await source.Fixture.Store.AddAsync(Some.Reading(node: 1));
        await CopyAsync(source, target);
        await source.ExecuteAsync($"UPDATE ingest_batches SET committed_at = {source.Fixture.Microseconds((Some.Noon + 77) * 1_000_000)}");

        var error = await Assert.ThrowsAsync<TransferException>(() => Applier(source, target).ApplyAsync(default));

        Assert.Contains("another history", error.Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Engines))]
    public async Task Begin_RegistersInTheSource_UntilItEnds(TransferEngine from)
    {
        await using var source = await TransferStore.CreateAsync(from);
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        for (var i = 0; i < 6; i++) await source.Fixture.Store.AddAsync(Some.Reading(node: 1, time: Some.Noon + i));
        await CopyPartAsync(source, target, chunks: 0);
        for (var i = 6; i < 12; i++) await source.Fixture.Store.AddAsync(Some.Reading(node: 1, time: Some.Noon + i));
        await source.Fixture.NodeStore.DeleteAsync(1, default);
        await source.Fixture.Store.AddAsync(Some.Reading(node: 1));
        for (long? after = 0; after is not null;) after = await source.Fixture.Batches.MergeStepAsync(after.Value, default);

        var record = await CopyAsync(source, target);
        var follower = Assert.Single(await source.Fixture.Batches.ListFollowersAsync(default));
        var applier = Applier(source, target);
        await applier.CatchUpAsync(default);
        await AssertEqualAsync(source, target, record);
        await applier.EndAsync(default);

        Assert.StartsWith("transfer 1 to ", follower.Name, StringComparison.Ordinal);
        Assert.Equal(6, follower.Cursor);
        Assert.Empty(await source.Fixture.Batches.ListFollowersAsync(default));
    }

    [SkippableTheory]
    [InlineData(TransferEngine.Sqlite, TransferEngine.Timescale)]
    [InlineData(TransferEngine.Timescale, TransferEngine.Sqlite)]
    [InlineData(TransferEngine.Sqlite, TransferEngine.Sqlite)]
    public async Task CatchUp_NamesZonesAndDuplicates_BecomeEqual(TransferEngine from, TransferEngine to)
    {
        await using var source = await TransferStore.CreateAsync(from);
        await using var target = await TransferStore.CreateAsync(to);
        await source.Fixture.Store.AddAsync(Some.Reading(node: 1), Some.Reading(node: 2));
        await source.ExecuteAsync("INSERT INTO zones (id, name, color) VALUES (7, 'Cellar', '#112233'), (8, 'Attic', '#112233')");
        await source.ExecuteAsync($"INSERT INTO node_metadata (address, name, zone_id, updated_at) VALUES (1, 'Boiler', 7, {source.Fixture.Seconds(Some.Noon)}), (2, 'Door', 8, {source.Fixture.Seconds(Some.Noon)})");
        var record = await CopyAsync(source, target);
        var applier = Applier(source, target);
        await applier.CatchUpAsync(default);

        await source.Fixture.Store.AddAsync(Some.Reading(node: 2));
        await source.ExecuteAsync("DELETE FROM node_metadata WHERE address = 2; DELETE FROM zones WHERE id = 8; UPDATE node_metadata SET name = 'Pump'");
        await applier.CatchUpAsync(default);

        var there = await target.Side.ReadSmallTablesAsync(default);
        Assert.Equal([7], there.Zones.Select(z => z.Id));
        Assert.Equal(["Pump"], there.Metadata.Select(m => m.Name));
        Assert.Equal(1, there.Nodes.Single(n => n.Address == 2).DuplicatesSeen);
        await AssertEqualAsync(source, target, record);
    }

    [SkippableTheory]
    [MemberData(nameof(Engines))]
    public async Task Apply_BatchOfManyDays_ArrivesInParts(TransferEngine to)
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(to);
        var record = await CopyAsync(source, target);
        await source.Fixture.Store.AddAsync(Some.Run(node: 1, count: 250, interval: 86_400));

        await Applier(source, target).CatchUpAsync(default);

        await AssertEqualAsync(source, target, record);
    }

    [Fact]
    public async Task Apply_BeforeAllChunksAreCopied_SaysSo()
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await source.Fixture.Store.AddAsync(Some.Run(node: 1, count: 30));
        await CopyPartAsync(source, target, chunks: 1);

        var early = await Assert.ThrowsAsync<TransferException>(() => Applier(source, target).ApplyAsync(default));
        Assert.Contains("not all copied yet", early.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Begin_TargetWithNodesOrWithARange_IsRefused()
    {
        await using var source = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await using var target = await TransferStore.CreateAsync(TransferEngine.Sqlite);
        await source.Fixture.Store.AddAsync(Some.Reading());

        await Assert.ThrowsAsync<TransferException>(() => source.CopyToAsync(target, new() { Follows = true, Readings = new(0, Some.Noon) }));
        await target.ExecuteAsync("INSERT INTO zones (id, name, color) VALUES (1, 'Mine', '#112233')");
        var error = await Assert.ThrowsAsync<TransferException>(() => CopyAsync(source, target));

        Assert.Contains("must have no nodes", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, await source.Fixture.ScalarAsync("SELECT count(*) FROM followers"));
    }

    [SkippableTheory]
    [InlineData(TransferEngine.Sqlite, TransferEngine.Timescale)]
    [InlineData(TransferEngine.Timescale, TransferEngine.Sqlite)]
    [InlineData(TransferEngine.DuckDb, TransferEngine.Sqlite)]
    [InlineData(TransferEngine.Sqlite, TransferEngine.DuckDb)]
    public async Task Verify_SourceWrittenDuringTheComparison_IsEqualAndEditsOfTheTargetAreNamed(TransferEngine from, TransferEngine to)
    {
        await using var source = await TransferStore.CreateAsync(from);
        await using var target = await TransferStore.CreateAsync(to);
        await source.Fixture.Store.AddAsync([.. Some.Run(node: 1, count: 30), .. Some.Run(node: 2, count: 30)]);
        await AddEventsAsync(source, 20, seed: 1);
        var record = await CopyAsync(source, target);
        var number = 0;
        var written = new WrittenSource(source.Side, async () =>
        {
            number++;
            await source.Fixture.Store.AddAsync(Some.Reading(node: 3, time: Some.Noon - (7 * number)), Some.Reading(node: 4, time: Some.Noon + number));
            await AddEventsAsync(source, 1, seed: 100 + number);
            if (number % 4 == 1) await source.Fixture.Store.RemoveBeforeAsync(Some.Noon - 900 + number, default);
            if (number == 3) await source.Fixture.NodeStore.DeleteAsync(2, default);
        });

        var equal = await VerifyAsync();
        await target.Fixture.Store.AddAsync(Some.Reading(node: 9));
        var different = await VerifyAsync();

        Assert.True(equal.IsEqual, equal.ToText());
        Assert.True(number > 8);
        Assert.NotNull(equal.Transfer.VerifiedUpTo);
        Assert.True(equal.Transfer.IsStale(await ((StoreSource)source.Side).ReadPositionAsync(default)));
        Assert.Contains(equal.Notes, note => note.Contains("goes on being written", StringComparison.Ordinal));
        Assert.Equal(new Difference(DifferenceKind.Extra, "sensor_readings", string.Create(CultureInfo.InvariantCulture, $"9 at {Some.Noon}"), null), Assert.Single(different.Differences));

        Task<TransferReport> VerifyAsync()
            => new TransferVerifier(written, target.Side, source.Fixture.Clock, null, Applier(source, target)).RunAsync(record, new(null, isStrict: false), "test", default);
    }

    private static BatchApplier Applier(TransferStore source, TransferStore target) => new(source.Parts, target.Side, 1, source.Fixture.Clock);

    private static TransferOptions Options => new() { BatchSize = 5, Follows = true };

    private static Task<TransferRecord> CopyAsync(TransferStore source, TransferStore target)
        => new TransferRunner(source.Side, target.Side, Options, source.Fixture.Clock).RunAsync(new RejectLog(null, isStrict: false), default);

    // As a transfer that is interrupted after some chunks; it may end before.
    private static async Task CopyPartAsync(TransferStore source, TransferStore target, int chunks)
    {
        using var stop = new CancellationTokenSource();
        var run = new TransferRunner(source.Side, target.Side, Options, source.Fixture.Clock, _ =>
        {
            if (--chunks < 0) stop.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.RunAsync(new RejectLog(null, isStrict: false), stop.Token));
    }

    private static async Task ChangeAsync(TransferStore source, Random random)
    {
        var node = random.Next(1, 4);
        switch (random.Next(8))
        {
            case 0:
                await source.Fixture.NodeStore.DeleteAsync(node, default);
                break;
            case 1:
                await source.Fixture.Store.RemoveBeforeAsync(Some.Noon - random.Next(900), default);
                break;
            case 2 when source.Parts.Events is not null:
                await AddEventsAsync(source, 3, random.Next());
                break;
            default:
                // Few keys, so that readings are removed and added again with other values.
                await source.Fixture.Store.AddAsync([.. Enumerable.Range(0, 6).Select(_ => Some.Reading(node, Some.Noon - (30 * random.Next(30)), temperature: (short)random.Next(9)))]);
                break;
        }
        source.Fixture.Clock.Advance(TimeSpan.FromSeconds(1));
    }

    private static async Task AddEventsAsync(TransferStore store, int count, int seed)
    {
        if (store.Parts.Events is not { } events) return;
        var many = SomeEvents.Many(count, seed);
        await events.AppendAsync(many, new RowOutcome[many.Length], default);
    }

    private static async Task AssertEqualAsync(TransferStore source, TransferStore target, TransferRecord record)
    {
        Assert.Equal(await source.Fixture.Store.AllAsync(), await target.Fixture.Store.AllAsync());
        Assert.Equal((await source.Fixture.NodeStore.ListAsync(default)).Select(TransferTests.Describe), (await target.Fixture.NodeStore.ListAsync(default)).Select(TransferTests.Describe));
        // The batches of the target say what it has.
        Assert.Equal((await target.Fixture.Store.AllAsync()).Count, await target.Fixture.ScalarAsync("SELECT CAST(coalesce(sum(row_count), 0) AS BIGINT) FROM ingest_batches"));
        if (source.Parts.Events is not null && target.Parts.Events is not null)
        {
            Assert.Equal(await source.ExportEventsAsync(), await target.ExportEventsAsync());
            Assert.Equal((await source.Events.ReadHeadAsync(default)).Position, (await target.Events.ReadHeadAsync(default)).Position);
        }
        var report = await Transfers.VerifyAsync(source.Side, target.Side, record, source.Fixture.Clock);
        Assert.True(report.IsEqual, report.ToText());
    }
}
