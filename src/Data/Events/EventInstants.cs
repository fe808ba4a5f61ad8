namespace SensorDash.Data.Events;

/// <summary>Reads events by ranges of canonical time.</summary>
internal static class EventInstants
{
    /// <summary>Reads the next events in canonical order; all events of one time are in one page.</summary>
    /// <param name="store">The events.</param>
    /// <param name="from">Canonical time, inclusive; null: the first one.</param>
    /// <param name="to">Canonical time, exclusive; null: all that follow.</param>
    /// <param name="limit">Maximum events; more only if they are of one time.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>The events, and the time before which they are complete; null if they are complete up to <paramref name="to"/>.</returns>
    /// <exception cref="Storage.StoreUnavailableException">The store is temporarily unavailable.</exception>
    public static async Task<(ArraySegment<LaneEvent> Events, long? End)> ReadInstantsAsync(this IEventStore store, long? from, long? to, int limit, CancellationToken cancellationToken)
    {
        var query = new EventQuery(EventFilter.All, Timebase.Canonical, EventDirection.Forward, from, to, Limit: Math.Min(limit, EventQuery.MaxLimit));
        var page = await store.ReadAsync(query, cancellationToken);
        var events = page.Events.ToArray();
        if (page.Next is not { } next) return (events, null);
        // The last instant may go on.
        var kept = events.Length;
        while (kept > 0 && events[kept - 1].CanonicalTime == next.Time) kept--;
        if (kept > 0) return (new(events, 0, kept), next.Time);
        List<LaneEvent> instant = [.. events];
        for (EventPosition? after = next; after is not null; after = page.Next)
        {
            page = await store.ReadAsync(query with { From = next.Time, To = next.Time + 1, After = after }, cancellationToken);
            instant.AddRange(page.Events);
        }
        return (instant.ToArray(), next.Time + 1);
    }
}
