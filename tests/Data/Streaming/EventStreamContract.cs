using Microsoft.Extensions.Logging.Abstractions;
using SensorDash.Data.Events;
using SensorDash.Data.Storage;
using SensorDash.Data.Streaming;
using SensorDash.Tests.Support;
using static SensorDash.Data.Tests.Events.SomeEvents;

namespace SensorDash.Data.Tests.Streaming;

/// <summary>What live streams and replays must do on every engine.</summary>
public abstract partial class EventStreamContract : IAsyncLifetime
{
    private readonly List<IDisposable> _hubs = [];

    protected StoreFixture Fixture { get; private set; } = null!;

    public async Task InitializeAsync() => Fixture = await CreateFixtureAsync();

    public virtual async Task DisposeAsync()
    {
        foreach (var hub in _hubs) hub.Dispose();
        if (Fixture is not null) await Fixture.DisposeAsync();
    }

    protected abstract Task<StoreFixture> CreateFixtureAsync();

    /// <summary>A store of a process of its own.</summary>
    protected abstract IEventStore OpenStore(EventCommitSignal commits);

    protected abstract Task ExecuteAsync(string statement);

    /// <summary>A time in SQL that is the same for all events of a second.</summary>
    protected abstract string SecondOfCanonicalTime { get; }

    [SkippableFact]
    public async Task Live_CommitsOfManyWriters_AreReceivedOnceInCommitOrder()
    {
        var hub = OpenHub();
        await using var stream = hub.Live();
        await stream.CaughtUpAsync();
        var events = Many(2_000, 1);

        await Task.WhenAll(Enumerable.Range(0, 3).Select(writer => Task.Run(() => WriteAsync(hub.Store, [.. events.Where((_, i) => i % 3 == writer)], writer))));

        await AssertReceivesAllAsync(stream);
    }

    [SkippableFact]
    public async Task Live_EveryFilter_SelectsWhatTheQueryOfTheFilterGives()
    {
        var hub = OpenHub();
        EventFilter[] filters = [EventFilter.All, new() { Scopes = ["s"] }, .. Lanes.All.SelectMany(FiltersOf)];
        var streams = filters.Select(filter => (Filter: filter, Stream: hub.Live(filter))).ToList();
        foreach (var (_, stream) in streams) await stream.CaughtUpAsync();
        await WriteAsync(hub.Store, Many(500, 2), 1);
        await WriteAsync(hub.Store, [Parsed(payload: """{"a":{"b":1}}"""), Ui(data: """{"a":{"b":1}}""")], 1);

        foreach (var (filter, stream) in streams)
        {
            await AssertReceivesAllAsync(stream, filter);
            await stream.DisposeAsync();
        }
    }

    [SkippableFact]
    public async Task Live_AnyPositionAsToken_GoesOnThereWithTheStoreAndThenLive()
    {
        var hub = OpenHub();
        await WriteAsync(hub.Store, Many(2_500, 3), 1);
        var all = await AllAsync(hub.Store);
        var epoch = (await hub.Store.ReadHeadAsync(default)).Epoch;
        foreach (var start in (int[])[0, 1, 999, 1000, 1001, all.Count - 1])
        {
            await using var stream = hub.Live(after: new(epoch, start == 0 ? 0 : all[start - 1].CanonicalTime));
            await stream.CaughtUpAsync();
            Assert.Equal(all.Skip(start).Select(e => e.Id), stream.Received.Select(e => e.Id));
            Assert.All(stream.Chunks, chunk => Assert.InRange(chunk.Events.Count, 0, 1000));
        }
    }

    [SkippableFact]
    public async Task Live_EventsOfOnePosition_AreNeverSplit()
    {
        var hub = OpenHub();
        await WriteAsync(hub.Store, [.. Enumerable.Range(0, 3000).Select(i => Raw(sequence: i, frame: $"{i}"))], 1);
        await ExecuteAsync($"UPDATE raw_events SET canonical_truth_time = {SecondOfCanonicalTime}"); // As an import may store them.
        await WriteAsync(hub.Store, [Parsed()], 1);
        var epoch = (await hub.Store.ReadHeadAsync(default)).Epoch;

        await using var stream = hub.Live(after: new(epoch, 0));
        await stream.CaughtUpAsync();

        Assert.Equal(3001, stream.Received.Count);
        Assert.Equal(3000, stream.Chunks[0].Events.Count);
        Assert.Equal(stream.Chunks[0].Position, stream.Chunks[0].Events[0].Event.CanonicalTime);
    }

    [SkippableFact]
    public async Task Live_ClientThatLags_ReadsFromTheStoreAndLosesNothing()
    {
        var hub = OpenHub(maxBytes: 700_000);
        await using var slow = hub.Live(isPaused: true);
        await using var fast = hub.Live();
        await fast.CaughtUpAsync();
        await slow.TakeUntilCaughtUpAsync();
        for (var i = 0; i < 10; i++)
        {
            await WriteAsync(hub.Store, [.. Enumerable.Range(i * 100, 100).Select(n => Raw(sequence: n, frame: new string('x', 500) + n))], i);
            await fast.WaitForAsync(100 * (i + 1));
            Assert.InRange(hub.Commits.Recent.Bytes, 0, 700_000);
        }
        Assert.True(hub.Feed.Lag > TimeSpan.Zero);

        await slow.TakeUntilCaughtUpAsync();

        Assert.Equal(1, hub.Feed.FellBehind);
        await WaitFor.TrueAsync("no stream is behind", () => hub.Feed.Lag == TimeSpan.Zero); // A client has a chunk before its stream notes the position.
        Assert.Contains(slow.Items, item => item is StreamFellBehind { BehindBy: > 0 });
        Assert.DoesNotContain(fast.Items, item => item is StreamFellBehind);
        await AssertReceivesAllAsync(slow, isComplete: true);
        await AssertReceivesAllAsync(fast);
    }

