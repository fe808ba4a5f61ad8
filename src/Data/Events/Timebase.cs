namespace SensorDash.Data.Events;

/// <summary>The clock for the order and ranges of events.</summary>
public enum Timebase
{
    /// <summary>The store's clock: when the store added the event.</summary>
    Canonical = 0,

    /// <summary>The producer's clock: when the event happened.</summary>
    Source = 1,
}
