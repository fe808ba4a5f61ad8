namespace SensorDash.Data.Events;

/// <summary>The key of metadata: the latest event of each is in effect. Ordered by the bytes of its parts.</summary>
public readonly record struct MetadataKey(string ScopeId, string IdentityKey)
{
    internal static int Compare(MetadataKey left, MetadataKey right)
    {
        var order = TextOrder.CompareByUtf8(left.ScopeId, right.ScopeId);
        return order != 0 ? order : TextOrder.CompareByUtf8(left.IdentityKey, right.IdentityKey);
    }
}

/// <summary>Metadata by key.</summary>
/// <param name="Next">The last key of this page when there are more; null at the end.</param>
public sealed record MetadataPage(IReadOnlyList<MetadataEvent> Events, MetadataKey? Next);

/// <summary>The metadata valid at a time: for each key, the last event that took effect until then.</summary>
/// <param name="Scopes">Empty means all.</param>
/// <param name="AsOf">Unix microseconds, inclusive; compared with the effective time, or without one with the event's time in the timebase.</param>
/// <param name="After">Only keys after this one.</param>
/// <param name="Limit">Maximum events of the page, at least 1. A page can end early when its content is large.</param>
public sealed record MetadataQuery(IReadOnlyList<string> Scopes, long AsOf, Timebase Timebase, MetadataKey? After = null, int Limit = EventQuery.MaxLimit)
{
    // As a page of events.
    private const int MaxContentBytes = 16 << 20;

    /// <remarks>Scans the lane, because effective times are independent of the order of events. Keeps only the first keys, so its memory is that of a page.</remarks>
    public async Task<MetadataPage> ReadAsync(IEventStore store, CancellationToken cancellationToken)
    {
        var (keys, latest) = (new SortedSet<MetadataKey>(Comparer<MetadataKey>.Create(MetadataKey.Compare)), new Dictionary<MetadataKey, MetadataEvent>());
        var (bytes, end) = (0L, default(MetadataKey?)); // The page ends before this key.
        var query = new EventQuery(new EventFilter { Lanes = [Lane.Metadata], Scopes = Scopes }, Timebase, EventDirection.Forward);
        await foreach (var page in store.ReadPagesAsync(query, cancellationToken))
        {
            foreach (var metadata in page.Cast<MetadataEvent>())
            {
                var key = new MetadataKey(metadata.ScopeId, metadata.IdentityKey);
                if (Effective(metadata) > AsOf || (After is { } after && MetadataKey.Compare(key, after) <= 0) || (end is { } limit && MetadataKey.Compare(key, limit) >= 0)) continue;
                if (latest.TryGetValue(key, out var known))
                {
                    // Events are read in order, so of two with the same effective time the later one wins.
                    if (Effective(metadata) < Effective(known)) continue;
                    bytes -= known.Content.Length;
                }
                keys.Add(key);
                latest[key] = metadata;
                bytes += metadata.Content.Length;
                while (keys.Count > Limit || (bytes > MaxContentBytes && keys.Count > 1))
                {
                    end = keys.Max;
                    keys.Remove(keys.Max);
                    latest.Remove(end.Value, out var dropped);
                    bytes -= dropped!.Content.Length;
                }
            }
        }
        return new MetadataPage([.. keys.Select(key => latest[key])], end is null ? null : keys.Max);
    }

    private long Effective(MetadataEvent metadata) => metadata.EffectiveTime ?? metadata.TimeBy(Timebase);
}
