using SensorDash.Data.Events;
using SensorDash.Data.Streaming;
using static SensorDash.Data.Tests.Events.SomeEvents;

namespace SensorDash.Data.Tests.Streaming;

public abstract partial class EventStreamContract
{
    private const long Second = 1_000_000;

    /// <summary>Random replays; each is paused and goes on several times.</summary>
    protected virtual int RandomReplays => 150;

    [SkippableFact]
    public async Task Replay_RandomSeeksPausesAndRates_GivesExactlyTheRangeInOrder()
    {
        var hub = OpenHub();
        var random = new Random(11);
        var events = Many(2_500, 9);
        foreach (var part in events.Chunk(100))
        {
            foreach (var laneEvent in part) laneEvent.SourceTime = Noon + (random.Next(0, 20) * Second * 3);
            foreach (var laneEvent in part) laneEvent.Id = laneEvent.ComputeId();
            await WriteAsync(hub.Store, part, 1);
            Fixture.Clock.Advance(TimeSpan.FromSeconds(random.Next(0, 6)));
        }
        var stored = await AllAsync(hub.Store);
        var last = stored[^1].CanonicalTime;
        var span = (last - Noon) / Second;

        for (var i = 0; i < RandomReplays; i++)
        {
            var timebase = (Timebase)random.Next(2);
            var isForward = random.Next(2) == 0;
            var filter = random.Next(3) == 0 ? new EventFilter { Lanes = [Lane.Raw, Lane.Ui], Scopes = ["s"] } : EventFilter.All;
            var start = Noon + ((random.Next(-2, (int)span + 2) * Second) + random.Next(2));
            long? stop = random.Next(3) == 0 && !isForward ? null : start + (random.Next(1, (int)span) * Second);
            var query = new ReplayQuery(filter, timebase, start, stop, (isForward ? 1 : -1) * RandomRate(random)) { SkipsGaps = random.Next(2) == 0 };

            var received = await PlayAsync(hub, query, random);

            var (from, to) = stop is null ? (long.MinValue, start + 1) : (start, stop.Value);
            var expected = stored.Where(e => e.TimeBy(timebase) >= from && e.TimeBy(timebase) < to && filter.Matches(e)).OrderBy(e => EventPosition.Of(e, timebase)).ToList();
            if (!isForward) expected.Reverse();
            Assert.True(expected.Select(e => e.Id).SequenceEqual(received.Select(e => e.Id)), $"{i}: {query}: {expected.Count} expected, {received.Count} received");
        }
    }

    [SkippableFact]
    public async Task Replay_ForwardWhileEventsArrive_ReachesTheHeadAndTurnsLiveWithoutLossOrRepeat()
    {
        var hub = OpenHub();
        await WriteAsync(hub.Store, Many(1_000, 4), 1);
        foreach (var timebase in Enum.GetValues<Timebase>())
        {
            var more = Many(1_000, 5 + (int)timebase);
            var replay = hub.Replay(new(EventFilter.All, timebase, Noon, null, 1000));
            await using var stream = new ReceivedStream(replay.ReadAsync, isPaused: false);
            await WriteAsync(hub.Store, more, 1);
            await stream.CaughtUpAsync();
            var late = Parsed(Noon + 1, payload: $"{{\"late\":{(int)timebase}}}");
            await WriteAsync(hub.Store, [late, Parsed(Noon - 1, payload: $"{{\"before\":{(int)timebase}}}")], 1);

            var expected = (await AllAsync(hub.Store)).Where(e => e.TimeBy(timebase) >= Noon).Select(e => e.Id).Order().ToList();
            await stream.WaitForAsync(expected.Count);

            Assert.Equal(expected, stream.Received.Select(e => e.Id).Order());
            Assert.True(replay.IsLive);
            stream.AssertContinuous();
        }
    }

    [SkippableTheory]
    [InlineData(Timebase.Canonical)]
    [InlineData(Timebase.Source)]
    public async Task Replay_PausedAtTheHead_GoesOnWithWhatIsCommittedMeanwhile(Timebase timebase)
    {
        var hub = OpenHub();
        await WriteAsync(hub.Store, Many(50, 4), 1);
        var query = new ReplayQuery(EventFilter.All, timebase, Noon, null, 1000); // A window is 50 s, and ends after the head.
        var (paused, cursor) = (new List<EventId>(), "");
        await foreach (var item in hub.Replay(query).ReadAsync(default))
        {
            if (item is not StreamChunk chunk) continue;
            paused.AddRange(chunk.Events.Select(e => e.Event.Id));
            cursor = chunk.Cursor!;
            if (paused.Count >= 50) break;
        }
        await WriteAsync(hub.Store, Many(60, 5), 1);

        Assert.Null(EventCursor.TryParse(cursor, timebase, out var position, out var committedUpTo));
        await using var stream = new ReceivedStream(hub.Replay(query with { After = position, CommittedUpTo = committedUpTo }).ReadAsync, isPaused: false);
        var expected = (await AllAsync(hub.Store)).Where(e => e.TimeBy(timebase) >= Noon).Select(e => e.Id).Order().ToList();
        await stream.WaitForAsync(expected.Count - paused.Count);
        Assert.Equal(expected, stream.Received.Select(e => e.Id).Concat(paused).Order());
    }

    // Plays to the end, with pauses at random chunks.
    private static async Task<List<LaneEvent>> PlayAsync(Hub hub, ReplayQuery query, Random random)
    {
        var received = new List<LaneEvent>();
        while (true)
        {
            var replay = hub.Replay(query);
            var chunks = random.Next(2) == 0 ? int.MaxValue : random.Next(1, 8);
            string? cursor = null;
            await foreach (var item in replay.ReadAsync(default))
            {
                if (item is StreamComplete) return received;
                if (item is not StreamChunk chunk) continue;
                received.AddRange(chunk.Events.Select(e => e.Event));
                cursor = chunk.Cursor;
                if (random.Next(4) == 0) replay.Rate = Math.Sign(query.Rate) * RandomRate(random);
                if (--chunks == 0) break;
            }
            Assert.Null(EventCursor.TryParse(cursor!, query.Timebase, out var position, out var committedUpTo));
            query = query with { After = position, CommittedUpTo = committedUpTo };
        }
    }

    private static double RandomRate(Random random) => random.Next(3) switch { 0 => 1, 1 => 37.5, _ => 1000 };
}
