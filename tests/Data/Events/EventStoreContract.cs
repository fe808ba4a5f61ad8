using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;
using SensorDash.Tests.Support;
using static SensorDash.Data.Tests.Events.SomeEvents;

namespace SensorDash.Data.Tests.Events;

/// <summary>What every event store must do. Each engine inherits it.</summary>
public abstract partial class EventStoreContract : IAsyncLifetime
{
    protected StoreFixture Fixture { get; private set; } = null!;

    protected IEventStore Store { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Fixture = await CreateFixtureAsync();
        Store = Open();
    }

    public virtual async Task DisposeAsync()
    {
        if (Fixture is not null) await Fixture.DisposeAsync();
    }

    protected abstract Task<StoreFixture> CreateFixtureAsync();

    /// <summary>Another store on the same data, as another process would open it.</summary>
    protected abstract IEventStore Open(EventCommitSignal commits);

    private IEventStore Open() => Open(new());

    protected abstract Task ExecuteAsync(params string[] statements);

    /// <summary>The second of the canonical time, and 0 to 2 microseconds.</summary>
    protected virtual string TiedCanonicalTime => "canonical_truth_time / 1000000 * 1000000 + canonical_truth_time % 3";

    [SkippableFact]
    public async Task Append_EventOfEveryLane_ReadsBackAsItWas()
    {
        LaneEvent[] events = [
            Raw(connection: "😀", sequence: long.MaxValue, frame: "", text: "2026-07-01T14:00:00+02:00"), Parsed(payload: """{"a":[1,null,"é😀"]}"""), Ui(), Command(),
            Command(request: "r"), Metadata(effective: Noon - 5), Metadata(stream: null, manifest: "m")];
        await AddAsync(events);

        var read = await AllAsync();

        Assert.Equal(events.Select(Describe), read.Select(Describe));
        Assert.All(read, e => Assert.Equal(e.Id, e.ComputeId()));
        Assert.Equal(events.Select(e => e.CanonicalTime), read.Select(e => e.CanonicalTime));
    }

    [SkippableFact]
    public async Task Append_SameEventAgain_IsADuplicateAndStoredOnce()
    {
        foreach (var lane in Lanes.All)
        {
            var laneEvent = Many(200, 1).First(e => e.Lane == lane);
            Assert.Equal([RowOutcome.Inserted], await AddAsync(laneEvent));
            var seen = laneEvent.CanonicalTime;
            Assert.Equal([RowOutcome.Duplicate, RowOutcome.Duplicate], await AddAsync(laneEvent, laneEvent));
            Assert.Equal(seen, laneEvent.CanonicalTime);
            Assert.Equal(1, await Fixture.ScalarAsync($"SELECT count(*) FROM {lane.Name()}_events"));
        }
        Assert.Equal(5, await Fixture.ScalarAsync("SELECT count(*) FROM event_index"));
    }

    [SkippableFact]
    public async Task Append_DuplicatesInsideABatch_CountOnce()
    {
        var outcomes = await AddAsync(Raw(), Parsed(), Raw(), Raw(sequence: 1, frame: "other"), Parsed());

        Assert.Equal([RowOutcome.Inserted, RowOutcome.Inserted, RowOutcome.Duplicate, RowOutcome.Inserted, RowOutcome.Duplicate], outcomes);
        Assert.Equal(3, (await AllAsync()).Count);
    }

    [SkippableFact]
    public async Task Append_RequestKnownInItsScope_IsAlreadyAcceptedAndNotStored()
    {
        var first = Command(request: "r1");
        Assert.Equal([RowOutcome.Inserted], await AddAsync(first));

        var outcomes = await AddAsync(Command(request: "r1", payload: "{\"other\":1}"), Command(Noon + 1, request: "r1"), Command(scope: "t", request: "r1"),
            Command(request: "r2"), Command(Noon + 9, request: "r2"), Command(), Command(type: CommandEvent.Result), first);

        Assert.Equal([RowOutcome.AlreadyAccepted, RowOutcome.AlreadyAccepted, RowOutcome.Inserted, RowOutcome.Inserted, RowOutcome.AlreadyAccepted,
            RowOutcome.Inserted, RowOutcome.Inserted, RowOutcome.Duplicate], outcomes);
        Assert.Equal((5L, 5L), (await Fixture.ScalarAsync("SELECT count(*) FROM event_index"), await Fixture.ScalarAsync("SELECT count(*) FROM command_events")));
        Assert.Null(await Store.FindAsync(Command(Noon + 1, request: "r1").Id, null, CancellationToken.None));
    }

