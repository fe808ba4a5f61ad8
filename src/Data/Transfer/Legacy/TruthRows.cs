using System.Text;
using SensorDash.Data.Events;
using SensorDash.Data.Events.Canonical;

namespace SensorDash.Data.Transfer.Legacy;

/// <summary>Rows of the former event store: five lanes, in two generations.</summary>
/// <param name="nowMicroseconds">For times that are too far ahead.</param>
/// <remarks>The second generation names a subject by systemId, containerId and uniqueId on every lane; which one a table is shows in its columns.</remarks>
internal sealed class TruthRows(long nowMicroseconds)
{
    public const string Index = "eventIndex";

    private const int MaxScopeLength = 64;

    private readonly CanonicalJson _canonical = new();

    public static string TableOf(Lane lane) => lane.Name() + "Events";

    /// <summary>The columns that a table must have, by the generation that its other columns show.</summary>
    public static IEnumerable<string> Required(Lane lane, Func<string, bool> has)
    {
        string[] common = ["eventId", "scopeId", "sourceTruthTime", "canonicalTruthTime", lane == Lane.Raw ? "bytes" : lane == Lane.Ui ? "data" : "payload"];
        string[] triplet = ["systemId", "containerId", "uniqueId"];
        var isSecond = lane != Lane.Ui && triplet.All(has);
        return common.Concat(lane switch
        {
            Lane.Raw => isSecond ? triplet : ["connectionId", "sequence"],
            Lane.Parsed => isSecond ? [.. triplet, "messageType", "schemaVersion"] : ["streamId", "streamType", "schemaVersion"],
            Lane.Ui => ["messageType", .. triplet, "viewId", "manifestId", "manifestVersion"],
            Lane.Command => ["messageType", "commandId", "requestId", "targetId", "commandType", .. isSecond ? Array.Empty<string>() : ["timelineMode"]],
            _ => ["messageType"],
        });
    }

    /// <summary>Columns that are read where they exist.</summary>
    public static IEnumerable<string> Optional(Lane lane) => ((string[])["systemId", "containerId", "uniqueId"]).Concat(lane switch
    {
        Lane.Raw => ["connectionId", "sequence"],
        Lane.Command => ["timelineMode"],
        Lane.Metadata => ["effectiveTime", "streamId", "manifestId"],
        _ => [],
    });

