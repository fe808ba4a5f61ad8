namespace SensorDash.Data.Nodes;

/// <summary>What people say of a node. A table of its own, so that editing never waits for ingest.</summary>
public sealed class NodeMetadata
{
    public const int NameLength = 100;
    public const int LocationLength = 200;
    public const int NotesLength = 2000;
    public const int MaxExpectedIntervalSeconds = 30 * 86_400;

    public int Address { get; set; }

    public string? Name { get; set; }

    public string? Location { get; set; }

    public string? Notes { get; set; }

    public int? ZoneId { get; set; }

    /// <summary>Seconds between two readings, 1 to 2,592,000; absent: learned from the readings.</summary>
    public int? ExpectedIntervalS { get; set; }

    /// <summary>Unix seconds of the last edit.</summary>
    public long UpdatedAt { get; set; }
}
