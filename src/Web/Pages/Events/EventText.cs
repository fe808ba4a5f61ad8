using System.Text;
using SensorDash.Data.Events;
using SensorDash.Web.Pages.Display;

namespace SensorDash.Web.Pages.Events;

/// <summary>The text of an event in a table row.</summary>
internal static class EventText
{
    private const int PreviewLength = 160;
    private const int PreviewBytes = 8;
    private const int PreviewText = 40;

    /// <summary>Its identity within the lane; for raw frames, connection and sequence.</summary>
    public static string Identity(LaneEvent laneEvent)
        => laneEvent is RawEvent raw ? FormattableString.Invariant($"{raw.ConnectionId} #{raw.Sequence}") : laneEvent.IdentityKey;

    /// <summary>Its type; a raw frame has none.</summary>
    public static string Type(LaneEvent laneEvent) => laneEvent switch
    {
        ParsedEvent parsed => parsed.StreamType,
        CommandEvent command => $"{command.MessageType} {command.CommandType}",
        _ => laneEvent.ValueOf(EventField.MessageType) ?? "frame",
    };

    /// <summary>The rows of a table.</summary>
    public static CsvTable ToTable(IEnumerable<LaneEvent> events, ViewSettings view)
    {
        var table = new CsvTable();
        table.AddRow(["canonical_time", "source_time", "lane", "identity", "type", "scope", "size_bytes", "content_start", "event_id"]);
        foreach (var e in events)
            table.AddRow([ClockText.IsoPrecise(e.CanonicalTime, view.Zone), ClockText.IsoPrecise(e.SourceTime, view.Zone), e.Lane.Name(), Identity(e), Type(e), e.ScopeId, e.Content.Length, Preview(e), e.Id.ToString()]);
        return table;
    }

    /// <summary>The start of its content: JSON as stored, a frame as hexadecimal bytes and text.</summary>
    public static string Preview(LaneEvent laneEvent)
    {
        var content = laneEvent.Content.AsSpan();
        if (!laneEvent.Lane.HoldsJson())
        {
            var (start, text) = (Math.Min(content.Length, PreviewBytes), Math.Min(content.Length, PreviewText));
            return $"{HexDump.Bytes(content[..start])}{(start < content.Length ? " …" : "")}  {HexDump.Text(content[..text])}{(text < content.Length ? "…" : "")}";
        }
        // Enough bytes for the characters of the preview; an incomplete last character is cut off below.
        var json = Encoding.UTF8.GetString(content[..Math.Min(content.Length, 4 * PreviewLength)]);
        if (json.Length <= PreviewLength) return json;
        return json[..(PreviewLength - (char.IsHighSurrogate(json[PreviewLength - 1]) ? 1 : 0))] + "…";
    }
}
