using SensorDash.Data.Storage;
using SensorDash.Data.Tests.Events;
using SensorDash.Data.Transfer;
using SensorDash.Tests.Support;

namespace SensorDash.Data.Tests.Transfer;

/// <summary>Swaps of the roles of two stores.</summary>
public sealed class CutOverTests
{
    public static TheoryData<TransferEngine, TransferEngine> Pairs() => new()
    {
        { TransferEngine.Sqlite, TransferEngine.Timescale },
        { TransferEngine.Timescale, TransferEngine.Sqlite },
        { TransferEngine.Sqlite, TransferEngine.DuckDb },
    };

    public static TheoryData<TransferEngine> Engines() => [TransferEngine.Sqlite, TransferEngine.Timescale, TransferEngine.DuckDb];

    [SkippableTheory]
    [MemberData(nameof(Engines))]
    public async Task Role_NewStore_IsPrimaryAndKeepsWhatIsWritten(TransferEngine engine)
    {
        await using var store = await TransferStore.CreateAsync(engine);
        var roles = RolesOf(store);
        var epoch = await roles.ReadEpochAsync(default);

        Assert.Equal(new(StoreRole.Primary, null), await roles.ReadAsync(StoreScope.Readings, default));
        var state = new StoreState(StoreRole.Retired, "sqlite:/it's here.db", 1_782_907_200_123_456);
        await roles.WriteAsync(StoreScope.Readings, state, null, default);
        Assert.Equal(state, await roles.ReadAsync(StoreScope.Readings, default));
        Assert.Equal(epoch, await roles.ReadEpochAsync(default));
        if (engine == TransferEngine.DuckDb) return;

        Assert.Equal(new(StoreRole.Primary, null), await roles.ReadAsync(StoreScope.All, default));
        var head = await store.Fixture.Changes.ReadHeadAsync(default);
        await roles.WriteAsync(StoreScope.All, new(StoreRole.Secondary, "timescale"), "0a1b2c3d", default);
        Assert.Equal("0a1b2c3d", await roles.ReadEpochAsync(default));
        // Batches keep their numbers, and events their positions.
        Assert.Equal(head.Epoch, (await store.Fixture.Changes.ReadHeadAsync(default)).Epoch);
        Assert.Equal("0a1b2c3d", (await store.Events.ReadHeadAsync(default)).Epoch);
    }

    [SkippableTheory]
    [MemberData(nameof(Pairs))]
    public async Task Run_ThereAndBack_LosesNothingAndKeepsOnePrimary(TransferEngine from, TransferEngine to)
    {
        await using var pair = await Pair.CreateAsync(from, to);
        var epoch = pair.Scope == StoreScope.All ? (await pair.Old.Events.ReadHeadAsync(default)).Epoch : null;
        await pair.AddAsync(pair.Old, 100);

        await pair.MoveAsync();

        Assert.Equal((StoreRole.Secondary, StoreRole.Primary), await pair.RolesAsync());
        if (epoch is not null) Assert.Equal(epoch, (await pair.New.Events.ReadHeadAsync(default)).Epoch);
        await pair.AddAsync(pair.New, 200);
        await pair.MoveBackAsync();

        Assert.Equal((StoreRole.Primary, StoreRole.Secondary), await pair.RolesAsync());
        Assert.Null((await RolesOf(pair.Old).ReadAsync(pair.Scope, default)).PromotedAt);
        Assert.Equal(await pair.SumsAsync(pair.New), await pair.SumsAsync(pair.Old));
        Assert.Equal(310, (await pair.SumsAsync(pair.Old)).Readings);
        if (epoch is not null) Assert.Equal(epoch, (await pair.Old.Events.ReadHeadAsync(default)).Epoch);
    }

    // Several processes may write to one database of PostgreSQL.
    [SkippableFact]
    public async Task Run_AnotherProcessWritesUntilTheStoreIsRetired_LosesNothingAndRefusesItAfter()
    {
        await using var pair = await Pair.CreateAsync(TransferEngine.Timescale, TransferEngine.Sqlite);
        var another = pair.Old.Fixture.Store;

        await pair.MoveAsync(reached =>
        {
            if (reached == CutOverStep.Equal) pair.AddAsync(pair.Old, 25).GetAwaiter().GetResult();
            if (reached != CutOverStep.Retired) return;
            var refused = Assert.Throws<StoreUnavailableException>(() => another.AddAsync(Some.Run(7, 5)).GetAwaiter().GetResult());
            Assert.Contains("its data is in new now", refused.Message, StringComparison.Ordinal);
            var events = SomeEvents.Many(5, 1);
            Assert.Throws<StoreUnavailableException>(() => pair.Old.Events.AppendAsync(events, new RowOutcome[events.Length], default).GetAwaiter().GetResult());
        });

        Assert.Equal((StoreRole.Secondary, StoreRole.Primary), await pair.RolesAsync());
        Assert.Equal(35, (await pair.SumsAsync(pair.New)).Readings);
        Assert.Equal(await pair.SumsAsync(pair.Old), await pair.SumsAsync(pair.New));
    }

    [SkippableTheory]
    [MemberData(nameof(Pairs))]
    public async Task Finish_AfterACutOver_RetiresTheOldStoreAndRemovesBothLedgers(TransferEngine from, TransferEngine to)
    {
        await using var pair = await Pair.CreateAsync(from, to);
        await pair.MoveAsync();

        await CutOver.FinishAsync(new(pair.New.Side, "new"), new(pair.Old.Side, "old"), pair.Scope, default);

        Assert.Equal(new(StoreRole.Retired, "new"), await RolesOf(pair.Old).ReadAsync(pair.Scope, default));
        Assert.Equal(new(StoreRole.Primary, null), await RolesOf(pair.New).ReadAsync(pair.Scope, default));
        foreach (var store in (TransferStore[])[pair.Old, pair.New]) Assert.Empty(await ((StoreSource)store.Side).ReadTransfersAsync(default));
    }

