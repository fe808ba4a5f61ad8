namespace SensorDash.Data.Events;

// The schema of the event tables; stores exchange rows as LaneEvent. Times are Unix microseconds.

/// <summary>Each event once, of any lane: detects duplicates.</summary>
public sealed class EventIndexRow
{
    public long SourceTruthTime { get; set; }

    public byte[] EventId { get; set; } = [];

    /// <summary>The number of <see cref="Events.Lane"/>.</summary>
    public int Lane { get; set; }

    /// <summary>The event's canonical time, the key in its lane.</summary>
    public long FirstSeen { get; set; }

    /// <summary><see cref="LaneEvent.ComputePartsCheck"/>.</summary>
    public int PartsCheck { get; set; }
}

/// <summary>Accepted requests: a second request with the same id in the same scope is not stored.</summary>
public sealed class CommandRequestRow
{
    public string ScopeId { get; set; } = "";

    public string RequestId { get; set; } = "";

    public byte[] EventId { get; set; } = [];

    /// <summary>The canonical time of that event: the request goes with its lane's retention.</summary>
    public long AcceptedAt { get; set; }
}

/// <summary>One commit of events. Subscribers count in batches.</summary>
public sealed class EventBatchRow
{
    /// <summary>Ascending in commit order, from 1, never reused.</summary>
    public long Id { get; set; }

    public long CommittedAt { get; set; }

    public long EventCount { get; set; }

    public long FirstCanonicalTime { get; set; }

    public long LastCanonicalTime { get; set; }

    /// <summary>The sum of the hashes of the events (<see cref="EventHash"/>).</summary>
    public long RowsHash { get; set; }
}

/// <summary>The columns that all lanes have.</summary>
public abstract class LaneRow
{
    public long CanonicalTruthTime { get; set; }

    public byte[] EventId { get; set; } = [];

    public string ScopeId { get; set; } = "";

    public long SourceTruthTime { get; set; }

    /// <summary>The producer's text of the time if it is not canonical.</summary>
    public string? SourceText { get; set; }

    public long BatchId { get; set; }
}

public sealed class RawEventRow : LaneRow
{
    public string ConnectionId { get; set; } = "";

    public long Sequence { get; set; }

    public byte[] Bytes { get; set; } = [];
}

public sealed class ParsedEventRow : LaneRow
{
    public string StreamId { get; set; } = "";

    public string StreamType { get; set; } = "";

    public string SchemaVersion { get; set; } = "";

    public string Payload { get; set; } = "";
}

public sealed class UiEventRow : LaneRow
{
    public string MessageType { get; set; } = "";

    public string SystemId { get; set; } = "";

    public string ContainerId { get; set; } = "";

    public string UniqueId { get; set; } = "";

    public string ViewId { get; set; } = "";

    public string ManifestId { get; set; } = "";

    public string ManifestVersion { get; set; } = "";

    public string Data { get; set; } = "";
}

public sealed class CommandEventRow : LaneRow
{
    public string MessageType { get; set; } = "";

    public string CommandId { get; set; } = "";

    public string? RequestId { get; set; }

    public string TargetId { get; set; } = "";

    public string CommandType { get; set; } = "";

    public string TimelineMode { get; set; } = "";

    public string Payload { get; set; } = "";
}

public sealed class MetadataEventRow : LaneRow
{
    public string MessageType { get; set; } = "";

    public long? EffectiveTime { get; set; }

    public string? StreamId { get; set; }

    public string? ManifestId { get; set; }

    public string Payload { get; set; } = "";
}
