using System.Buffers;
using System.Text.Json;

namespace SensorDash.Data.Events;

/// <summary>An event for streams: however many clients watch, it is serialised once.</summary>
public sealed class RecentEvent(LaneEvent laneEvent)
{
    private byte[]? _json;

    public LaneEvent Event { get; } = laneEvent;

    /// <summary>The event as an object, as <see cref="EventJsonWriter"/> writes it; made for the first client whose filter it matches.</summary>
    public ReadOnlyMemory<byte> Json
    {
        get
        {
            if (Volatile.Read(ref _json) is { } made) return made;
            lock (this) return _json ??= Serialize();
        }
    }

    /// <summary>Whether a client has asked for <see cref="Json"/>.</summary>
    internal bool IsSerialized => Volatile.Read(ref _json) is not null;

    private byte[] Serialize()
    {
        var buffer = new ArrayBufferWriter<byte>(512 + (2 * Event.Content.Length));
        using (var json = new Utf8JsonWriter(buffer, EventJsonWriter.Options)) EventJsonWriter.Write(json, Event);
        return buffer.WrittenSpan.ToArray();
    }
}
