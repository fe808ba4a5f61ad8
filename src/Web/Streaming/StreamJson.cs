using System.Text.Json;
using SensorDash.Data.Streaming;

namespace SensorDash.Web.Streaming;

/// <summary>The members of messages that server-sent events and sockets share. Times and positions are Unix microseconds.</summary>
internal static class StreamJson
{
    public static void Write(Utf8JsonWriter json, StreamCaughtUp caughtUp)
    {
        json.WriteNumber("position"u8, caughtUp.Position);
        json.WriteNumber("time"u8, caughtUp.Time);
    }

    public static void Write(Utf8JsonWriter json, StreamFellBehind behind)
    {
        json.WriteNumber("behindBy"u8, behind.BehindBy);
        json.WriteNumber("position"u8, behind.Position);
        json.WriteNumber("time"u8, behind.Time);
    }

    public static void Write(Utf8JsonWriter json, StreamReset reset)
    {
        json.WriteString("epoch"u8, reset.Epoch);
        json.WriteNumber("oldest"u8, reset.Oldest);
        json.WriteNumber("newest"u8, reset.Newest);
    }
}
