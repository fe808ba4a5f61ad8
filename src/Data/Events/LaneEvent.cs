using SensorDash.Data.Storage;

namespace SensorDash.Data.Events;

/// <summary>One event. It is immutable, except that the store sets <see cref="CanonicalTime"/> once, when it adds the event.</summary>
/// <remarks>
/// A class per lane, because each lane has its own table. Each property of a lane has its line in <see cref="LaneColumns"/>, with which parsers and
/// stores set it; a property is required when that line says so.
/// </remarks>
public abstract class LaneEvent : IRow
{
    public abstract Lane Lane { get; }

    /// <summary>SHA-256 of the content, see <see cref="ComputeId"/>.</summary>
    public EventId Id { get; internal set; }

    /// <summary>Owner of the event: 1 to 64 characters of A–Z, a–z, 0–9, dot, underscore, hyphen.</summary>
    public string ScopeId { get; internal set; } = "";

    /// <summary>Time of the event by the producer's clock, Unix microseconds.</summary>
    public long SourceTime { get; internal set; }

    /// <summary>The producer's text of that time, only if it differs from <see cref="EventTime.Format(long)"/>.</summary>
    public string? SourceText { get; internal set; }

    /// <summary>When the store added it, Unix microseconds; 0 before. Strictly increasing per writer.</summary>
    public long CanonicalTime { get; internal set; }

    /// <summary>The bytes of a raw frame; in the other lanes canonical JSON (RFC 8785) in UTF-8.</summary>
    public byte[] Content { get; internal set; } = [];

    /// <summary>The subject of the event within its scope and lane; part of the id.</summary>
    public abstract string IdentityKey { get; }

    /// <summary>The source time exactly as the producer wrote it.</summary>
    public string SourceTruthTime => SourceText ?? EventTime.Format(SourceTime);

    /// <inheritdoc/>
    public string Sender => SenderOf(ScopeId);

    /// <summary>The scope as the sender of rows.</summary>
    internal static string SenderOf(string scope) => $"scope {scope}";

    /// <inheritdoc/>
    public string Describe() => $"{Lane.Name()} event {Id} of scope {ScopeId}";

    /// <summary>Time by the given timebase, Unix microseconds.</summary>
    public long TimeBy(Timebase timebase) => timebase == Timebase.Source ? SourceTime : CanonicalTime;

    /// <summary>Computes the id from the content.</summary>
    public EventId ComputeId()
    {
        Span<byte> time = stackalloc byte[EventTime.MaxTextLength];
        var length = SourceText is null ? EventTime.Format(SourceTime, time) : System.Text.Encoding.UTF8.GetBytes(SourceText, time);
        return EventId.Compute(ScopeId, Lane, IdentityKey, time[..length], Content);
    }

    /// <summary>Differs between two events whose parts differ although their ids are equal.</summary>
    internal int ComputePartsCheck()
    {
        var check = new PartsCheck();
        check.Add(ScopeId);
        check.Add((int)Lane);
        AddIdentity(ref check);
        check.Add(SourceText);
        check.Add(Content);
        return check.Value;
    }

    // The parts of the identity, which its text joins.
    private protected abstract void AddIdentity(ref PartsCheck check);
}

/// <summary>A frame as received over a connection; frame boundaries are kept.</summary>
public sealed class RawEvent : LaneEvent
{
    public override Lane Lane => Lane.Raw;

    public string ConnectionId { get; internal set; } = "";

    /// <summary>Number of the frame within its connection, 0 to 2⁶³−1.</summary>
    public long Sequence { get; internal set; }

    public override string IdentityKey => ConnectionId;

    private protected override void AddIdentity(ref PartsCheck check) => check.Add(ConnectionId);
}

/// <summary>A parsed message.</summary>
public sealed class ParsedEvent : LaneEvent
{
    public override Lane Lane => Lane.Parsed;

    public string StreamId { get; internal set; } = "";

    public string StreamType { get; internal set; } = "";

    public string SchemaVersion { get; internal set; } = "";

    public override string IdentityKey => StreamId;

    private protected override void AddIdentity(ref PartsCheck check) => check.Add(StreamId);
}

/// <summary>The complete state of a view (checkpoint) or a change to it (update).</summary>
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

    private protected override void AddIdentity(ref PartsCheck check)
    {
        check.Add(SystemId);
        check.Add(ContainerId);
        check.Add(UniqueId);
        check.Add(ViewId);
    }
}

/// <summary>A command, its progress or its result.</summary>
public sealed class CommandEvent : LaneEvent
{
    public const string Request = "CommandRequest";
    public const string Progress = "CommandProgress";
    public const string Result = "CommandResult";

    /// <summary>The only stored mode: a replay sends no commands.</summary>
    public const string LiveMode = "live";

    public override Lane Lane => Lane.Command;

    /// <summary><see cref="Request"/>, <see cref="Progress"/> or <see cref="Result"/>.</summary>
    public string MessageType { get; internal set; } = "";

    public string CommandId { get; internal set; } = "";

    /// <summary>Only for requests; stored once per scope.</summary>
    public string? RequestId { get; internal set; }

    public string TargetId { get; internal set; } = "";

    public string CommandType { get; internal set; } = "";

    public string TimelineMode { get; internal set; } = "";

    public override string IdentityKey => RequestId ?? $"{CommandId}:{MessageType}";

    private protected override void AddIdentity(ref PartsCheck check)
    {
        check.Add(RequestId);
        if (RequestId is not null) return;
        check.Add(CommandId);
        check.Add(MessageType);
    }
}

/// <summary>A description of a stream or manifest.</summary>
public sealed class MetadataEvent : LaneEvent
{
    public override Lane Lane => Lane.Metadata;

    public string MessageType { get; internal set; } = "";

    /// <summary>Start of its validity, Unix microseconds; null means its own time.</summary>
    public long? EffectiveTime { get; internal set; }

    public string? StreamId { get; internal set; }

    /// <summary>Null only if <see cref="StreamId"/> is set.</summary>
    public string? ManifestId { get; internal set; }

    public override string IdentityKey => $"{StreamId ?? ManifestId}:{MessageType}";

    private protected override void AddIdentity(ref PartsCheck check)
    {
        check.Add(StreamId);
        if (StreamId is null) check.Add(ManifestId);
        check.Add(MessageType);
    }
}
