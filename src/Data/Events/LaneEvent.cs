using SensorDash.Data.Storage;

namespace SensorDash.Data.Events;

/// <summary>One event. What stands in it never changes; the store sets <see cref="CanonicalTime"/> once, when it takes the event.</summary>
/// <remarks>
/// A class per lane, because the lanes are tables of their own. Each property of a lane has its line in <see cref="LaneColumns"/>, from which parsers and
/// stores set it; a property is required when that line says so.
/// </remarks>
public abstract class LaneEvent : IRow
{
    public abstract Lane Lane { get; }

    /// <summary>SHA-256 of the content, see <see cref="ComputeId"/>.</summary>
    public EventId Id { get; internal set; }

    /// <summary>Who the event belongs to: 1 to 64 of A–Z, a–z, 0–9, dot, underscore, hyphen.</summary>
    public string ScopeId { get; internal set; } = "";

    /// <summary>When it happened, by the producer's clock; Unix microseconds.</summary>
    public long SourceTime { get; internal set; }

    /// <summary>The producer's text of that time, only where it is not <see cref="EventTime.Format(long)"/> of it.</summary>
    public string? SourceText { get; internal set; }

    /// <summary>When the store took it in, Unix microseconds; 0 before. Strictly increasing per writer.</summary>
    public long CanonicalTime { get; internal set; }

    /// <summary>The bytes of a raw frame; of the other lanes canonical JSON (RFC 8785) in UTF-8.</summary>
    public byte[] Content { get; internal set; } = [];

    /// <summary>What the event is about within its scope and lane; part of the id.</summary>
    public abstract string IdentityKey { get; }

    /// <summary>The source time exactly as the producer wrote it.</summary>
    public string SourceTruthTime => SourceText ?? EventTime.Format(SourceTime);

    /// <inheritdoc/>
    public string Describe() => $"{Lane.Name()} event {Id} of scope {ScopeId}";

    /// <summary>Time by the given clock, Unix microseconds.</summary>
    public long TimeBy(Timebase timebase) => timebase == Timebase.Source ? SourceTime : CanonicalTime;

    /// <summary>The id that follows from the content.</summary>
    public EventId ComputeId()
    {
        Span<byte> time = stackalloc byte[EventTime.MaxTextLength];
        var length = SourceText is null ? EventTime.Format(SourceTime, time) : System.Text.Encoding.UTF8.GetBytes(SourceText, time);
        return EventId.Compute(ScopeId, Lane, IdentityKey, time[..length], Content);
    }
}

/// <summary>A frame as it came over a connection; frame boundaries are kept.</summary>
public sealed class RawEvent : LaneEvent
{
    public override Lane Lane => Lane.Raw;

    public string ConnectionId { get; internal set; } = "";

    /// <summary>Number of the frame within its connection, 0 to 2⁶³−1.</summary>
    public long Sequence { get; internal set; }

    public override string IdentityKey => ConnectionId;
}

/// <summary>A message that was understood.</summary>
public sealed class ParsedEvent : LaneEvent
{
    public override Lane Lane => Lane.Parsed;

    public string StreamId { get; internal set; } = "";

    public string StreamType { get; internal set; } = "";

    public string SchemaVersion { get; internal set; } = "";

    public override string IdentityKey => StreamId;
}

/// <summary>A view's state as a whole (checkpoint) or a change to it (update).</summary>
public sealed class UiEvent : LaneEvent
{
    public const string Update = "UiUpdate";
    public const string Checkpoint = "UiCheckpoint";

    public override Lane Lane => Lane.Ui;

    /// <summary><see cref="Update"/> or <see cref="Checkpoint"/>.</summary>
    public string MessageType { get; internal set; } = "";

    public string SystemId { get; internal set; } = "";

    public string ContainerId { get; internal set; } = "";

    public string UniqueId { get; internal set; } = "";

    public string ViewId { get; internal set; } = "";

    public string ManifestId { get; internal set; } = "";

    public string ManifestVersion { get; internal set; } = "";

    public override string IdentityKey => $"{SystemId}|{ContainerId}|{UniqueId}:{ViewId}";
}

/// <summary>A command, or word of how it goes.</summary>
public sealed class CommandEvent : LaneEvent
{
    public const string Request = "CommandRequest";
    public const string Progress = "CommandProgress";
    public const string Result = "CommandResult";

    /// <summary>The one mode that is stored: a replay commands nothing.</summary>
    public const string LiveMode = "live";

    public override Lane Lane => Lane.Command;

    /// <summary><see cref="Request"/>, <see cref="Progress"/> or <see cref="Result"/>.</summary>
    public string MessageType { get; internal set; } = "";

    public string CommandId { get; internal set; } = "";

    /// <summary>On requests, and only there; stored once per scope.</summary>
    public string? RequestId { get; internal set; }

    public string TargetId { get; internal set; } = "";

    public string CommandType { get; internal set; } = "";

    public string TimelineMode { get; internal set; } = "";

    public override string IdentityKey => RequestId ?? $"{CommandId}:{MessageType}";
}

/// <summary>What describes streams and manifests.</summary>
public sealed class MetadataEvent : LaneEvent
{
    public override Lane Lane => Lane.Metadata;

    public string MessageType { get; internal set; } = "";

    /// <summary>From when on it holds, Unix microseconds; null: from its own time.</summary>
    public long? EffectiveTime { get; internal set; }

    public string? StreamId { get; internal set; }

    /// <summary>Never null together with <see cref="StreamId"/>.</summary>
    public string? ManifestId { get; internal set; }

    public override string IdentityKey => $"{StreamId ?? ManifestId}:{MessageType}";
}