    // A process that is killed after any step: one of the two stores can be started, and it has everything.
    [SkippableTheory]
    [MemberData(nameof(Pairs))]
    public async Task Run_KilledAfterEachStep_LeavesOnePrimaryAndGoesOn(TransferEngine from, TransferEngine to)
    {
        await using var pair = await Pair.CreateAsync(from, to);
        for (var number = 0; number < 2; number++)
        {
            foreach (var step in Enum.GetValues<CutOverStep>())
            {
                await pair.AddAsync(pair.Old, 10);
                var rows = (await pair.SumsAsync(pair.Old)).Readings;
                await Assert.ThrowsAsync<KilledException>(() => pair.MoveAsync(reached => { if (reached == step) throw new KilledException(); }));

                var isComplete = step >= CutOverStep.Promoted;
                Assert.Equal(isComplete ? 1 : 0, await pair.PrimariesAfterStartAsync(pair.New, pair.Old));
                Assert.Equal(isComplete ? 0 : 1, await pair.PrimariesAfterStartAsync(pair.Old, pair.New));
                Assert.Equal(rows, (await pair.SumsAsync(isComplete ? pair.New : pair.Old)).Readings);
                if (!isComplete) continue;
                if (step == CutOverStep.Promoted) await RolesOf(pair.Old).WriteAsync(pair.Scope, new(StoreRole.Secondary, "new"), null, default); // As dual-write does.
                await pair.MoveBackAsync();
            }
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Pairs))]
    public async Task Run_TargetEditedByHand_IsRefusedAndChangesNoRole(TransferEngine from, TransferEngine to)
    {
        await using var pair = await Pair.CreateAsync(from, to);
        await pair.New.ExecuteAsync("UPDATE ingest_batches SET rows_hash = rows_hash + 1 WHERE id = 1");

        var refused = await Assert.ThrowsAsync<TransferException>(() => pair.MoveAsync());

        Assert.Contains("differ", refused.Message, StringComparison.Ordinal);
        Assert.Equal((StoreRole.Primary, StoreRole.Secondary), await pair.RolesAsync());
    }

    private static IStoreRoles RolesOf(TransferStore store) => ((StoreSource)store.Side).Parts.Roles;

    private sealed class KilledException : Exception;

    /// <summary>A primary and its secondary, which has the history.</summary>
    private sealed class Pair(TransferStore old, TransferStore other) : IAsyncDisposable
    {
        private int _added;

        public TransferStore Old => old;

        public TransferStore New => other;

        public StoreScope Scope { get; private init; }

        public static async Task<Pair> CreateAsync(TransferEngine from, TransferEngine to)
        {
            var pair = new Pair(await TransferStore.CreateAsync(from), await TransferStore.CreateAsync(to)) { Scope = to == TransferEngine.DuckDb ? StoreScope.Readings : StoreScope.All };
            await pair.AddAsync(pair.Old, 10);
            using var rejects = new RejectLog(null, isStrict: true);
            await new TransferRunner(pair.Old.Side, pair.New.Side, new() { Follows = true }, pair.Old.Fixture.Clock).RunAsync(rejects, default);
            await RolesOf(pair.New).WriteAsync(pair.Scope, new(StoreRole.Secondary, "old"), null, default);
            return pair;
        }

        public async Task AddAsync(TransferStore store, int readings)
        {
            if (readings > 0) await store.Fixture.Store.AddAsync(Some.Run(++_added, readings));
            if (Scope == StoreScope.Readings) return;
            var events = SomeEvents.Many(50, 100 + _added).DistinctBy(e => e.Id).ToArray();
            await store.Events.AppendAsync(events, new RowOutcome[events.Length], default);
        }

        public Task MoveAsync(Action<CutOverStep>? reached = null) => MoveAsync(new(old.Side, "old"), new(other.Side, "new"), isBack: false, reached);

        public Task MoveBackAsync() => MoveAsync(new(other.Side, "new"), new(old.Side, "old"), isBack: true, null);

        public async Task<(StoreRole Old, StoreRole New)> RolesAsync() => ((await RolesOf(old).ReadAsync(Scope, default)).Role, (await RolesOf(other).ReadAsync(Scope, default)).Role);

        public Task<StoreSums> SumsAsync(TransferStore store) => StoreSums.ReadAsync(((StoreSource)store.Side).Parts, Scope == StoreScope.All, default);

        // As a start of the server: a retired store asks its successor.
        public async Task<int> PrimariesAfterStartAsync(TransferStore store, TransferStore successor)
        {
            var role = (await RolesOf(store).ReadAsync(Scope, default)).Role;
            if (role == StoreRole.Retired && await CutOver.TryUndoAsync(RolesOf(store), RolesOf(successor), Scope, default)) role = StoreRole.Primary;
            return role == StoreRole.Primary ? 1 : 0;
        }

        public async ValueTask DisposeAsync()
        {
            await old.DisposeAsync();
            await other.DisposeAsync();
        }

        private async Task MoveAsync(CutOverSide from, CutOverSide to, bool isBack, Action<CutOverStep>? reached)
        {
            var transfer = (await new TransferLedger(to.Store.RunLedgerAsync).ListAsync(default)).Last(t => t.Source == from.Store.Name);
            await new CutOver(from, to, Scope, old.Fixture.Clock, reached).RunAsync(transfer.Id, isBack, default);
        }
    }
}
