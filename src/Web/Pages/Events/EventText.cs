using System.Text;
using SensorDash.Data.Events;

namespace SensorDash.Web.Pages.Events;

/// <summary>What a row says of an event.</summary>
internal static class EventText
{
    private const int PreviewLength = 160;
    private const int PreviewBytes = 8;
    private const int PreviewText = 40;

    /// <summary>What it is about within its lane: the identity, and of frames their number.</summary>
    public static string About(LaneEvent laneEvent)
        => laneEvent is RawEvent raw ? FormattableString.Invariant($"{raw.ConnectionId} #{raw.Sequence}") : laneEvent.IdentityKey;

    /// <summary>Its type; of frames nothing is known.</summary>
    public static string Type(LaneEvent laneEvent) => laneEvent switch
    {
        ParsedEvent parsed => parsed.StreamType,
        CommandEvent command => $"{command.MessageType} {command.CommandType}",
        _ => laneEvent.ValueOf(EventField.MessageType) ?? "frame",
    };

    /// <summary>The beginning of its content: JSON as it is stored, a frame as hexadecimal bytes and text.</summary>
    public static string Preview(LaneEvent laneEvent)
    {
        var content = laneEvent.Content.AsSpan();
        if (!laneEvent.Lane.HoldsJson())
        {
            var (start, text) = (Math.Min(content.Length, PreviewBytes), Math.Min(content.Length, PreviewText));
            return $"{HexDump.Bytes(content[..start])}{(start < content.Length ? " …" : "")}  {HexDump.Text(content[..text])}{(text < content.Length ? "…" : "")}";
        }
        // Enough bytes for so many characters; half a character at the cut is cut too.
        var json = Encoding.UTF8.GetString(content[..Math.Min(content.Length, 4 * PreviewLength)]);
        if (json.Length <= PreviewLength) return json;
        return json[..(PreviewLength - (char.IsHighSurrogate(json[PreviewLength - 1]) ? 1 : 0))] + "…";
    }
}