    [SkippableFact]
    public async Task Live_AnyNumberOfClients_SerializeAnEventOnceAndOnlyIfItMatches()
    {
        var hub = OpenHub();
        var streams = Enumerable.Range(0, 5).Select(_ => hub.Live(new EventFilter { Lanes = [Lane.Raw] })).ToList();
        foreach (var stream in streams) await stream.CaughtUpAsync();
        await WriteAsync(hub.Store, [Raw(), Parsed()], 1);
        foreach (var stream in streams) await stream.WaitForAsync(1);

        var same = streams.Select(s => s.Chunks.Single(c => c.Events.Count > 0).Events[0]).Distinct().Single();
        Assert.Equal(streams.Select(_ => same.Json), streams.Select(s => s.Chunks.Single(c => c.Events.Count > 0).Events[0].Json));
        foreach (var stream in streams) await stream.DisposeAsync();
    }

    [SkippableFact]
    public async Task Live_NewEpoch_ResetsTokensAndRunningStreams()
    {
        var hub = OpenHub();
        await WriteAsync(hub.Store, [Raw()], 1);
        var old = await hub.Store.ReadHeadAsync(default);
        await using var running = hub.Live();
        await running.CaughtUpAsync();
        await ExecuteAsync("UPDATE store_info SET epoch = '0a1b2c3d'"); // As a restore sets it.

        await using var stream = hub.Live(after: new(old.Epoch, old.Position));
        await stream.CaughtUpAsync();
        Assert.Equal(new StreamReset("0a1b2c3d", old.Oldest, old.Position), stream.Items.OfType<StreamReset>().Single());
        hub.Commits.Recent.NoteCommit(null); // As the look every 30 s.
        await WaitFor.TrueAsync("the running stream is reset", () => running.Items.Any(i => i is StreamReset { Epoch: "0a1b2c3d" }));
    }

    /// <summary>Starts what wakes the streams of a hub after commits of other processes.</summary>
    protected virtual IDisposable? Listen(EventCommitSignal commits) => null;

    private protected Hub OpenHub(long maxBytes = RecentEvents.DefaultMaxBytes)
    {
        var commits = new EventCommitSignal();
        commits.Recent.MaxBytes = maxBytes;
        var store = OpenStore(commits);
        var hub = new Hub(commits, store, new EventFeed(store, commits, TimeProvider.System, NullLogger<EventFeed>.Instance));
        _hubs.Add(hub.Feed);
        if (Listen(commits) is { } listener) _hubs.Insert(0, listener);
        return hub;
    }

    /// <summary>Writes batches of random sizes, as the worker does: the same batch again while the store is unavailable.</summary>
    protected static async Task WriteAsync(IEventStore store, LaneEvent[] events, int seed)
    {
        var random = new Random(seed);
        for (var start = 0; start < events.Length;)
        {
            var batch = events.AsMemory(start, Math.Min(random.Next(1, 120), events.Length - start));
            await WaitFor.RetryWhileUnavailableAsync("the batch is stored", () => store.AppendAsync(batch, new RowOutcome[batch.Length], default));
            start += batch.Length;
        }
    }

    protected static async Task<List<LaneEvent>> AllAsync(IEventStore store, EventFilter? filter = null)
    {
        var all = new List<LaneEvent>();
        await foreach (var page in store.ReadPagesAsync(new EventQuery(filter ?? EventFilter.All, Timebase.Canonical, EventDirection.Forward), default)) all.AddRange(page);
        return all;
    }

    /// <summary>Asserts that a stream that saw all commits has what the store has, in its order, and that its positions prove it.</summary>
    private protected async Task AssertReceivesAllAsync(ReceivedStream stream, EventFilter? filter = null, bool isComplete = false)
    {
        var stored = await AllAsync(OpenStore(new()), filter);
        if (!isComplete) await stream.WaitForAsync(stored.Count);
        Assert.Equal(stored.Select(e => e.Id), stream.Received.Select(e => e.Id));
        stream.AssertContinuous();
    }

    private protected sealed record Hub(EventCommitSignal Commits, IEventStore Store, EventFeed Feed)
    {
        public ReceivedStream Live(EventFilter? filter = null, StreamToken? after = null, bool isPaused = false)
            => new(token => new LiveEvents(Feed, TimeProvider.System).ReadAsync(new LiveQuery(filter ?? EventFilter.All) { After = after }, token), isPaused);

        public EventReplay Replay(ReplayQuery query) => new(query, Feed, new LiveEvents(Feed, TimeProvider.System), new InstantTime());
    }
}
