using System.Text;
using FsCheck.Fluent;
using SensorDash.Data.Events;
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
    protected abstract IEventStore Open();

    /// <summary>Gives the stored events three canonical times only, as several writers at once would.</summary>
    protected abstract Task MakeCanonicalTiesAsync();

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

    [SkippableTheory]
    [InlineData(Timebase.Canonical, EventDirection.Forward)]
    [InlineData(Timebase.Canonical, EventDirection.Backward)]
    [InlineData(Timebase.Source, EventDirection.Forward)]
    [InlineData(Timebase.Source, EventDirection.Backward)]
    public async Task Read_ManyTies_ComeInTheOrderOfTheContractPageByPage(Timebase timebase, EventDirection direction)
    {
        await AddAsync(Many(1_500, 7));
        await MakeCanonicalTiesAsync();
        var expected = (await AllAsync()).OrderBy(e => SortKey(e, timebase), StringComparer.Ordinal).Select(e => e.Id).ToList();
        if (direction == EventDirection.Backward) expected.Reverse();

        foreach (var limit in new[] { 10_000, 97, 1 })
        {
            var read = new List<EventId>();
            var query = new EventQuery(EventFilter.All, timebase, direction, Limit: limit);
            do
            {
                var page = await Store.ReadAsync(query, CancellationToken.None);
                Assert.InRange(page.Events.Count, 1, limit);
                read.AddRange(page.Events.Select(e => e.Id));
                query = query with { After = page.Next };
            }
            while (query.After is not null && (limit > 1 || read.Count < 150));
            Assert.Equal(expected.Take(read.Count), read);
            Assert.True(limit == 1 || read.Count == expected.Count);
        }
        Assert.Equal(expected, (await AllAsync(timebase, direction)).Order(new EventOrder(timebase, direction)).Select(e => e.Id));
    }

    [SkippableFact]
    public async Task Read_WhileOthersWrite_GivesNoEventTwiceAndMissesNone()
    {
        var before = Many(600, 3);
        await AddAsync(before);
        var read = new List<EventId>();
        var query = new EventQuery(EventFilter.All, Timebase.Source, EventDirection.Backward, Limit: 50);
        var round = 0;
        do
        {
            var page = await Store.ReadAsync(query, CancellationToken.None);
            read.AddRange(page.Events.Select(e => e.Id));
            query = query with { After = page.Next };
            await AddAsync(Many(40, 100 + round++));
        }
        while (query.After is not null);

        Assert.Equal(read.Count, read.Distinct().Count());
        var stored = (await AllAsync()).Where(e => e.CanonicalTime < Noon + 600).Select(e => e.Id).ToHashSet();
        Assert.Superset(stored.Intersect(before.Select(e => e.Id)).ToHashSet(), read.ToHashSet());
    }

    [SkippableFact]
    public async Task Read_RandomFilters_GiveWhatTheFilterMatches()
    {
        await AddAsync(Many(800, 11));
        var all = await AllAsync(Timebase.Source);
        var filters = from lanes in Gen.SubListOf(Lanes.All.ToArray())
                      from scopes in Gen.SubListOf("s", "t", "none")
                      from name in Gen.Elements("a", "B", "😀", "nobody")
                      from field in Gen.Elements(EventFields.All.ToArray())
                      from hasField in Gen.Elements(true, false)
                      from number in Gen.Choose(-200, 800)
                      from ticks in Gen.Two(Gen.Choose(-1, 5))
                      let chosen = (hasField ? lanes.Where(l => l.Has(field)) : lanes).ToArray()
                      where chosen.Length > 0
                      select (Filter: new EventFilter
                      {
                          Lanes = chosen,
                          Scopes = [.. scopes],
                          Fields = hasField ? [new(field, name)] : [],
                          Payload = number < 0 ? [] : [new PayloadCondition("n", $"{number}")],
                      }, From: Noon + ticks.Item1, To: Noon + ticks.Item2);

        PropertyCheck.ForAllAsync(filters, async given =>
        {
            var query = new EventQuery(given.Filter, Timebase.Source, EventDirection.Forward, given.From, given.To, Limit: 10_000);
            var page = await Store.ReadAsync(query, CancellationToken.None);
            var expected = all.Where(e => given.Filter.Matches(e) && e.SourceTime >= given.From && e.SourceTime < given.To);
            return page.Events.Select(e => e.Id).SequenceEqual(expected.Select(e => e.Id)) && page.Next is null;
        }, times: 200);
    }

    [SkippableFact]
    public async Task Read_Range_IsHalfOpenInBothTimebases()
    {
        await AddAsync(Raw(Noon - 1), Raw(Noon), Raw(Noon + 1), Raw(Noon + 2));

        foreach (var (timebase, direction) in new[] { (Timebase.Source, EventDirection.Forward), (Timebase.Canonical, EventDirection.Backward) })
        {
            var page = await Store.ReadAsync(new EventQuery(EventFilter.All, timebase, direction, Noon, Noon + 2), CancellationToken.None);
            Assert.Equal(2, page.Events.Count);
            Assert.All(page.Events, e => Assert.InRange(e.TimeBy(timebase), Noon, Noon + 1));
        }
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
    public async Task Append_TwoWritersAndReadingsAtOnce_KeepEverythingOnceInOrder()
    {
        var other = Open();
        var readings = Enumerable.Range(0, 20).Select(i => Fixture.Store.AddAsync(Some.Run(i + 1, 50)));
        var events = Enumerable.Range(0, 40).Select(i => AddAsync(i % 2 == 0 ? Store : other, Many(100, i / 4))); // Every batch comes four times.
        var outcomes = (await Task.WhenAll(events.Select(e => Task.Run(() => e)))).SelectMany(o => o).ToArray();
        await Task.WhenAll(readings);

        var all = await AllAsync();
        Assert.Equal(outcomes.Count(o => o == RowOutcome.Inserted), all.Count);
        Assert.Equal(all.Count, all.Select(e => e.Id).Distinct().Count());
        Assert.Equal(all.Count, all.Select(e => e.CanonicalTime).Distinct().Count());
        Assert.Equal(1000, await Fixture.ScalarAsync("SELECT count(*) FROM sensor_readings"));
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

    // The order of the contract written down once more, as text that compares by its characters.
    private protected static string SortKey(LaneEvent e, Timebase timebase)
    {
        var priority = "metadata,command,ui,parsed,raw".Split(',').ToList().IndexOf(e.Lane.Name());
        var raw = e is RawEvent frame ? $"{Convert.ToHexString(Encoding.UTF8.GetBytes(frame.ConnectionId))}!{frame.Sequence:D19}" : "";
        return $"{(timebase == Timebase.Source ? e.SourceTime : e.CanonicalTime):D19} {priority} {raw} {e.Id}";
    }
}
