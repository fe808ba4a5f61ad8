namespace SensorDash.Data.Events;

/// <summary>The position of an event in the order of the contract: time, lane, connection and sequence (raw events only), id.</summary>
/// <param name="Time">Time in the selected timebase, Unix microseconds.</param>
/// <param name="ConnectionId">Raw events only; null in all other lanes.</param>
/// <param name="Sequence">Raw events only; 0 in all other lanes.</param>
public readonly record struct EventPosition(long Time, Lane Lane, string? ConnectionId, long Sequence, EventId Id) : IComparable<EventPosition>
{
    public static EventPosition Of(LaneEvent laneEvent, Timebase timebase)
    {
        var raw = laneEvent as RawEvent;
        return new EventPosition(laneEvent.TimeBy(timebase), laneEvent.Lane, raw?.ConnectionId, raw?.Sequence ?? 0, laneEvent.Id);
    }

    /// <summary>Ascending order. Connections compare by their UTF-8 bytes, as in every store.</summary>
    public int CompareTo(EventPosition other)
    {
        var order = Time.CompareTo(other.Time);
        if (order == 0) order = Lane.CompareTo(other.Lane);
        if (order == 0 && Lane == Lane.Raw) order = TextOrder.CompareByUtf8(ConnectionId!, other.ConnectionId!);
        if (order == 0) order = Sequence.CompareTo(other.Sequence);
        return order != 0 ? order : Id.CompareTo(other.Id);
    }

    public static bool operator <(EventPosition left, EventPosition right) => left.CompareTo(right) < 0;

    public static bool operator >(EventPosition left, EventPosition right) => left.CompareTo(right) > 0;

    public static bool operator <=(EventPosition left, EventPosition right) => left.CompareTo(right) <= 0;

    public static bool operator >=(EventPosition left, EventPosition right) => left.CompareTo(right) >= 0;
}

/// <summary>Read direction; each is the exact reverse of the other.</summary>
public enum EventDirection
{
    /// <summary>Oldest first.</summary>
    Forward = 0,

    /// <summary>Newest first.</summary>
    Backward = 1,
}
