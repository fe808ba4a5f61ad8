using System.Buffers;
using System.Text.Unicode;
using SensorDash.Data.Events;
using SensorDash.Data.Events.Canonical;

namespace SensorDash.Data.Ingest.Parsing;

/// <summary>The JSON object of one event, of any lane.</summary>
/// <param name="nowMicroseconds">The server's clock: what source times are measured by.</param>
/// <param name="trustsProducerIds">Keep the producer's id without comparing it with the content.</param>
/// <remarks>Members that it does not know are passed over, so is <c>canonicalTruthTime</c>: an event that was exported can be sent again as it is.</remarks>
public sealed class EventJsonParser(long nowMicroseconds, bool trustsProducerIds) : IJsonRow<LaneEvent>
{
    /// <summary>Longest event in bytes of JSON.</summary>
    public const int MaxEventLength = 1 << 20;

    /// <summary>Longest raw frame in bytes, before base64.</summary>
    public const int MaxFrameLength = 256 << 10;

    /// <summary>The refusal of commands that a replay would send, to the letter of the system before.</summary>
    public const string ReplayRefusal = "Commands not allowed in REPLAY mode";

    private const int MaxScopeLength = 64;

    private static readonly SearchValues<char> _ofScopes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    private readonly CanonicalJson _canonical = new();
    private readonly TextPool _texts = new();

    /// <inheritdoc/>
    public int MaxLength => MaxEventLength;

    /// <inheritdoc/>
    public RowError? Parse(ReadOnlySpan<byte> json, out LaneEvent row)
    {
        row = null!;
        if (!Utf8.IsValid(json)) return new(null, "the event is no valid UTF-8");
        Span<EventMembers.Place> places = stackalloc EventMembers.Place[EventMembers.Count];
        places.Clear();
        var members = new EventMembers(json, places, _texts);
        if (!members.Find()) return new(null, "an event must be a JSON object");

        var laneName = members.Text(EventMember.Lane);
        if (!Lanes.TryParse(laneName, out var lane)) members.Fail(EventMember.Lane, $"must be raw, parsed, ui, command or metadata, not '{laneName}'");
        if (members.Error is not null) return members.Error;
        var common = Common(ref members, lane);
        if (members.Error is not null) return members.Error;
        row = lane switch
        {
            Lane.Raw => Raw(ref members, common),
            Lane.Parsed => Parsed(ref members, common),
            Lane.Ui => Ui(ref members, common),
            Lane.Command => Command(ref members, common),
            _ => Metadata(ref members, common),
        };
        if (members.Error is null) SetId(ref members, row);
        return members.Error;
    }

    private readonly record struct CommonParts(string ScopeId, long SourceTime, string? SourceText, byte[] Content);

    private CommonParts Common(ref EventMembers members, Lane lane)
    {
        var scope = members.Text(EventMember.ScopeId);
        if (scope.Length > MaxScopeLength || scope.AsSpan().ContainsAnyExcept(_ofScopes))
            members.Fail(EventMember.ScopeId, $"must be 1 to {MaxScopeLength} letters, digits, dots, underscores or hyphens, not '{scope}'");
        var (time, text) = SourceTime(ref members);
        var content = lane switch
        {
            Lane.Raw => members.Base64(EventMember.Bytes, MaxFrameLength),
            Lane.Ui => Json(ref members, EventMember.Data),
            _ => Json(ref members, EventMember.Payload),
        };
        return new CommonParts(scope, time, text, content);
    }

    private (long Time, string? Text) SourceTime(ref EventMembers members)
    {
        const EventMember Member = EventMember.SourceTruthTime;
        var text = members.Utf8Of(Member);
        if (!members.Has(Member)) members.Fail(Member, "is missing");
        if (!EventTime.TryParse(text, out var time, out var isCanonical))
        {
            members.Fail(Member, $"must be RFC 3339 with a zone, such as 2026-01-26T10:00:00Z, not '{Shown(text)}'");
            return default;
        }
        if (time < EventTime.Earliest || time > nowMicroseconds + EventTime.MaxAhead)
            members.Fail(Member, $"must be 2000-01-01T00:00:00Z to {EventTime.Format(nowMicroseconds + EventTime.MaxAhead)} (now + 1 day), not '{Shown(text)}'");
        return (time, isCanonical ? null : System.Text.Encoding.UTF8.GetString(text));
    }

    private static string Shown(ReadOnlySpan<byte> text)
        => System.Text.Encoding.UTF8.GetString(text.Length <= EventTime.MaxTextLength ? text : text[..EventTime.MaxTextLength]);

    private byte[] Json(ref EventMembers members, EventMember member)
    {
        if (!members.Has(member))
        {
            members.Fail(member, "is missing");
            return [];
        }
        var json = members.Raw(member);
        if (json[0] != '{') members.Fail(member, "must be a JSON object");
        else if (_canonical.Convert(json, out var canonical) is { } fault) members.Fail(member, fault);
        else return canonical;
        return [];
    }

