using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SensorDash.Data.Events;
using SensorDash.Data.Retention;
using SensorDash.Data.Storage;
using SensorDash.Data.Streaming;
using SensorDash.Data.Tests.Streaming;
using SensorDash.Tests.Support;
using static SensorDash.Data.Tests.Events.SomeEvents;

namespace SensorDash.Data.Tests.Retention;

/// <summary>Retention of events: what is left does not depend on the engine, on how far a run came, or on when it was killed.</summary>
public abstract class EventRetentionContract : IAsyncLifetime
{
    private const long Day = 86_400_000_000;
    private const int Days = 5;

    protected StoreFixture Fixture { get; private set; } = null!;

    private IEventStore Store { get; set; } = null!;

    private readonly RetentionOptions _options = new() { Events = new() { Raw = Days, Parsed = Days, Ui = Days, Command = Days, Metadata = Days } };

    public async Task InitializeAsync()
    {
        Fixture = await CreateFixtureAsync();
        Store = Open(new());
    }

    public virtual async Task DisposeAsync()
    {
        if (Fixture is not null) await Fixture.DisposeAsync();
    }

    protected abstract Task<StoreFixture> CreateFixtureAsync();

    protected abstract IEventStore Open(EventCommitSignal commits);

    protected abstract IEventRemoval OpenRemoval();

    /// <summary>Whether one slice may take a chunk of any number of events.</summary>
    protected virtual bool HasChunks => false;

    private RetentionRules Rules => new(Fixture.Contexts, Fixture.NodeStore, Options.Create(_options), Fixture.Clock);

    protected RetentionRun Run(RetentionRules? rules = null) => new(Fixture.Store, Fixture.NodeStore, OpenRemoval(), rules ?? Rules, Fixture.Clock);

    protected long Now => Fixture.Clock.NowMicroseconds();

    // Start of the day from which events are kept.
    private long Edge => ((Now / Day) - Days) * Day;

    [SkippableFact]
    public async Task Run_TenDaysOfAllLanes_LeavesWhatIsKeptAndWhatIsInEffect()
    {
        var all = new List<LaneEvent>();
        for (var day = 0; day < 10; day++)
        {
            all.AddRange(await AddAsync([
                Raw(Now, sequence: day), Raw(Now + 1, connection: "d", sequence: day), Parsed(Now), Parsed(Now, "t", payload: """{"a":1}"""), Command(Now, request: $"r{day}"), Command(Now, id: $"c{day}"),
                Metadata(Now, payload: Number(day)), Metadata(Now, "t", payload: Number(day)), Ui(Now, data: Number(day)), Ui(Now + 2, type: UiEvent.Checkpoint, data: Number(day)),
                .. day == 1 ? (LaneEvent[])[
                    Metadata(Now, stream: "rare"), Metadata(Now + 1, stream: "rare", effective: Now + (30 * Day)), Metadata(Now, stream: null, manifest: "stream", payload: Number(100)),
                    Metadata(Now, stream: "late", effective: Now - (90 * Day)), Metadata(Now - Day, stream: "late"), Ui(Now, view: "old", type: UiEvent.Checkpoint), Ui(Now + 5, view: "old")] : [],
                .. day == 2 ? (LaneEvent[])[Ui(Now - (2 * Day), view: "old", type: UiEvent.Checkpoint, data: Number(day)), Metadata(Now - (2 * Day), stream: "rare", payload: Number(day))] : []]));
            Fixture.Clock.Advance(TimeSpan.FromDays(1));
        }

        await Run().RemoveEventsAsync(default);

        var expected = all.Where(e => IsKept(e, all, Edge)).ToList();
        Assert.Equal(expected.Select(Describe).Order(StringComparer.Ordinal), (await ReadAllAsync()).Select(Describe).Order(StringComparer.Ordinal));
        Assert.InRange(expected.Count, 40, all.Count - 20);
        var edges = await OpenRemoval().ReadEdgesAsync(default);
        Assert.All(Lanes.All, lane => Assert.Equal(Edge, edges[lane]));
        Assert.Equal(Edge, (await Store.ReadHeadAsync(default)).Oldest);
        Assert.Equal(expected.Count(e => e is CommandEvent { RequestId: not null }), await Fixture.ScalarAsync("SELECT count(*) FROM command_requests"));
        await AssertSumsAsync(expected);
    }

