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

    /// <summary>When the hub last received a new reading, Unix seconds. Never after the server's clock at that time; deleting readings does not change it.</summary>
    public long LastReceivedAt { get; set; }

    /// <summary>Measured time of that reading, Unix seconds.</summary>
    public long LastReceivedTimestamp { get; set; }

    public long TotalReadings { get; set; }

    /// <summary>Duplicates received.</summary>
    public long DuplicatesSeen { get; set; }
}
