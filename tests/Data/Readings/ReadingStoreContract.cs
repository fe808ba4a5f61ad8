using FsCheck.Fluent;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Tests.Support;
using static SensorDash.Tests.Support.Some;

namespace SensorDash.Data.Tests.Readings;

/// <summary>What every store of readings must do. An engine inherits it and gives a fresh, migrated store to each test.</summary>
public abstract partial class ReadingStoreContract : IAsyncLifetime
{
    protected StoreFixture Fixture { get; private set; } = null!;

    protected IReadingStore Store => Fixture.Store;

    protected abstract Task<StoreFixture> CreateFixtureAsync();

    /// <summary>Each takes a store of its own, which costs a server more than a file.</summary>
    protected virtual int RandomCases => 20;

    public async Task InitializeAsync() => Fixture = await CreateFixtureAsync();

    public async Task DisposeAsync() => await Fixture.DisposeAsync();

    [SkippableFact]
    public async Task Append_NewReadings_StoresEveryField()
    {
        var reading = new Reading(int.MaxValue, Noon, -32768, 10_000, uint.MaxValue, Noon + 7, ulong.MaxValue);

        Assert.Equal(1, await Store.AddAsync(reading));
        Assert.Equal([reading], await Store.AllAsync());
    }

    [SkippableFact]
    public async Task Append_SameBatchTwice_StoresItOnce()
    {
        Reading[] batch = [Reading(1), Reading(2), Reading(1, Noon + 1)];

        Assert.Equal(3, await Store.AddAsync(batch));
        Assert.Equal(0, await Store.AddAsync(batch));
        Assert.Equal(3, (await Store.AllAsync()).Count);
        Assert.Equal(2, (await Fixture.NodeStore.FindAsync(1, CancellationToken.None))!.TotalReadings);
    }

    [SkippableFact]
    public async Task Append_KeyTwiceInOneBatch_FirstWins()
    {
        var outcomes = new RowOutcome[3];
        var added = await Store.AppendAsync(
            new[] { Reading(temperature: 1), Reading(temperature: 2), Reading(time: Noon + 1) }, outcomes, CancellationToken.None);

        Assert.Equal(2, added);
        Assert.Equal([RowOutcome.Inserted, RowOutcome.Duplicate, RowOutcome.Inserted], outcomes);
        Assert.Equal((short)1, (await Store.AllAsync())[^1].TemperatureCentidegrees);
    }

    [SkippableFact]
    public async Task Append_KeyStoredEarlier_FirstStoredWins()
    {
        await Store.AddAsync(Reading(temperature: 100, flags: 1, deviceId: 7));
        var outcomes = new[] { RowOutcome.Inserted };

        Assert.Equal(0, await Store.AppendAsync(new[] { Reading(temperature: 999, flags: 2, deviceId: 8) }, outcomes, CancellationToken.None));

        Assert.Equal([RowOutcome.Duplicate], outcomes);
        Assert.Equal([Reading(temperature: 100, flags: 1, deviceId: 7)], await Store.AllAsync());
    }

    [SkippableFact]
    public async Task Append_OnlyDuplicates_ChangesNothingElse()
    {
        await Store.AddAsync(Reading(deviceId: 7));
        var batches = await Fixture.ScalarAsync("SELECT count(*) FROM ingest_batches");

        await Store.AddAsync(Reading(deviceId: 8));

        var node = await Fixture.NodeStore.FindAsync(12, CancellationToken.None);
        Assert.Equal((7, 1, Noon, Noon), (node!.DeviceId, node.TotalReadings, node.FirstSeenAt, node.LastSeenAt));
        Assert.Equal(1, node.DuplicatesSeen);
        Assert.Equal(batches, await Fixture.ScalarAsync("SELECT count(*) FROM ingest_batches"));
    }

    [SkippableFact]
    public async Task Append_LateBacklog_MovesFirstSeenBackAndKeepsLastSeen()
    {
        await Store.AddAsync(Reading(time: Noon));
        await Store.AddAsync(Reading(time: Noon - 500), Reading(time: Noon - 900), Reading(time: Noon - 700));

        var node = await Fixture.NodeStore.FindAsync(12, CancellationToken.None);
        Assert.Equal((Noon - 900, Noon, 4), (node!.FirstSeenAt, node.LastSeenAt, node.TotalReadings));
        Assert.Equal(Node.SensorType, node.NodeType);
    }

