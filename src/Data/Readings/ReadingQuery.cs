namespace SensorDash.Data.Readings;

/// <summary>Order of readings: by measured time, ties by node. Each is the exact reverse of the other.</summary>
public enum ReadingOrder
{
    /// <summary>Newest first, equal times by ascending node.</summary>
    NewestFirst,

    /// <summary>Oldest first, equal times by descending node.</summary>
    OldestFirst,
}

/// <summary>Measured times, Unix seconds, both ends included; null is open.</summary>
public readonly record struct TimeRange(long? Start, long? End)
{
    public static TimeRange All => default;
}

/// <summary>Which readings.</summary>
/// <param name="NodeAddress">One node, or null for every node.</param>
/// <param name="Range">Measured times.</param>
public readonly record struct ReadingFilter(int? NodeAddress, TimeRange Range);

/// <summary>The place of a reading in the order: a keyset cursor.</summary>
public readonly record struct ReadingPosition(long Timestamp, int NodeAddress);

/// <summary>One page to read.</summary>
/// <param name="Filter">Which readings.</param>
/// <param name="Order">In which order.</param>
/// <param name="After">Start behind this place, or at the beginning.</param>
/// <param name="Offset">Readings to pass over from there, 0 or more.</param>
public readonly record struct ReadingQuery(ReadingFilter Filter, ReadingOrder Order, ReadingPosition? After = null, int Offset = 0);