    /// <summary>The event of a row, under its own id and canonical time.</summary>
    public LegacyFault? Convert(Lane lane, LegacyRow row, out LaneEvent laneEvent)
    {
        laneEvent = null!;
        if (row["eventId"] is not string id || !EventId.TryParse(id.ToLowerInvariant(), out var eventId)) return new("eventId", "must be 64 hexadecimal digits");
        if (LegacyFault.Text(row, "scopeId", out var scope) is { } f1) return f1;
        if (scope is null || scope.Length is 0 or > MaxScopeLength || !scope.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
            return new("scopeId", $"must be 1 to {MaxScopeLength} letters, digits, dots, underscores or hyphens");
        if (Time(row, "sourceTruthTime", out var sourceTime, out var sourceText) is { } f2) return f2;
        var canonicalTime = sourceTime;
        if (!Equals(row["canonicalTruthTime"], row["sourceTruthTime"]) && Time(row, "canonicalTruthTime", out canonicalTime, out _) is { } f3) return f3;
        if (Content(lane, row, out var content) is { } f4) return f4;
        laneEvent = LaneTable.Of(lane).Make(scope, sourceTime, sourceText, content);
        (laneEvent.Id, laneEvent.CanonicalTime) = (eventId, canonicalTime);
        return SetOwn(laneEvent, row);
    }

    private LegacyFault? Time(LegacyRow row, string column, out long time, out string? text)
    {
        (time, text) = (0, null);
        if (LegacyFault.Text(row, column, out var given) is { } fault) return fault;
        if (given is null || !EventTime.TryParse(Encoding.UTF8.GetBytes(given), out time, out var isCanonical)) return new(column, "must be a time with Z or an offset");
        if (time < EventTime.Earliest || time > nowMicroseconds + EventTime.MaxAhead) return new(column, "must be from 2000 to now + 1 day");
        text = isCanonical ? null : given;
        return null;
    }

    private LegacyFault? Content(Lane lane, LegacyRow row, out byte[] content)
    {
        content = [];
        if (!lane.HoldsJson())
        {
            if (row["bytes"] is not byte[] bytes) return new("bytes", "must be a blob");
            content = bytes;
            return null;
        }
        var column = LaneTable.Of(lane).Content;
        if (row[column] is not string json) return new(column, "must be JSON text");
        var utf8 = Encoding.UTF8.GetBytes(json);
        if (!utf8.AsSpan().TrimStart(" \t\r\n"u8).StartsWith("{"u8)) return new(column, "must be a JSON object");
        return _canonical.Convert(utf8, out content) is { } error ? new(column, error) : null;
    }

    private static LegacyFault? SetOwn(LaneEvent laneEvent, LegacyRow row)
    {
        foreach (var column in LaneTable.Of(laneEvent.Lane).Own)
        {
            var fault = column switch
            {
                TextColumn text => SetText(laneEvent, row, text),
                WholeColumn whole => SetWhole(laneEvent, row, whole),
                TimeColumn time => SetTime(laneEvent, row, time),
                _ => null,
            };
            if (fault is not null) return fault;
        }
        return laneEvent is MetadataEvent { StreamId: null, ManifestId: null } ? new("streamId", "or manifestId is required") : null;
    }

    private static LegacyFault? SetText(LaneEvent laneEvent, LegacyRow row, TextColumn column)
    {
        var isTriplet = (laneEvent.Lane, column.WireName) is (Lane.Raw, "connectionId") or (Lane.Parsed, "streamId") or (Lane.Metadata, "streamId") && IsSecond(row);
        var source = (laneEvent.Lane, column.WireName) is (Lane.Parsed, "streamType") && !row.Has("streamType") ? "messageType" : column.WireName;
        string? value;
        if (LegacyFault.Text(row, source, out value) is { } fault) return fault;
        if (isTriplet)
        {
            if (Triplet(row, out var triplet) is { } ofTriplet) return ofTriplet;
            value = triplet ?? (laneEvent.Lane == Lane.Metadata ? value : null);
        }
        if (column.WireName == "timelineMode") value = (value ?? CommandEvent.LiveMode).ToLowerInvariant();
        if (value is null && !column.IsOptional) return new(source, "is missing");
        if (value is not null && Encoding.UTF8.GetByteCount(value) > LegacyFault.MaxTextLength) return new(source, $"must be at most {LegacyFault.MaxTextLength} bytes long");
        column.Set(laneEvent, value);
        return null;
    }

    private static bool IsSecond(LegacyRow row) => row.Has("systemId") && row.Has("containerId") && row.Has("uniqueId");

    private static LegacyFault? Triplet(LegacyRow row, out string? value)
    {
        value = null;
        if (LegacyFault.Text(row, "systemId", out var system) is { } f1) return f1;
        if (LegacyFault.Text(row, "containerId", out var container) is { } f2) return f2;
        if (LegacyFault.Text(row, "uniqueId", out var unique) is { } f3) return f3;
        if (system is not null && container is not null && unique is not null) value = $"{system}|{container}|{unique}";
        return null;
    }

    private static LegacyFault? SetWhole(LaneEvent laneEvent, LegacyRow row, WholeColumn column)
    {
        if (LegacyFault.Whole(row, column.WireName, out var value) is { } fault) return fault;
        if (value is < 0) return new(column.WireName, "must be 0 or more");
        if (value is null && !IsSecond(row)) return new(column.WireName, "is missing");
        column.Set(laneEvent, value ?? row.RowId);
        return null;
    }

    private static LegacyFault? SetTime(LaneEvent laneEvent, LegacyRow row, TimeColumn column)
    {
        if (LegacyFault.Text(row, column.WireName, out var text) is { } fault) return fault;
        if (text is null) return null;
        if (!EventTime.TryParse(text, out var time)) return new(column.WireName, "must be a time with Z or an offset");
        column.Set(laneEvent, time);
        return null;
    }
}