    [SkippableFact]
    public async Task Run_Repeated_DeletesAtTheNextEdgeWhatIsNoLongerInEffect()
    {
        await AddAsync(Metadata(Now, payload: Number(1)), Ui(Now, type: UiEvent.Checkpoint, data: Number(1)));
        for (var day = 0; day < 20; day++)
        {
            Fixture.Clock.Advance(TimeSpan.FromDays(1));
            if (day is 2 or 8) await AddAsync(Metadata(Now, payload: Number(day + 2)), Ui(Now, type: UiEvent.Checkpoint, data: Number(day + 2)));
            await Run().RemoveEventsAsync(default);
        }

        // What took effect last stays, however old it is.
        Assert.Equal(["""{"n":10}""", """{"n":10}"""], (await ReadAllAsync()).Select(e => System.Text.Encoding.UTF8.GetString(e.Content)));
        Assert.Equal(2, await Fixture.ScalarAsync("SELECT count(*) FROM event_index"));
        Assert.NotNull(await Store.FindAsync((await ReadAllAsync())[0].Id, null, default));
    }

    [SkippableFact]
    public async Task RemoveSlice_ManyEvents_TakesABoundedNumberAndTheEdgeMovesWithThem()
    {
        for (var batch = 0; batch < 3; batch++) await AddAsync([.. Enumerable.Range(0, 4_001).Select(i => Raw(Now + i, connection: $"c{batch}", sequence: i))]);
        Fixture.Clock.Advance(TimeSpan.FromDays(Days + 1));
        await AddAsync(Raw(Now));

        var (edge, left) = (0L, 12_004L);
        while (true)
        {
            // Each time as after a kill: nothing is known but what the store says.
            var slice = await OpenRemoval().RemoveSliceAsync(Lane.Raw, Edge, default);
            if (!HasChunks) Assert.InRange(slice.Removed, 0, 5_000);
            Assert.True(slice.Edge > edge || slice.Edge == Edge);
            (edge, left) = (slice.Edge, left - slice.Removed);
            var read = await ReadAllAsync();
            Assert.Equal(left, read.Count);
            Assert.All(read, e => Assert.True(e.CanonicalTime >= edge));
            await AssertSumsAsync(read);
            if (slice.Edge == Edge) break;
        }
        Assert.Equal(1, left);
    }

    [SkippableFact]
    public async Task RemoveSlice_EdgeBeyondTheNewestEvent_StopsBehindIt()
    {
        await AddAsync(Raw(Now));
        var newest = (await Store.ReadHeadAsync(default)).Position;

        var slice = await OpenRemoval().RemoveSliceAsync(Lane.Raw, Now + (400 * Day), default);

        Assert.Equal(newest + 1, slice.Edge);
        await AddAsync(Raw(Now + 1)); // With a clock that was set back.
        Assert.Single(await ReadAllAsync());
    }

    [SkippableFact]
    public async Task Retry_OfAnEventAtTheEdge_IsNeverStoredTwice()
    {
        LaneEvent Retry() => Raw(Noon + (20 * Day / 24)); // Its producer's clock is ahead: it is past midnight there.
        var rules = Rules;
        var gate = new EventRetentionGate(Store, rules);
        await AddAsync(Retry());
        Fixture.Clock.Advance(TimeSpan.FromDays(Days));
        await AddAsync(Parsed(Now));
        while (true)
        {
            await Run(rules).RemoveEventsAsync(default);
            var outcome = new RowOutcome[1];
            await gate.AppendAsync(new[] { Retry() }, outcome, default);
            var isOld = Retry().SourceTime < Edge;
            Assert.Equal(isOld ? RowOutcome.TooOld : RowOutcome.Duplicate, outcome[0]);
            Assert.InRange(await Fixture.ScalarAsync("SELECT count(*) FROM raw_events"), 0, 1);
            if (await Fixture.ScalarAsync("SELECT count(*) FROM event_index WHERE lane = 4") == 0) break;
            Fixture.Clock.Advance(TimeSpan.FromHours(7));
        }
        Assert.InRange(Now, Noon + (2 * Days * Day), Noon + ((2 * Days + 2) * Day)); // Twice the retention.
    }

