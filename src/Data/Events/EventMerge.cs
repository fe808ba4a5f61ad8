namespace SensorDash.Data.Events;

/// <summary>The rows of one lane in the order of a query, as far as they are at hand.</summary>
internal abstract class LaneRows(EventQuery query)
{
    /// <summary>Whether it is known what comes next: <see cref="Current"/>, or the end.</summary>
    public bool HasCurrent { get; private set; }

    /// <summary>The event it stands on; null behind the last.</summary>
    public LaneEvent? Current { get; private set; }

    public EventPosition Position { get; private set; }

    /// <summary>Whether rows may be passed over here, of which there may be any number.</summary>
    protected bool HasResidualFilter => query.Filter.Payload.Count > 0;

    /// <summary>Goes to the next event that the query wants.</summary>
    /// <returns>False when the rows at hand are used up and there may be more.</returns>
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

    /// <summary>Leaves <see cref="Current"/> behind.</summary>
    public void Consume() => HasCurrent = false;

    /// <param name="next">The next row; null behind the last.</param>
    /// <returns>False when it is not at hand.</returns>
    protected abstract bool TryRead(out LaneEvent? next);
}

/// <summary>Merges lanes, each in the order of its index, row by row to a page. Nothing is sorted.</summary>
internal sealed class EventMerge<TRows>(IReadOnlyList<TRows> lanes, EventQuery query)
    where TRows : LaneRows
{
    // A page ends behind so much content, so that ten thousand events of a megabyte do not fill the memory.
    private const int MaxContentBytes = 16 << 20;

    private readonly List<LaneEvent> _events = [];
    private long _contentBytes;

    /// <summary>Events that the page may still take.</summary>
    public int Remaining => query.Limit - _events.Count;

    /// <summary>Set when <see cref="ReadUntilBlocked"/> has ended with null.</summary>
    public EventPage? Page { get; private set; }

    /// <summary>Goes on until the page is complete, which is null, or a lane needs rows: it is to be given some, and this called again.</summary>
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
            else if (Remaining == 0 || _contentBytes >= MaxContentBytes) Page = FullPage();
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
