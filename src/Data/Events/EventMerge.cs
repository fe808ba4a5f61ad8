namespace SensorDash.Data.Events;

/// <summary>The rows of one lane in the order of a query, as far as they are loaded.</summary>
internal abstract class LaneRows(EventQuery query)
{
    /// <summary>Whether the next row, <see cref="Current"/>, or the end is known.</summary>
    public bool HasCurrent { get; private set; }

    /// <summary>The current event; null after the last.</summary>
    public LaneEvent? Current { get; private set; }

    public EventPosition Position { get; private set; }

    /// <summary>Whether a filter here may skip any number of rows.</summary>
    protected bool HasResidualFilter => query.Filter.Payload.Count > 0;

    /// <summary>Moves to the next event that matches the query.</summary>
    /// <returns>False when all loaded rows are consumed and there may be more.</returns>
    public bool TryMoveNext()
    {
        while (TryRead(out var next))
        {
            if (next is not null && !query.Filter.MatchesPayload(next)) continue;
            (Current, HasCurrent) = (next, true);
            if (next is not null) Position = EventPosition.Of(next, query.Timebase);
            return true;
        }
        return false;
    }

    /// <summary>Consumes <see cref="Current"/>.</summary>
    public void Consume() => HasCurrent = false;

    /// <param name="next">The next row; null after the last.</param>
    /// <returns>False when it is not loaded.</returns>
    protected abstract bool TryRead(out LaneEvent? next);
}

/// <summary>Merges lanes, each in the order of its index, row by row into a page. Nothing is sorted.</summary>
internal sealed class EventMerge<TRows>(IReadOnlyList<TRows> lanes, EventQuery query)
    where TRows : LaneRows
{
    private readonly List<LaneEvent> _events = [];
    private long _contentBytes;

    /// <summary>Events that still fit in the page.</summary>
    public int Remaining => query.Limit - _events.Count;

    /// <summary>Set after <see cref="ReadUntilBlocked"/> returned null.</summary>
    public EventPage? Page { get; private set; }

    /// <summary>Reads until the page is complete (null), or returns a lane that needs rows: load some and call again.</summary>
    public TRows? ReadUntilBlocked(CancellationToken cancellationToken)
    {
        while (Page is null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Remaining == 0 && query.EndsAtLimit)
            {
                Page = FullPage();
                break;
            }
            TRows? first = null;
            foreach (var lane in lanes)
            {
                if (!lane.HasCurrent && !lane.TryMoveNext()) return lane;
                if (lane.Current is null) continue;
                if (first is null || lane.Position < first.Position == (query.Direction == EventDirection.Forward)) first = lane;
            }
            if (first is null) Page = new EventPage(_events, null);
            else if (Remaining == 0 || _contentBytes >= query.MaxContentBytes) Page = FullPage();
            else Take(first);
        }
        return null;
    }

    private EventPage FullPage() => new(_events, EventPosition.Of(_events[^1], query.Timebase));

    private void Take(TRows lane)
    {
        _events.Add(lane.Current!);
        _contentBytes += lane.Current!.Content.Length;
        lane.Consume();
    }
}