    [SkippableFact]
    public async Task Retry_AfterALongerRetentionIsChosen_DoesNotBringBackWhatWasDeleted()
    {
        await AddAsync(Raw(Now));
        Fixture.Clock.Advance(TimeSpan.FromDays(3 * Days));
        await AddAsync(Raw(Now, sequence: 1));
        await Run().RemoveEventsAsync(default);
        _options.Events.Raw = 365;
        var rules = Rules;
        await Run(rules).RemoveEventsAsync(default);

        var outcomes = new RowOutcome[2];
        await new EventRetentionGate(Store, rules).AppendAsync(new LaneEvent[] { Raw(Noon), Raw(Now + 1) }, outcomes, default);

        Assert.Equal([RowOutcome.TooOld, RowOutcome.Inserted], outcomes);
    }

    [SkippableFact]
    public async Task Index_EventWhoseSourceTimeWasOldOnArrival_OutlivesItsEvent()
    {
        var old = await AddAsync(Raw(Now - (90 * Day)));
        await Run().RemoveEventsAsync(default);

        Assert.NotNull(await Store.FindAsync(old[0].Id, null, default));
        Assert.Equal(1, await Fixture.ScalarAsync("SELECT count(*) FROM event_index"));
    }

    [SkippableFact]
    public async Task Ingest_DuringARun_GoesOn()
    {
        for (var batch = 0; batch < 4; batch++) await AddAsync([.. Enumerable.Range(0, 4_000).Select(i => Parsed(Now + i, stream: $"s{batch}", payload: Number(i)))]);
        Fixture.Clock.Advance(TimeSpan.FromDays(Days + 1));
        await AddAsync(Parsed(Now));

        // Each may wait for the other's lock for longer than the product allows, and then retries.
        var run = WaitFor.RetryWhileUnavailableAsync("the run", () => Run().RemoveEventsAsync(default));
        var added = 0;
        for (var batch = 0; batch < 20; batch++)
        {
            LaneEvent[] events = [.. Enumerable.Range(0, 50).Select(i => Raw(Now + i, connection: $"c{batch}", sequence: i))];
            added += (await WaitFor.RetryWhileUnavailableAsync("the batch is stored", () => AddAsync(events))).Length;
        }
        await run;

        var left = await ReadAllAsync();
        Assert.Equal(added + 1, left.Count);
        await AssertSumsAsync(left);
    }

    [SkippableFact]
    public async Task Stream_FromBeforeTheEdge_IsReset()
    {
        using var commits = new Hub(Open);
        await AddAsync(Raw(Now), Parsed(Now));
        Fixture.Clock.Advance(TimeSpan.FromDays(Days + 1));
        await AddAsync(Raw(Now, sequence: 1), Parsed(Now));
        var head = await Store.ReadHeadAsync(default);
        _options.Events.Parsed = 0;
        await Run().RemoveEventsAsync(default);
        var query = new LiveQuery(new EventFilter { Lanes = [Lane.Raw, Lane.Parsed] }) { After = new(head.Epoch, Noon) };

        await using var reset = new ReceivedStream(commits.Live(Fixture.Clock, query), isPaused: false);
        await using var whole = new ReceivedStream(commits.Live(Fixture.Clock, query with { Filter = new() { Lanes = [Lane.Parsed] } }), isPaused: false);
        await using var behind = new ReceivedStream(commits.Live(Fixture.Clock, query with { After = new(head.Epoch, Edge - 1) }), isPaused: false);

        await reset.CaughtUpAsync();
        Assert.Contains(new StreamReset(head.Epoch, head.Oldest, head.Position), reset.Items);
        Assert.Empty(reset.Received);
        await whole.WaitForAsync(1); // This lane has lost nothing.
        Assert.DoesNotContain(whole.Items, i => i is StreamReset);
        await behind.WaitForAsync(2);
        Assert.DoesNotContain(behind.Items, i => i is StreamReset);
    }