    [SkippableFact]
    public async Task Append_DeviceIdAbove2To63_ComesBackUnsigned()
    {
        const ulong DeviceId = 18_446_744_073_709_551_615;
        await Store.AddAsync(Reading(deviceId: DeviceId));

        Assert.Equal(DeviceId, (await Store.AllAsync())[0].DeviceId);
        Assert.Equal(DeviceId, (ulong?)(await Fixture.NodeStore.FindAsync(12, CancellationToken.None))!.DeviceId);
    }

    [SkippableFact]
    public async Task Append_DeviceIdAbsentLater_IsKept()
    {
        await Store.AddAsync(Reading(deviceId: 7));
        await Store.AddAsync(Reading(time: Noon + 1));

        Assert.All(await Store.AllAsync(), r => Assert.Equal(7UL, r.DeviceId));
    }

    [SkippableFact]
    public async Task Append_DeviceIdZero_IsAValue()
    {
        await Store.AddAsync(Reading(deviceId: 0));

        Assert.Equal(0UL, (await Store.AllAsync())[0].DeviceId);
    }

    [SkippableTheory]
    [InlineData((short)0, (short)0)]
    [InlineData(null, (short)0)]
    [InlineData((short)0, null)]
    [InlineData(short.MinValue, (short)10_000)]
    [InlineData(short.MaxValue, null)]
    public async Task Append_NullsZerosAndLimits_AreKeptApart(short? temperature, short? humidity)
    {
        var reading = Reading(temperature: temperature, humidity: humidity);
        await Store.AddAsync(reading);

        Assert.Equal([reading], await Store.AllAsync());
    }

    [SkippableFact]
    public async Task Append_EmptyBatch_DoesNothing()
    {
        Assert.Equal(0, await Store.AddAsync());
        Assert.Empty(await Fixture.NodeStore.ListAsync(CancellationToken.None));
    }

    [SkippableFact]
    public async Task Append_EachBatch_GetsTheNextBatchIdWithItsBounds()
    {
        await Store.AddAsync(Reading(1, Noon + 5), Reading(2, Noon - 5), Reading(2, Noon - 5));
        await Store.AddAsync(Reading(3));

        Assert.Equal(1, await Fixture.ScalarAsync($"""
            SELECT count(*) FROM ingest_batches WHERE id = 1 AND row_count = 2 AND first_timestamp = {Fixture.Seconds(Noon - 5)} AND last_timestamp = {Fixture.Seconds(Noon + 5)}
            AND committed_at = {Fixture.Microseconds(Noon * 1_000_000)}
            """));
        Assert.Equal(2, await Fixture.ScalarAsync("SELECT batch_id FROM sensor_readings WHERE node_address = 3"));
        Assert.Equal(0, await Fixture.ScalarAsync("SELECT count(*) FROM sensor_readings WHERE batch_id NOT IN (SELECT id FROM ingest_batches)"));
    }

    [SkippableFact]
    public async Task Append_FromManySendersAtOnce_StoresEachKeyOnce()
    {
        var batches = Enumerable.Range(0, 8).Select(i => Run(1 + (i % 4), 50)).ToArray();

        var added = await Task.WhenAll(batches.Select(batch => Store.AddAsync(batch)));

        Assert.Equal(200, added.Sum());
        await AssertCountersEqualRecountAsync(await Store.AllAsync());
    }

