using System.Globalization;
using SensorDash.Data.Events;
using SensorDash.Data.Readings;
using SensorDash.Data.Storage;

namespace SensorDash.Data.Scrub;

/// <summary>Rows in words. Anything may be in a row that has rotted.</summary>
internal static class ScrubText
{
    private const long MicrosecondsPerSecond = 1_000_000, LastMicrosecond = 253_402_300_799_999_999;

    public static string Time(long microseconds) => microseconds is >= 0 and <= LastMicrosecond ? EventTime.Format(microseconds) : microseconds.ToString(CultureInfo.InvariantCulture);

    public static string Seconds(long seconds) => seconds is >= 0 and <= LastMicrosecond / MicrosecondsPerSecond ? Time(seconds * MicrosecondsPerSecond) : seconds.ToString(CultureInfo.InvariantCulture);

    public static string Row(in Reading reading) => string.Create(CultureInfo.InvariantCulture, $"node {reading.NodeAddress} at {Seconds(reading.Timestamp)} (timestamp {reading.Timestamp})");

    public static long At(in Reading reading) => reading.Timestamp * MicrosecondsPerSecond;

    /// <summary>The columns of one reading that differ from those of another.</summary>
    public static string Columns(in Reading reading, in Reading other) => string.Join(", ", Pairs(reading).Zip(Pairs(other)).Where(p => p.First.Value != p.Second.Value).Select(p => Pair(p.First)));

    public static string Columns(in Reading reading) => string.Join(", ", Pairs(reading).Select(Pair));

    public static string Row(LaneEvent e) => string.Create(CultureInfo.InvariantCulture, $"event {e.Id} at {Time(e.CanonicalTime)} (canonical_truth_time {e.CanonicalTime})");

    public static string Shown(string text) => OutsideText.Shown(text);

    public static string Count(long rows, string noun) => string.Create(CultureInfo.InvariantCulture, $"{rows} {noun}{(rows == 1 ? "" : "s")}");

    private static string Pair((string Column, long? Value) pair) => string.Create(CultureInfo.InvariantCulture, $"{pair.Column} {(pair.Value is { } value ? value.ToString(CultureInfo.InvariantCulture) : "null")}");

    private static (string Column, long? Value)[] Pairs(in Reading r)
        => [("temperature_centidegrees", r.TemperatureCentidegrees), ("humidity_centipercent", r.HumidityCentipercent), ("flags", r.Flags), ("received_at", r.ReceivedAt)];
}
