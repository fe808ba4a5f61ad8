namespace SensorDash.Data.Nodes;

/// <summary>A sender of readings, created by its first reading. The counters always equal a recount of its readings.</summary>
public sealed class Node
{
    /// <summary>Type of all nodes that readings create.</summary>
    public const string SensorType = "SENSOR";

    /// <summary>1 to 2³¹−1.</summary>
    public int Address { get; set; }

    /// <summary>Unsigned 64-bit hardware id, stored as the signed number with the same bits.</summary>
    public long? DeviceId { get; set; }

    public string NodeType { get; set; } = SensorType;

    /// <summary>First measured time, Unix seconds; decreases when older readings arrive late.</summary>
    public long FirstSeenAt { get; set; }

    /// <summary>Latest measured time, Unix seconds.</summary>
    public long LastSeenAt { get; set; }

    public long TotalReadings { get; set; }

    /// <summary>Duplicates received.</summary>
    public long DuplicatesSeen { get; set; }
}
