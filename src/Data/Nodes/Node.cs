namespace SensorDash.Data.Nodes;

/// <summary>A sender of readings, made by its first reading. The counters equal a recount of its readings at any time.</summary>
public sealed class Node
{
    /// <summary>Type of every node that readings create.</summary>
    public const string SensorType = "SENSOR";

    /// <summary>1 to 2³¹−1.</summary>
    public int Address { get; set; }

    /// <summary>Unsigned 64-bit hardware id, stored as the signed number of the same bits.</summary>
    public long? DeviceId { get; set; }

    public string NodeType { get; set; } = SensorType;

    /// <summary>Oldest measured time, Unix seconds; moves back when late backlog arrives.</summary>
    public long FirstSeenAt { get; set; }

    /// <summary>Newest measured time, Unix seconds.</summary>
    public long LastSeenAt { get; set; }

    public long TotalReadings { get; set; }

    /// <summary>Readings that arrived again after they were stored.</summary>
    public long DuplicatesSeen { get; set; }
}
