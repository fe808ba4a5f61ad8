using SensorDash.Data.Storage;

namespace SensorDash.Data.Events;

/// <summary>What to count: consecutive buckets of equal length, clipped to a range. Times are Unix microseconds.</summary>
/// <param name="Filter">Selects the events; its conditions on the content are ignored, because no index covers them.</param>
/// <param name="Timebase">The clock of the times.</param>
/// <param name="From">Start time, inclusive.</param>
/// <param name="To">End time, exclusive.</param>
/// <param name="Start">Start of the first bucket; not after <paramref name="From"/>.</param>
/// <param name="SpanLength">Length of each bucket.</param>
public sealed record EventCountQuery(EventFilter Filter, Timebase Timebase, long From, long To, long Start, long SpanLength)
{
    /// <summary>Maximum buckets of one query.</summary>
    public const int MaxSpans = 1_000;

    /// <summary>Number of buckets up to the end.</summary>
    public int SpanCount => (int)Math.Min(int.MaxValue, (To - Start + SpanLength - 1) / SpanLength);

    internal void ThrowIfUnreasonable()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(SpanLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(From, Start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(From, To);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(SpanCount, MaxSpans);
    }
}

/// <param name="Span">Index of the bucket, from 0.</param>
/// <param name="Count">At least 1.</param>
public readonly record struct EventCount(Lane Lane, int Span, long Count);

/// <summary>Counts of events over time, from the store's indexes, without loading events.</summary>
public interface IEventCounts
{
    /// <summary>Counts by lane and bucket; buckets without events are omitted.</summary>
    /// <param name="query">At most <see cref="EventCountQuery.MaxSpans"/> buckets. Every lane of the filter must have the fields of the filter.</param>
    /// <param name="cancellationToken">Cancels the statement. A long range takes as long as reading its index, so use a token with a timeout.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<IReadOnlyList<EventCount>> CountAsync(EventCountQuery query, CancellationToken cancellationToken);
}