    [SkippableFact]
    public async Task Preview_CountsWhatARunDeletes()
    {
        await AddAsync([.. Enumerable.Range(0, 30).Select(i => Parsed(Now + i, payload: """{"text":"abcdefghij"}"""))]);
        Fixture.Clock.Advance(TimeSpan.FromDays(Days + 1));
        await AddAsync(Parsed(Now));

        var preview = await OpenRemoval().PreviewAsync(Lane.Parsed, Edge, default);

        Assert.Equal((30, Noon), (preview.Events, preview.Oldest));
        Assert.InRange(preview.ContentBytes, 30 * 20, 30 * 40);
        Assert.Equal(new(0, 0, null), await OpenRemoval().PreviewAsync(Lane.Ui, Edge, default));
    }

    private sealed class Hub(Func<EventCommitSignal, IEventStore> open) : IDisposable
    {
        private readonly List<EventFeed> _feeds = [];

        public Func<CancellationToken, IAsyncEnumerable<StreamItem>> Live(TimeProvider clock, LiveQuery query)
        {
            var commits = new EventCommitSignal();
            var feed = new EventFeed(open(commits), commits, clock, NullLogger<EventFeed>.Instance);
            _feeds.Add(feed);
            return token => new LiveEvents(feed, clock).ReadAsync(query, token);
        }

        public void Dispose() => _feeds.ForEach(f => f.Dispose());
    }

    // The rule itself, in another form than the engines have it.
    private static bool IsKept(LaneEvent e, IReadOnlyCollection<LaneEvent> all, long edge)
    {
        if (e.CanonicalTime >= edge) return true;
        var before = all.Where(o => o.Lane == e.Lane && o.CanonicalTime < edge && o.ScopeId == e.ScopeId && o.IdentityKey == e.IdentityKey).ToList();
        return e switch
        {
            MetadataEvent => Enum.GetValues<Timebase>().Any(t => !before.Exists(o => Effective(o, t) <= edge && Compare(o, e, t) > 0)),
            UiEvent { MessageType: UiEvent.Checkpoint } => Enum.GetValues<Timebase>().Any(t => !before.Exists(o => o is UiEvent { MessageType: UiEvent.Checkpoint } && o.TimeBy(t) > e.TimeBy(t))),
            _ => false,
        };

        static long Effective(LaneEvent e, Timebase t) => (e as MetadataEvent)?.EffectiveTime ?? e.TimeBy(t);

        static int Compare(LaneEvent a, LaneEvent b, Timebase t) => (Effective(a, t), a.TimeBy(t), a.Id).CompareTo((Effective(b, t), b.TimeBy(t), b.Id));
    }

    private async Task AssertSumsAsync(List<LaneEvent> left)
    {
        var hash = new EventHash();
        Assert.Equal(left.Count, await Fixture.ScalarAsync("SELECT CAST((SELECT coalesce(sum(event_count), 0) FROM event_batches) - removed_events AS BIGINT) FROM store_info"));
        var batches = 0L;
        for (var id = 1; id <= await Fixture.ScalarAsync("SELECT coalesce(max(id), 0) FROM event_batches"); id++)
            batches = unchecked(batches + await Fixture.ScalarAsync(string.Create(CultureInfo.InvariantCulture, $"SELECT coalesce(max(rows_hash), 0) FROM event_batches WHERE id = {id}")));
        Assert.Equal(left.Aggregate(0L, (sum, e) => unchecked(sum + hash.Of(e, e.CanonicalTime))), unchecked(batches - await Fixture.ScalarAsync("SELECT removed_events_hash FROM store_info")));
    }

    private async Task<List<LaneEvent>> ReadAllAsync()
    {
        var all = new List<LaneEvent>();
        await foreach (var page in Store.ReadPagesAsync(new(EventFilter.All, Timebase.Canonical, EventDirection.Forward), default)) all.AddRange(page);
        return all;
    }

    protected async Task<LaneEvent[]> AddAsync(params LaneEvent[] events)
    {
        var outcomes = new RowOutcome[events.Length];
        await Store.AppendAsync(events, outcomes, default);
        Assert.All(outcomes, o => Assert.Equal(RowOutcome.Inserted, o));
        return events;
    }

    private static string Number(int n) => string.Create(CultureInfo.InvariantCulture, $"{{\"n\":{n}}}");
}