    [SkippableFact]
    public void Append_RandomBatches_CountersEqualARecountAndFirstStoredWins()
    {
        // Few nodes and times, so that most batches hold keys of their own and of earlier ones.
        var readings = from node in Gen.Choose(1, 3)
                       from time in Gen.Choose(-20, 20)
                       from temperature in Gen.Choose(-300, 300)
                       from hasDevice in Gen.Elements(true, false)
                       select Reading(node, Noon + time, (short)temperature, deviceId: hasDevice ? (ulong)node : null);
        var batches = readings.ListOf().Select(b => b.ToArray()).ListOf();

        PropertyCheck.ForAllAsync(batches, async random =>
        {
            await using var fixture = await CreateFixtureAsync();
            var (expected, duplicates) = (new Dictionary<(int, long), short?>(), 0L);
            foreach (var batch in random)
            {
                var outcomes = new RowOutcome[batch.Length];
                var added = await fixture.Store.AppendAsync(batch, outcomes, CancellationToken.None);
                var wanted = batch.Select(r => expected.TryAdd((r.NodeAddress, r.Timestamp), r.TemperatureCentidegrees) ? RowOutcome.Inserted : RowOutcome.Duplicate).ToArray();
                Assert.Equal(wanted, outcomes);
                Assert.Equal(wanted.Count(w => w == RowOutcome.Inserted), added);
                duplicates += wanted.Count(w => w == RowOutcome.Duplicate);
            }
            var all = await fixture.Store.AllAsync();
            Assert.Equal(expected.Count, all.Count);
            Assert.All(all, r => Assert.Equal(expected[(r.NodeAddress, r.Timestamp)], r.TemperatureCentidegrees));
            await AssertCountersEqualRecountAsync(all, fixture);
            Assert.Equal(duplicates, (await fixture.NodeStore.ListAsync(CancellationToken.None)).Sum(n => n.DuplicatesSeen));
            return true;
        }, times: RandomCases);
    }

    [SkippableFact]
    public async Task Append_CancelledBefore_StoresNothing()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.AppendAsync(new[] { Reading() }, new RowOutcome[1], cancelled.Token));

        Assert.Empty(await Store.AllAsync());
        Assert.Equal(1, await Store.AddAsync(Reading()));
    }

    [SkippableFact]
    public async Task Append_OneRowTheEngineRefuses_ThrowsAndStoresNothing()
    {
        await Fixture.RejectValueAsync(temperatureCentidegrees: 666);

        await Assert.ThrowsAsync<StoreRejectedException>(() => Store.AddAsync(Reading(1), Reading(2, temperature: 666), Reading(3)));

        Assert.Empty(await Store.AllAsync());
        Assert.Empty(await Fixture.NodeStore.ListAsync(CancellationToken.None));
        Assert.Equal(2, await Store.AddAsync(Reading(1), Reading(3)));
    }

    [SkippableFact]
    public async Task Write_LockedByAnother_IsUnavailableAndWorksAgainAfter()
    {
        await Store.AddAsync(Reading(1));
        await using (await Fixture.LockAsync())
        {
            await Assert.ThrowsAsync<StoreUnavailableException>(() => Store.AddAsync(Reading(2)));
            await Assert.ThrowsAsync<StoreUnavailableException>(() => Fixture.NodeStore.DeleteAsync(1, CancellationToken.None));
            await Assert.ThrowsAsync<StoreUnavailableException>(() => Fixture.Health.CheckAsync(CancellationToken.None));
            Assert.Single(await Store.AllAsync()); // Readers never wait for a writer.
        }
        Assert.Equal(1, await Store.AddAsync(Reading(2)));
        await Fixture.Health.CheckAsync(CancellationToken.None);
        Assert.Equal(2, await Store.CountAsync(default, CancellationToken.None));
    }

    private Task AssertCountersEqualRecountAsync(IReadOnlyList<Reading> all) => AssertCountersEqualRecountAsync(all, Fixture);

    private static async Task AssertCountersEqualRecountAsync(IReadOnlyList<Reading> all, StoreFixture fixture)
    {
        var recount = all.GroupBy(r => r.NodeAddress).OrderBy(g => g.Key)
            .Select(g => (g.Key, g.LongCount(), g.Min(r => r.Timestamp), g.Max(r => r.Timestamp)));
        var counters = (await fixture.NodeStore.ListAsync(CancellationToken.None)).Select(n => (n.Address, n.TotalReadings, n.FirstSeenAt, n.LastSeenAt));
        Assert.Equal(recount, counters);
        Assert.Equal(all.Count, await fixture.Store.CountAsync(default, CancellationToken.None));
    }
}
