using SensorDash.Data.Events;

namespace SensorDash.Data.Streaming;

/// <summary>What a stream of events sends, in this order of time.</summary>
public abstract record StreamItem;

/// <summary>The first item.</summary>
/// <param name="Epoch">Epoch of the store, of all positions that follow.</param>
public sealed record StreamStarted(string Epoch) : StreamItem;

/// <summary>Events.</summary>
/// <param name="Events">At most 1,000, more only if they have one position; none: only the position moved.</param>
/// <param name="Timestamp">How far the stream is on its timeline, Unix microseconds.</param>
public sealed record StreamChunk(IReadOnlyList<RecentEvent> Events, long Timestamp) : StreamItem
{
    /// <summary>The position of the previous item: a client that stands there has missed nothing. Null in a replay.</summary>
    public long? Prev { get; init; }

    /// <summary>The position up to which everything that matches is sent. Null in a replay.</summary>
    public long? Position { get; init; }

    /// <summary>Where a replay goes on; null when live.</summary>
    public string? Cursor { get; init; }
}

/// <summary>The client has everything up to the head, and gets new events as they are committed.</summary>
/// <param name="Position">The position of the previous item, or where a live stream starts.</param>
/// <param name="Time">The server's clock, Unix microseconds.</param>
public sealed record StreamCaughtUp(long Position, long Time) : StreamItem;

/// <summary>The client is so slow that its next events are no longer in memory; they come from the store.</summary>
/// <param name="BehindBy">Microseconds between its position and the head.</param>
/// <param name="Position">The position of the previous item.</param>
/// <param name="Time">The server's clock, Unix microseconds.</param>
public sealed record StreamFellBehind(long BehindBy, long Position, long Time) : StreamItem;

/// <summary>The client's position is not one of this store: it may have missed events. The stream goes on at the newest.</summary>
/// <param name="Epoch">The epoch from now on.</param>
/// <param name="Oldest">Oldest position of the store.</param>
/// <param name="Newest">Its head, where the stream goes on.</param>
public sealed record StreamReset(string Epoch, long Oldest, long Newest) : StreamItem;

/// <summary>The replay has reached its end.</summary>
public sealed record StreamComplete : StreamItem;
