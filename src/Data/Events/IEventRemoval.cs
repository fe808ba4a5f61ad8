using SensorDash.Data.Storage;

namespace SensorDash.Data.Events;

/// <summary>One slice of the deletion of old events.</summary>
/// <param name="Removed">Events deleted.</param>
/// <param name="Edge">The edge of the lane now; the wanted one when the lane is done.</param>
public readonly record struct EventSlice(long Removed, long Edge);

/// <summary>Which rows of the event index are no longer needed.</summary>
/// <param name="SourceBefore">By lane, in the order of <see cref="Lanes.All"/>: source times, exclusive, Unix microseconds; <see cref="long.MinValue"/>: none.</param>
public sealed record IndexBounds(IReadOnlyList<long> SourceBefore)
{
    /// <summary>No row with a later source time goes.</summary>
    internal long Last => SourceBefore.Max();
}

/// <summary>A row of the event index.</summary>
public readonly record struct IndexPosition(long SourceTime, EventId Id)
{
    public static IndexPosition Start { get; } = new(long.MinValue, default);
}

/// <summary>One slice of the deletion of old rows of the event index.</summary>
/// <param name="Removed">Rows deleted.</param>
/// <param name="Next">Where the next slice continues; null at the end.</param>
public readonly record struct IndexSlice(long Removed, IndexPosition? Next);

/// <summary>What a deletion would do, as far as it can be said without doing it.</summary>
/// <param name="Events">Events before the edge, with those that stay in effect.</param>
/// <param name="ContentBytes">Estimated length of their contents, from a sample.</param>
/// <param name="Oldest">Canonical time of the oldest event, Unix microseconds; null in an empty lane.</param>
public readonly record struct EventRemovalPreview(long Events, long ContentBytes, long? Oldest);

/// <summary>Deletes old events in slices, each a short transaction between those of ingest: a slice takes the events and moves the edge of the lane, or does nothing. So a killed run continues
/// where it was, and no reader ever sees an event before the edge, except those that stay in effect.</summary>
public interface IEventRemoval
{
    /// <summary>The edges of all lanes.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<EventEdges> ReadEdgesAsync(CancellationToken cancellationToken);

    /// <summary>Deletes the oldest events of a lane before an edge: about 5,000, or a whole chunk of TimescaleDB. Requests go with their commands; of metadata the events in effect at the edge and
    /// those that take effect after it stay, and of each view the latest checkpoint.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="edge">Canonical time, exclusive. At most the position after the head counts, so that no later event is before it.</param>
    /// <param name="cancellationToken">Effective until the commit is sent; nothing is deleted if it is cancelled before.</param>
    /// <exception cref="StoreUnavailableException">Nothing was deleted.</exception>
    Task<EventSlice> RemoveSliceAsync(Lane lane, long edge, CancellationToken cancellationToken);

    /// <summary>Deletes rows of the event index whose event is deleted and whose source time is so old that ingest rejects the event.</summary>
    /// <param name="bounds">The source times.</param>
    /// <param name="after">Where the previous slice ended.</param>
    /// <param name="cancellationToken">Effective until the commit is sent; nothing is deleted if it is cancelled before.</param>
    /// <exception cref="StoreUnavailableException">Nothing was deleted.</exception>
    Task<IndexSlice> RemoveIndexSliceAsync(IndexBounds bounds, IndexPosition after, CancellationToken cancellationToken);

    /// <summary>Counts the events of a lane before an edge. It may take as long as reading an index.</summary>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable.</exception>
    Task<EventRemovalPreview> PreviewAsync(Lane lane, long edge, CancellationToken cancellationToken);
}
