using System.Buffers;
using System.Text.Unicode;
using SensorDash.Data.Events;
using SensorDash.Data.Events.Canonical;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Ingest.Parsing;

/// <summary>The JSON object of one event, of any lane.</summary>
/// <param name="nowMicroseconds">The server's clock, for the limits of source times.</param>
/// <param name="trustsProducerIds">Accept the producer's id without comparing it with the content.</param>
/// <remarks>Unknown fields are ignored, and so is <c>canonicalTruthTime</c>: an exported event can be sent again unchanged.</remarks>
public sealed class EventJsonParser(long nowMicroseconds, bool trustsProducerIds) : IJsonRow<LaneEvent>
{
    /// <summary>Maximum length of an event in bytes of JSON.</summary>
    public const int MaxEventLength = 1 << 20;

    /// <summary>Maximum length of a raw frame in bytes, before base64.</summary>
    public const int MaxFrameLength = 256 << 10;

    /// <summary>The error for commands of a replay, exactly as in the previous system.</summary>
    public const string ReplayRefusal = "Commands not allowed in REPLAY mode";

    private const int MaxScopeLength = 64;

    private static readonly SearchValues<char> _ofScopes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    private static readonly int[] _contentMembers = [.. Lanes.All.Select(lane => EventMember.Of(LaneTable.Of(lane).Content))];

    private static readonly int[][] _ownMembers = [.. Lanes.All.Select(
        lane => LaneTable.Of(lane).Own.Select(column => EventMember.Of(column.WireName)).ToArray())];

    private readonly CanonicalJson _canonical = new();
    private readonly TextPool _texts = new();
    private readonly EventMembers.Place[] _places = new EventMembers.Place[EventMember.Count];

    /// <inheritdoc/>
    public int MaxLength => MaxEventLength;

    /// <inheritdoc/>
    public RowError? Parse(ReadOnlySpan<byte> json, out LaneEvent row)
    {
        row = null!;
        if (!Utf8.IsValid(json)) return new(null, "the event is not valid UTF-8");
        Array.Clear(_places);
        var members = new EventMembers(json, _places, _texts);
        if (!members.Find()) return new(null, "an event must be a JSON object");
        return Parse(ref members, out row) is { } error ? error with { Sender = SenderOf(ref members) } : null;
    }

    private static string? SenderOf(ref EventMembers members)
        => members.Utf8Of(EventMember.ScopeId) is { IsEmpty: false } scope ? LaneEvent.SenderOf(OutsideText.Shown(scope)) : null;

    private RowError? Parse(ref EventMembers members, out LaneEvent row)
    {
        row = null!;
        var laneName = members.Text(EventMember.Lane);
        if (!Lanes.TryParse(laneName, out var lane)) members.Fail(EventMember.Lane, $"must be raw, parsed, ui, command or metadata, not '{OutsideText.Shown(laneName)}'");
        if (members.Error is not null) return members.Error;
        row = Common(ref members, lane);
        if (members.Error is not null) return members.Error;
        SetOwn(ref members, row);
        Check(ref members, row);
        if (members.Error is null) SetId(ref members, row);
        return members.Error;
    }

    private LaneEvent Common(ref EventMembers members, Lane lane)
    {
        var scope = members.Text(EventMember.ScopeId);
        if (scope.Length > MaxScopeLength || scope.AsSpan().ContainsAnyExcept(_ofScopes))
            members.Fail(EventMember.ScopeId, $"must be 1 to {MaxScopeLength} letters, digits, dots, underscores or hyphens, not '{OutsideText.Shown(scope)}'");
        var (time, text) = SourceTime(ref members);
        var member = _contentMembers[(int)lane];
        var content = lane.HoldsJson() ? Json(ref members, member) : members.Base64(member, MaxFrameLength);
        return LaneTable.Of(lane).Make(scope, time, text, content);
    }

