namespace SensorDash.Data.Events;

/// <summary>The queries of which a step or a page up to the head consists, the same on every engine.</summary>
internal static class EventSteps
{
    /// <summary>The first page of a step.</summary>
    /// <param name="query">The step.</param>
    /// <param name="upTo">Canonical time of its end, inclusive.</param>
    public static EventQuery PageOf(EventStepQuery query, long upTo)
        => new(query.Filter, Timebase.Canonical, EventDirection.Forward, query.After + 1, upTo + 1, null, query.Limit)
        {
            MaxContentBytes = query.MaxContentBytes,
            SourceFrom = query.SourceFrom,
        };

    /// <summary>A page that does not pass the head.</summary>
    public static EventQuery PageOf(EventQuery query, long head) => query.Timebase == Timebase.Canonical
        ? query with { To = Math.Min(query.To ?? long.MaxValue, head + 1) } : query with { CommittedUpTo = Math.Min(query.CommittedUpTo ?? long.MaxValue, head) };

    /// <summary>The events with the canonical time of the last event of a page that are not on it; null if it ended for another reason. Imported events may share a time.</summary>
    public static EventQuery? TiesOf(EventQuery query, EventPage page) => page.Next is { } last && query.Timebase == Timebase.Canonical
        ? query with { From = last.Time, To = last.Time + 1, After = last, Limit = EventQuery.MaxLimit } : null;

    /// <summary>A page and its ties.</summary>
    public static EventPage Join(EventPage page, List<LaneEvent> ties) => ties.Count == 0
        ? page : new([.. page.Events, .. ties], EventPosition.Of(ties[^1], Timebase.Canonical));

    /// <summary>Ends a step.</summary>
    public static EventStep End(EventHead head, long upTo, EventPage page) => new(head, page.Next?.Time ?? upTo, page.Events);
}
