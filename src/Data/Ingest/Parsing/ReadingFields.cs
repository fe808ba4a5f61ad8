using SensorDash.Data.Readings;

namespace SensorDash.Data.Ingest.Parsing;

/// <summary>The fields of a reading as sent, before validation.</summary>
internal struct ReadingFields
{
    public long? NodeAddress, Timestamp, TemperatureCentidegrees, HumidityCentipercent, Flags, ReceivedAt;
    public ulong? DeviceId;

    /// <summary>Maximum length of a line or element in bytes. A reading with every field is below 400.</summary>
    public const int MaxTextLength = 64 * 1024;

    /// <summary>Validates the fields by the rules of the contract.</summary>
    /// <param name="now">Unix seconds of the server's clock.</param>
    /// <returns>The error, or null when <paramref name="reading"/> is valid.</returns>
    public readonly RowError? Validate(long now, out Reading reading)
    {
        reading = default;
        if (NodeAddress is not { } node) return new("node_address", "node_address is missing");
        if (node is < 1 or > int.MaxValue) return new("node_address", $"node_address must be 1 to {int.MaxValue}, not {node}");
        if (Timestamp is not { } timestamp) return new("timestamp", "timestamp is missing");
        if (TimeError("timestamp", timestamp, now) is { } timestampError) return timestampError;
        if (TemperatureCentidegrees is null && HumidityCentipercent is null)
            return new("temperature_centidegrees", "temperature or humidity is required");
        if (TemperatureCentidegrees is < short.MinValue or > short.MaxValue)
        {
            return new("temperature_centidegrees",
                $"temperature must be {short.MinValue} to {short.MaxValue} hundredths of a degree, not {TemperatureCentidegrees}");
        }
        if (HumidityCentipercent is < 0 or > Reading.MaxHumidityCentipercent)
        {
            return new("humidity_centipercent",
                $"humidity must be 0 to {Reading.MaxHumidityCentipercent} hundredths of a percent, not {HumidityCentipercent}");
        }
        if (Flags is < 0 or > uint.MaxValue) return new("flags", $"flags must be 0 to {uint.MaxValue}, not {Flags}");
        if (ReceivedAt is { } received && TimeError("received_at", received, now) is { } receivedError) return receivedError;

        reading = new Reading((int)node, timestamp, (short?)TemperatureCentidegrees, (short?)HumidityCentipercent,
            (uint)(Flags ?? 0), ReceivedAt ?? now, DeviceId);
        return null;
    }

    private static RowError? TimeError(string field, long time, long now)
    {
        if (time >= Reading.MinTimestamp && time <= now + Reading.MaxAheadSeconds) return null;
        // 10,000,000,000 s is the year 2286, so a larger number is probably in a smaller unit.
        var hint = time > 10_000_000_000 ? "; send Unix seconds, not milliseconds or a smaller unit" : "";
        return new(field, $"{field} must be {Reading.MinTimestamp} (2000-01-01) to {now + Reading.MaxAheadSeconds} (now + 1 day), not {time}{hint}");
    }
}