    private (long Time, string? Text) SourceTime(ref EventMembers members)
    {
        const int Member = EventMember.SourceTruthTime;
        var text = members.Utf8Of(Member);
        if (!members.Has(Member)) members.Fail(Member, "is missing");
        if (!EventTime.TryParse(text, out var time, out var isCanonical))
        {
            members.Fail(Member, $"must be an RFC 3339 time with a UTC offset, such as 2026-01-26T10:00:00Z, not '{OutsideText.Shown(text)}'");
            return default;
        }
        if (time < EventTime.Earliest || time > nowMicroseconds + EventTime.MaxAhead)
            members.Fail(Member, $"must be 2000-01-01T00:00:00Z to {EventTime.Format(nowMicroseconds + EventTime.MaxAhead)} (now + 1 day), not '{OutsideText.Shown(text)}'");
        return (time, isCanonical ? null : System.Text.Encoding.UTF8.GetString(text));
    }

    private byte[] Json(ref EventMembers members, int member)
    {
        if (!members.Has(member))
        {
            members.Fail(member, "is missing");
            return [];
        }
        var json = members.Raw(member);
        if (json[0] != '{') members.Fail(member, "must be a JSON object");
        else if (_canonical.Convert(json, out var canonical) is { } error) members.Fail(member, error);
        else return canonical;
        return [];
    }

    private static void SetOwn(ref EventMembers members, LaneEvent row)
    {
        var columns = LaneTable.Of(row.Lane).Own;
        var numbers = _ownMembers[(int)row.Lane];
        for (var i = 0; i < numbers.Length; i++)
        {
            switch (columns[i])
            {
                case TextColumn text:
                    text.Set(row, text.IsOptional ? members.TextOrNull(numbers[i]) : members.Text(numbers[i]));
                    break;
                case WholeColumn whole:
                    whole.Set(row, members.Whole(numbers[i]));
                    break;
                case TimeColumn time:
                    time.Set(row, members.TimeOrNull(numbers[i]));
                    break;
            }
        }
    }

    // The rules beyond the type of one value.
    private static void Check(ref EventMembers members, LaneEvent row)
    {
        switch (row)
        {
            case UiEvent ui:
                CheckType(ref members, ui.MessageType, UiEvent.Update, UiEvent.Checkpoint);
                CheckWithout(ref members, "systemId", ui.SystemId, '|');
                CheckWithout(ref members, "containerId", ui.ContainerId, '|');
                CheckWithout(ref members, "viewId", ui.ViewId, ':');
                break;
            case CommandEvent command:
                CheckMode(ref members, command);
                CheckType(ref members, command.MessageType, CommandEvent.Request, CommandEvent.Progress, CommandEvent.Result);
                CheckRequestId(ref members, command);
                break;
            case MetadataEvent { StreamId: null, ManifestId: null }:
                members.Fail("streamId", "or manifestId is required");
                break;
        }
    }

    private static void CheckType(ref EventMembers members, string type, params ReadOnlySpan<string> allowed)
    {
        if (!allowed.Contains(type)) members.Fail("messageType", $"must be {string.Join(", ", allowed!)}, not '{OutsideText.Shown(type)}'");
    }

    // A separator of the view's identity, which would then have two readings.
    private static void CheckWithout(ref EventMembers members, string member, string text, char separator)
    {
        if (text.Contains(separator, StringComparison.Ordinal)) members.Fail(member, $"must not contain '{separator}'");
    }

    private static void CheckMode(ref EventMembers members, CommandEvent command)
    {
        var mode = command.TimelineMode;
        if (mode.Equals("replay", StringComparison.OrdinalIgnoreCase)) members.Reject("timelineMode", ReplayRefusal);
        else if (!mode.Equals(CommandEvent.LiveMode, StringComparison.OrdinalIgnoreCase)) members.Fail("timelineMode", $"must be live or replay, not '{OutsideText.Shown(mode)}'");
        command.TimelineMode = CommandEvent.LiveMode; // The previous system wrote LIVE.
    }

    private static void CheckRequestId(ref EventMembers members, CommandEvent command)
    {
        var isRequest = command.MessageType == CommandEvent.Request;
        if (isRequest && command.RequestId is null) members.Fail("requestId", "is missing");
        if (!isRequest && command.RequestId is not null) members.Fail("requestId", $"is allowed only for {CommandEvent.Request}, not for {OutsideText.Shown(command.MessageType)}");
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
