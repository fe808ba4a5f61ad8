using System.Security.Cryptography;
using SensorDash.Data.Events;
using SensorDash.Tests.Support;
using static SensorDash.Data.Tests.Events.SomeEvents;

namespace SensorDash.Data.Tests.Events;

/// <summary>What the counts of every engine must be. The rows are put there by the schema alone.</summary>
public abstract class EventCountsContract : IAsyncLifetime
{
    private const long Minute = 60_000_000;

    private StoreFixture? _fixture;

    public virtual async Task InitializeAsync() => _fixture = await CreateFixtureAsync();

    public async Task DisposeAsync()
    {
        if (_fixture is not null) await _fixture.DisposeAsync();
    }

    protected abstract Task<StoreFixture> CreateFixtureAsync();

    protected abstract IEventCounts Open();

    [SkippableTheory]
    [InlineData(Timebase.Canonical)]
    [InlineData(Timebase.Source)]
    public async Task Count_SpansCutByTheRange_IncludesItsStartAndNotItsEnd(Timebase timebase)
    {
        // Two rows in each second of five minutes; the other clock is an hour off, so that only the right column gives the right counts.
        await AddAsync(600, i => (Noon + (i * 500_000L), timebase));
        var query = new EventCountQuery(EventFilter.All, timebase, Noon + (Minute / 2), Noon + (3 * Minute), Noon, Minute);

        var counts = await Open().CountAsync(query, CancellationToken.None);

        Assert.Equal([(Lane.Parsed, 0, 30), (Lane.Parsed, 1, 60), (Lane.Parsed, 2, 60), (Lane.Raw, 0, 30), (Lane.Raw, 1, 60), (Lane.Raw, 2, 60)],
            counts.Select(c => (c.Lane, c.Span, c.Count)).Order());
    }

    [SkippableFact]
    public async Task Count_Filtered_CountsWhatTheFilterNames()
    {
        await AddAsync(600, i => (Noon + (i * 500_000L), Timebase.Canonical));
        var range = (From: Noon, To: Noon + (5 * Minute));
        EventFilter filter = new() { Lanes = [Lane.Parsed], Scopes = ["s", "none"], Fields = [new(EventField.StreamId, "a"), new(EventField.StreamType, "t")] };

        var some = await Open().CountAsync(new(filter, Timebase.Canonical, range.From, range.To, Noon, 5 * Minute), CancellationToken.None);
        var none = await Open().CountAsync(new(filter with { Scopes = ["'; --"] }, Timebase.Canonical, range.From, range.To, Noon, Minute), CancellationToken.None);

        Assert.Equal([new EventCount(Lane.Parsed, 0, 75)], some);
        Assert.Empty(none);
    }

    [SkippableFact]
    public async Task Count_TooManySpansOrCancelled_IsRefused()
    {
        var counts = Open();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => counts.CountAsync(new(EventFilter.All, Timebase.Source, 0, 1_001, 0, 1), CancellationToken.None));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => counts.CountAsync(new(EventFilter.All, Timebase.Source, 0, 10, 0, 1), new(true)));
    }

    // Even ones are parsed, odd ones raw; streams and scopes take turns.
    private async Task AddAsync(int count, Func<int, (long Time, Timebase Timebase)> place)
    {
        await using var context = await _fixture!.Contexts.CreateDbContextAsync();
        for (var i = 0; i < count; i++)
        {
            var (time, timebase) = place(i);
            var (canonical, source) = timebase == Timebase.Canonical ? (time, time - (60 * Minute)) : (time + (60 * Minute), time);
            var (id, scope) = (SHA256.HashData(BitConverter.GetBytes(i)), i % 8 < 4 ? "s" : "t");
            if (i % 2 == 0)
                context.Add(new ParsedEventRow { CanonicalTruthTime = canonical, SourceTruthTime = source, EventId = id, ScopeId = scope, StreamId = i % 4 == 0 ? "a" : "b", StreamType = "t", SchemaVersion = "1", Payload = "{}" });
            else context.Add(new RawEventRow { CanonicalTruthTime = canonical, SourceTruthTime = source, EventId = id, ScopeId = scope, ConnectionId = "c", Sequence = i, Bytes = [1] });
        }
        await context.SaveChangesAsync();
    }
}