    private static RawEvent Raw(ref EventMembers members, CommonParts common) => new()
    {
        ScopeId = common.ScopeId,
        SourceTime = common.SourceTime,
        SourceText = common.SourceText,
        Content = common.Content,
        ConnectionId = members.Text(EventMember.ConnectionId),
        Sequence = members.Whole(EventMember.Sequence),
    };

    private static ParsedEvent Parsed(ref EventMembers members, CommonParts common) => new()
    {
        ScopeId = common.ScopeId,
        SourceTime = common.SourceTime,
        SourceText = common.SourceText,
        Content = common.Content,
        StreamId = members.Text(EventMember.StreamId),
        StreamType = members.Text(EventMember.StreamType),
        SchemaVersion = members.Text(EventMember.SchemaVersion),
    };

    private static UiEvent Ui(ref EventMembers members, CommonParts common) => new()
    {
        ScopeId = common.ScopeId,
        SourceTime = common.SourceTime,
        SourceText = common.SourceText,
        Content = common.Content,
        MessageType = OneOf(ref members, EventMember.MessageType, UiEvent.Update, UiEvent.Checkpoint),
        SystemId = members.Text(EventMember.SystemId),
        ContainerId = members.Text(EventMember.ContainerId),
        UniqueId = members.Text(EventMember.UniqueId),
        ViewId = members.Text(EventMember.ViewId),
        ManifestId = members.Text(EventMember.ManifestId),
        ManifestVersion = members.Text(EventMember.ManifestVersion),
    };

    private static CommandEvent Command(ref EventMembers members, CommonParts common)
    {
        var mode = members.Text(EventMember.TimelineMode);
        if (mode.Equals("replay", StringComparison.OrdinalIgnoreCase)) members.Reject(EventMember.TimelineMode, ReplayRefusal);
        // The system before wrote LIVE.
        else if (!mode.Equals(CommandEvent.LiveMode, StringComparison.OrdinalIgnoreCase)) members.Fail(EventMember.TimelineMode, $"must be live or replay, not '{mode}'");
        var type = OneOf(ref members, EventMember.MessageType, CommandEvent.Request, CommandEvent.Progress, CommandEvent.Result);
        var isRequest = type == CommandEvent.Request;
        if (!isRequest && members.Has(EventMember.RequestId)) members.Fail(EventMember.RequestId, $"is only for {CommandEvent.Request}, not for {type}");
        return new()
        {
            ScopeId = common.ScopeId,
            SourceTime = common.SourceTime,
            SourceText = common.SourceText,
            Content = common.Content,
            MessageType = type,
            CommandId = members.Text(EventMember.CommandId),
            RequestId = isRequest ? members.Text(EventMember.RequestId) : null,
            TargetId = members.Text(EventMember.TargetId),
            CommandType = members.Text(EventMember.CommandType),
            TimelineMode = CommandEvent.LiveMode,
        };
    }

    private static MetadataEvent Metadata(ref EventMembers members, CommonParts common)
    {
        long? effective = null;
        if (members.Has(EventMember.EffectiveTime))
        {
            if (EventTime.TryParse(members.Utf8Of(EventMember.EffectiveTime), out var time, out _)) effective = time;
            else members.Fail(EventMember.EffectiveTime, "must be RFC 3339 with a zone, such as 2026-01-26T10:00:00Z");
        }
        var (stream, manifest) = (members.TextOrNull(EventMember.StreamId), members.TextOrNull(EventMember.ManifestId));
        if (stream is null && manifest is null) members.Fail(EventMember.StreamId, "and manifestId are both missing; one of them must be there");
        return new()
        {
            ScopeId = common.ScopeId,
            SourceTime = common.SourceTime,
            SourceText = common.SourceText,
            Content = common.Content,
            MessageType = members.Text(EventMember.MessageType),
            EffectiveTime = effective,
            StreamId = stream,
            ManifestId = manifest,
        };
    }

    private static string OneOf(ref EventMembers members, EventMember member, params ReadOnlySpan<string> allowed)
    {
        var text = members.Text(member);
        if (!allowed.Contains(text)) members.Fail(member, $"must be {string.Join(", ", allowed!)}, not '{text}'");
        return text;
    }

    private void SetId(ref EventMembers members, LaneEvent row)
    {
        if (!members.Has(EventMember.EventId))
        {
            row.Id = row.ComputeId();
            return;
        }
        if (!EventId.TryParse(members.Utf8Of(EventMember.EventId), out var given))
        {
            members.Fail(EventMember.EventId, $"must be {EventId.HexLength} lower-case hexadecimal digits");
            return;
        }
        row.Id = trustsProducerIds ? given : row.ComputeId();
        if (row.Id != given) members.Fail(EventMember.EventId, "does not match its content");
    }
}
