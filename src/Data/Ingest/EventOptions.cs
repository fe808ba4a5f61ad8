namespace SensorDash.Data.Ingest;

/// <summary>What is taken from producers of events, bound from <see cref="SectionName"/>.</summary>
public sealed class EventOptions
{
    public const string SectionName = "Events";

    /// <summary>Keep the ids that producers give without comparing them with the content. Default off: such an event is rejected.</summary>
    public bool TrustProducerIds { get; set; }
}
