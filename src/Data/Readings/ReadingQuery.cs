namespace SensorDash.Data.Readings;

/// <summary>Order of readings: by measured time, ties by node. Each is the exact reverse of the other.</summary>
public enum ReadingOrder
{
    /// <summary>Newest first, equal times by ascending node.</summary>
    NewestFirst,

    /// <summary>Oldest first, equal times by descending node.</summary>
    OldestFirst,
}

/// <summary>Measured times, Unix seconds, both ends inclusive; null means open.</summary>
public readonly record struct TimeRange(long? Start, long? End)
{
    public static TimeRange All => default;
}

/// <summary>Selects readings.</summary>
/// <param name="NodeAddress">One node, or null for all nodes.</param>
/// <param name="Range">Measured times.</param>
public readonly record struct ReadingFilter(int? NodeAddress, TimeRange Range);

/// <summary>The position of a reading in the order, for keyset pagination.</summary>
public readonly record struct ReadingPosition(long Timestamp, int NodeAddress);

/// <summary>One page to read.</summary>
/// <param name="Filter">Selects the readings.</param>
/// <param name="Order">The order.</param>
/// <param name="After">Start after this position; null means from the beginning.</param>
/// <param name="Offset">Readings to skip from there, 0 or more.</param>
public readonly record struct ReadingQuery(ReadingFilter Filter, ReadingOrder Order, ReadingPosition? After = null, int Offset = 0);