    [SkippableFact]
    public async Task Append_CanonicalTimes_IncreaseStrictlyOverBatchesRestartsAndClocksSetBack()
    {
        await AddAsync(Raw(frame: "1"), Raw(frame: "2"), Raw(frame: "1"), Raw(frame: "3"));
        Store = Open();
        await AddAsync(Parsed());
        Fixture.Clock.Advance(TimeSpan.FromHours(-1));
        await AddAsync(Ui());
        Store = Open();
        await AddAsync(Raw(frame: "4"));
        Fixture.Clock.Advance(TimeSpan.FromHours(2));
        await AddAsync(Command());

        Assert.Equal([Noon, Noon + 1, Noon + 2, Noon + 3, Noon + 4, Noon + 5, Noon + 3_600_000_000], (await AllAsync()).Select(e => e.CanonicalTime));
    }

    [SkippableFact]
    public async Task Find_EveryEvent_IsFoundWithAndWithoutItsTime()
    {
        var events = Many(100, 5);
        await AddAsync(events);
        foreach (var e in events.Where(e => e.CanonicalTime > 0))
        {
            Assert.Equal(Describe(e), Describe((await Store.FindAsync(e.Id, null, CancellationToken.None))!));
            Assert.Equal(Describe(e), Describe((await Store.FindAsync(e.Id, e.SourceTime, CancellationToken.None))!));
            Assert.Null(await Store.FindAsync(e.Id, e.SourceTime + 1, CancellationToken.None));
        }
        Assert.Null(await Store.FindAsync(default, null, CancellationToken.None));
    }

    [SkippableFact]
    public async Task ReadChanges_FromAnyBatch_GiveWhatWasCommittedBehindItInOrder()
    {
        LaneEvent[][] batches = [[Raw(), Metadata()], [Raw()], [Parsed(Noon - 7), Ui()]];
        foreach (var batch in batches) await AddAsync(batch);

        var all = await Store.ReadChangesAsync(0, CancellationToken.None);
        var rest = await Store.ReadChangesAsync(1, CancellationToken.None);
        var none = await Store.ReadChangesAsync(all.UpTo, CancellationToken.None);

        Assert.Equal([Lane.Raw, Lane.Metadata, Lane.Parsed, Lane.Ui], all.Events.Select(e => e.Lane));
        Assert.Equal([Lane.Parsed, Lane.Ui], rest.Events.Select(e => e.Lane));
        Assert.Equal((2L, 2L, 0), (all.UpTo, none.UpTo, none.Events.Count)); // A batch of duplicates is no batch.
        Assert.Equal(Noon, all.CommittedAt);
    }

    [SkippableFact]
    public async Task Append_StoreLocked_IsUnavailableAndTheSameBatchGoesInLater()
    {
        await AddAsync(Raw());
        await using (await Fixture.LockAsync())
            await Assert.ThrowsAsync<StoreUnavailableException>(() => AddAsync(Parsed(), Ui()));

        Assert.Equal([RowOutcome.Inserted, RowOutcome.Inserted], await AddAsync(Parsed(), Ui()));
    }

    [SkippableFact]
    public async Task Append_Cancelled_StoresNothing()
    {
        var outcomes = new RowOutcome[1];
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.AppendAsync(new LaneEvent[] { Raw() }, outcomes, new CancellationToken(true)));

        Assert.Empty(await AllAsync());
        Assert.Equal(0, await Fixture.ScalarAsync("SELECT count(*) FROM event_index"));
    }

    protected Task<RowOutcome[]> AddAsync(params LaneEvent[] events) => AddAsync(Store, events);

    private static async Task<RowOutcome[]> AddAsync(IEventStore store, LaneEvent[] events)
    {
        var outcomes = new RowOutcome[events.Length];
        var added = await store.AppendAsync(events, outcomes, CancellationToken.None);
        Assert.Equal(outcomes.Count(o => o == RowOutcome.Inserted), added);
        return outcomes;
    }

    protected async Task<List<LaneEvent>> AllAsync(Timebase timebase = Timebase.Canonical, EventDirection direction = EventDirection.Forward)
    {
        var all = new List<LaneEvent>();
        await foreach (var page in Store.ReadPagesAsync(new EventQuery(EventFilter.All, timebase, direction), CancellationToken.None)) all.AddRange(page);
        return all;
    }
}
