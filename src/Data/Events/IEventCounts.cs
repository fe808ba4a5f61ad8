using SensorDash.Data.Storage;

namespace SensorDash.Data.Events;

/// <summary>What to count: spans of one length, one behind the other, cut at the ends of a range. Times are Unix microseconds.</summary>
/// <param name="Filter">Which events; its conditions on the content do not count, because no index knows them.</param>
/// <param name="Timebase">By which clock the times are meant.</param>
/// <param name="From">Oldest time, included.</param>
/// <param name="To">Time behind the newest, not included.</param>
/// <param name="Start">Where the first span begins; not after <paramref name="From"/>.</param>
/// <param name="SpanLength">Length of each span.</param>
public sealed record EventCountQuery(EventFilter Filter, Timebase Timebase, long From, long To, long Start, long SpanLength)
{
    /// <summary>Most spans of one question.</summary>
    public const int MaxSpans = 1_000;

    /// <summary>Spans that it takes to reach the end.</summary>
    public int SpanCount => (int)Math.Min(int.MaxValue, (To - Start + SpanLength - 1) / SpanLength);

    internal void ThrowIfUnreasonable()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(SpanLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(From, Start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(From, To);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(SpanCount, MaxSpans);
    }
}

/// <param name="Span">Which span, from 0.</param>
/// <param name="Count">At least 1.</param>
public readonly record struct EventCount(Lane Lane, int Span, long Count);

/// <summary>How many events there are over time, counted in the store's indexes without loading an event.</summary>
public interface IEventCounts
{
    /// <summary>Counts by lane and span; spans without an event are left out.</summary>
    /// <param name="query">At most <see cref="EventCountQuery.MaxSpans"/> spans. A field filter must be one that every lane of the filter has.</param>
    /// <param name="cancellationToken">Stops the statement. A long range takes as long as its index is to read, so give it an end.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<IReadOnlyList<EventCount>> CountAsync(EventCountQuery query, CancellationToken cancellationToken);
}
