namespace SensorDash.Data.Nodes;

/// <summary>Metadata of a node. In a separate table, so that edits never wait for ingestion.</summary>
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

    /// <summary>Seconds between two readings, 1 to 2,592,000; absent: estimated from the readings.</summary>
    public int? ExpectedIntervalS { get; set; }

    /// <summary>Unix seconds of the last edit.</summary>
    public long UpdatedAt { get; set; }
}
