using System.Runtime.CompilerServices;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Streaming;

/// <summary>What a stream of readings sends. Positions are batches of the store that holds the readings.</summary>
public abstract record ReadingItem;

/// <summary>The first item.</summary>
public sealed record ReadingsStarted(string Epoch) : ReadingItem;

/// <summary>Readings and deletions of commits; nothing: only the position moved.</summary>
/// <param name="Prev">The position of the previous item.</param>
/// <param name="Batch">The position up to which everything that matches is sent.</param>
public sealed record ReadingsChunk(IReadOnlyList<Reading> Readings, IReadOnlyList<NodeRemoval> RemovedNodes, long? RemovedBefore, long Prev, long Batch) : ReadingItem;

/// <summary>The client has everything.</summary>
public sealed record ReadingsCaughtUp(long Batch) : ReadingItem;

/// <summary>The client's position is not one of this store, or its batch has been merged into a later one: deletions may be missing. The stream goes on at the newest.</summary>
public sealed record ReadingsReset(string Epoch, long Oldest, long Newest) : ReadingItem;

/// <summary>Readings as they are committed, in commit order.</summary>
public sealed class LiveReadings(ReadingFeed feed, TimeProvider clock)
{
    // A message has at most so many readings of a step; the position moves with the last part.
    private const int MaxReadings = 5_000;

    /// <summary>Where a stream starts that misses nothing committed from now on.</summary>
    public async Task<StreamToken> ReadTokenAsync(CancellationToken cancellationToken)
    {
        var head = await feed.ReadHeadAsync(cancellationToken);
        return new(head.Epoch, head.LastBatch);
    }

    /// <summary>Reads until cancelled.</summary>
    /// <param name="after">Where the client stands; null: it wants only what is committed from now on.</param>
    /// <param name="isWanted">Selects nodes by address; called for each step, so it may change.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <exception cref="StoreUnavailableException">The store is temporarily unavailable; a new stream may go on at the last position.</exception>
    public async IAsyncEnumerable<ReadingItem> ReadAsync(StreamToken? after, Func<int, bool> isWanted, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var head = await feed.ReadHeadAsync(cancellationToken);
        yield return new ReadingsStarted(head.Epoch);
        var position = after?.Position ?? head.LastBatch;
        if (after is { } token && (token.Epoch != head.Epoch || token.Position > head.LastBatch || !await feed.ExistsAsync(token.Position, cancellationToken)))
        {
            yield return new ReadingsReset(head.Epoch, head.OldestBatch, head.LastBatch);
            position = head.LastBatch;
        }
        var (sent, isLive, sentAt, isWoken, isLook) = (position, false, clock.GetTimestamp(), true, false);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var commit = feed.NextCommit;
            var changes = isWoken ? await feed.ReadAsync(position, cancellationToken) : null;
            if (changes is not null && changes.UpTo > position)
            {
                if (isLook) feed.WakeAll();
                position = changes.UpTo;
                Reading[] readings = [.. changes.Added.Where(r => isWanted(r.NodeAddress))];
                NodeRemoval[] removed = [.. changes.RemovedNodes.Where(r => isWanted(r.Node))];
                if (readings.Length == 0 && removed.Length == 0 && changes.RemovedBefore is null) continue;
                for (var start = 0; ; start += MaxReadings)
                {
                    var isLast = start + MaxReadings >= readings.Length;
                    yield return new ReadingsChunk(readings[start..Math.Min(start + MaxReadings, readings.Length)], isLast ? removed : [], isLast ? changes.RemovedBefore : null,
                        sent, isLast ? position : sent);
                    if (isLast) break;
                }
                (sent, sentAt) = (position, clock.GetTimestamp());
                continue;
            }
            if (clock.GetElapsedTime(sentAt) >= LiveEvents.Heartbeat || (!isLive && position > sent))
            {
                yield return new ReadingsChunk([], [], null, sent, position);
                (sent, sentAt) = (position, clock.GetTimestamp());
            }
            if (!isLive) yield return new ReadingsCaughtUp(sent);
            isLive = true;
            (isWoken, isLook) = (true, false);
            try
            {
                var left = LiveEvents.Heartbeat - clock.GetElapsedTime(sentAt);
                if (left > TimeSpan.Zero) await commit.WaitAsync(left, clock, cancellationToken);
            }
            catch (TimeoutException)
            {
                isWoken = isLook = feed.TryBeginLook();
            }
        }
    }
}
