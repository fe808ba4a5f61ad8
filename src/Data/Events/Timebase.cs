namespace SensorDash.Data.Events;

/// <summary>By which clock events are ordered and ranges are meant.</summary>
public enum Timebase
{
    /// <summary>The store's: when an event was taken in.</summary>
    Canonical = 0,

    /// <summary>The producer's: when it happened.</summary>
    Source = 1,
}
