using System.Text;
using SensorDash.Data.Events;
using static SensorDash.Data.Tests.Events.SomeEvents;

namespace SensorDash.Data.Tests.Events;

public abstract partial class EventStoreContract
{
    private static readonly string[] _priority = ["metadata", "command", "ui", "parsed", "raw"];

    [SkippableFact]
    public async Task Read_ManyPagesWithManyTies_ComeInTheOrderOfTheContract()
    {
        var events = Many(40_000, 21);
        foreach (var batch in events.Chunk(4_000))
        {
            await AddAsync(batch);
            Fixture.Clock.Advance(TimeSpan.FromHours(15)); // Over several chunks, where the engine has them.
        }
        await MakeCanonicalTiesAsync();
        foreach (var e in events) e.CanonicalTime = Tied(e.CanonicalTime);
        var ranked = events.OrderBy(SortKey, StringComparer.Ordinal).ToArray();

        foreach (var timebase in Enum.GetValues<Timebase>())
        {
            var expected = ranked.OrderBy(e => e.TimeBy(timebase)).Select(e => e.Id).ToArray(); // Keeps the rank of those that tie.
            Assert.Equal(expected, await IdsAsync(timebase, EventDirection.Forward));
            Array.Reverse(expected);
            Assert.Equal(expected, await IdsAsync(timebase, EventDirection.Backward));
        }

        async Task<List<EventId>> IdsAsync(Timebase timebase, EventDirection direction)
        {
            var read = new List<EventId>(events.Length);
            var query = new EventQuery(EventFilter.All, timebase, direction, Limit: EventQuery.MaxLimit);
            do
            {
                var page = await Store.ReadAsync(query, CancellationToken.None);
                read.AddRange(page.Events.Select(e => e.Id));
                query = query with { After = page.Next };
            }
            while (query.After is not null);
            return read;
        }
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
        var expected = (await AllAsync()).OrderBy(e => e.TimeBy(timebase)).ThenBy(SortKey, StringComparer.Ordinal).Select(e => e.Id).ToList();
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
        // The order of positions is that of the store.
        expected = [.. (await AllAsync(timebase)).OrderBy(e => EventPosition.Of(e, timebase)).Select(e => e.Id)];
        if (direction == EventDirection.Backward) expected.Reverse();
        Assert.Equal(expected, (await AllAsync(timebase, direction)).Select(e => e.Id));
    }

    [SkippableFact]
    public async Task Read_WhileAnotherTaskWrites_GivesNoEventTwiceAndMissesNoneThatWasThere()
    {
        var before = Many(2_000, 3);
        await AddAsync(before);
        using var finished = new CancellationTokenSource();
        using var wanted = new SemaphoreSlim(0);
        using var written = new SemaphoreSlim(0);
        var writing = Task.Run(async () =>
        {
            var added = 0;
            for (var other = Open(); ; added += 40)
            {
                await wanted.WaitAsync(CancellationToken.None);
                if (finished.IsCancellationRequested) return added;
                await AddAsync(other, Many(40, 100 + added));
                written.Release();
            }
        });

        foreach (var (timebase, direction) in new[] { (Timebase.Source, EventDirection.Backward), (Timebase.Source, EventDirection.Forward), (Timebase.Canonical, EventDirection.Backward) })
        {
            var read = new List<EventId>();
            var query = new EventQuery(EventFilter.All, timebase, direction, Limit: 50);
            while (written.Wait(0)) { }
            for (var pages = 0; pages == 0 || query.After is not null; pages++)
            {
                var page = await Store.ReadAsync(query, CancellationToken.None);
                read.AddRange(page.Events.Select(e => e.Id));
                query = query with { After = page.Next };
                // Beside the reader, but never more than it reads, or it would be long on its way; and a quick one is not done before the first.
                if (pages % 4 == 0) wanted.Release();
                if (pages == 0) await await Task.WhenAny(written.WaitAsync(), writing);
            }

            Assert.Equal(read.Count, read.Distinct().Count());
            Assert.Empty(before.Select(e => e.Id).Except(read));
        }
        await finished.CancelAsync();
        wanted.Release();
        Assert.True(await writing > 0);
    }

    [SkippableFact]
    public async Task Read_WhileMoreRemains_EveryPageIsFull()
    {
        await AddAsync(Many(1_000, 9));
        EventFilter[] filters = [EventFilter.All, new() { Lanes = [Lane.Parsed] }, new() { Payload = [new PayloadCondition("n", "7")] }];
        foreach (var (filter, limit) in filters.SelectMany(filter => new[] { 1, 31, 32, 33, 400 }.Select(limit => (filter, limit))))
        {
            var left = (await Store.ReadAsync(new EventQuery(filter, Timebase.Source, EventDirection.Forward, Limit: 10_000), CancellationToken.None)).Events.Count;
            var query = new EventQuery(filter, Timebase.Source, EventDirection.Forward, Limit: limit);
            for (var pages = 0; left > 0 && pages < 5; pages++)
            {
                var page = await Store.ReadAsync(query, CancellationToken.None);
                Assert.Equal(Math.Min(limit, left), page.Events.Count);
                left -= page.Events.Count;
                Assert.Equal(left > 0, page.Next is not null);
                query = query with { After = page.Next };
            }
        }
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

    // Gives the events of a second three canonical times only, as several writers at once would.
    private Task MakeCanonicalTiesAsync()
        => ExecuteAsync([.. Lanes.All.Select(lane
            => $"UPDATE {lane.Name()}_events SET canonical_truth_time = {TiedCanonicalTime}")]);

    private static long Tied(long canonicalTime) => (canonicalTime / 1_000_000 * 1_000_000) + (canonicalTime % 3);

    // The order of the contract within one moment written down once more, as text that compares by its characters.
    private static string SortKey(LaneEvent e)
    {
        var raw = e is RawEvent frame ? $"{Convert.ToHexString(Encoding.UTF8.GetBytes(frame.ConnectionId))}!{frame.Sequence:D19}" : "";
        return $"{Array.IndexOf(_priority, e.Lane.Name())} {raw} {e.Id}";
    }
}
