using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Transfer.Legacy;

/// <summary>Rows of the former sensor hub.</summary>
internal static class HubRows
{
    public const string Readings = "sensor_readings";

    public static readonly string[] Required = ["node_address", "timestamp", "temperature_centidegrees", "humidity_centipercent"];

    public static readonly string[] Optional = ["flags", "received_at", "device_id"];

    // 9999-12-31: PostgreSQL and the calendar of .NET end near it.
    private const long LastTime = 253_402_300_799;

    public static LegacyFault? Convert(LegacyRow row, long nowSeconds, out Reading reading)
    {
        reading = default;
        if (LegacyFault.Whole(row, "node_address", out var node) is { } f1) return f1;
        if (node is not (>= 1 and <= int.MaxValue)) return new("node_address", "must be 1 to 2147483647");
        if (LegacyFault.Whole(row, "timestamp", out var time) is { } f2) return f2;
        if (time is null || time < Reading.MinTimestamp || time > nowSeconds + Reading.MaxAheadSeconds) return new("timestamp", "must be seconds from 2000 to now + 1 day");
        if (LegacyFault.Whole(row, "temperature_centidegrees", out var temperature) is { } f3) return f3;
        if (temperature is < short.MinValue or > short.MaxValue) return new("temperature_centidegrees", "must be -32768 to 32767");
        if (LegacyFault.Whole(row, "humidity_centipercent", out var humidity) is { } f4) return f4;
        if (humidity is < 0 or > Reading.MaxHumidityCentipercent) return new("humidity_centipercent", "must be 0 to 10000");
        if (temperature is null && humidity is null) return new(null, "has neither temperature nor humidity");
        if (LegacyFault.Whole(row, "flags", out var flags) is { } f5) return f5;
        if (flags is < 0 or > uint.MaxValue) return new("flags", "must be 0 to 4294967295");
        if (LegacyFault.Whole(row, "received_at", out var receivedAt) is { } f6) return f6;
        if (receivedAt is < 0 or > LastTime) return new("received_at", "must be seconds up to the year 9999");
        if (LegacyFault.Whole(row, "device_id", out var device) is { } f7) return f7;
        reading = new((int)node, time.Value, (short?)temperature, (short?)humidity, (uint)(flags ?? 0), receivedAt ?? time.Value, (ulong?)device);
        return null;
    }

    public static LegacyFault? Convert(LegacyRow row, out Node node)
    {
        node = new();
        if (LegacyFault.Whole(row, "address", out var address) is { } f1) return f1;
        if (address is not (>= 1 and <= int.MaxValue)) return new("address", "must be 1 to 2147483647");
        if (LegacyFault.Text(row, "node_type", out var type) is { } f2) return f2;
        if (type is { Length: > 32 }) return new("node_type", "must be at most 32 characters");
        if (LegacyFault.Whole(row, "first_seen_at", out var first) is { } f3) return f3;
        if (LegacyFault.Whole(row, "last_seen_at", out var last) is { } f4) return f4;
        if (LegacyFault.Whole(row, "device_id", out var device) is { } f5) return f5;
        if (first is < 0 or > LastTime) return new("first_seen_at", "must be seconds up to the year 9999");
        if (last is < 0 or > LastTime) return new("last_seen_at", "must be seconds up to the year 9999");
        node = new()
        {
            Address = (int)address,
            DeviceId = device,
            NodeType = type ?? Node.SensorType,
            FirstSeenAt = first ?? last ?? 0,
            LastSeenAt = last ?? first ?? 0,
        };
        (node.LastReceivedAt, node.LastReceivedTimestamp) = (node.LastSeenAt, node.LastSeenAt);
        return null;
    }

    public static LegacyFault? Convert(LegacyRow row, out NodeMetadata metadata)
    {
        metadata = new();
        if (LegacyFault.Whole(row, "address", out var address) is { } f1) return f1;
        if (address is not (>= 1 and <= int.MaxValue)) return new("address", "must be 1 to 2147483647");
        if (TextUpTo(row, "name", NodeMetadata.NameLength, out var name) is { } f2) return f2;
        if (TextUpTo(row, "location", NodeMetadata.LocationLength, out var location) is { } f3) return f3;
        if (TextUpTo(row, "notes", NodeMetadata.NotesLength, out var notes) is { } f4) return f4;
        if (LegacyFault.Whole(row, "zone_id", out var zone) is { } f5) return f5;
        if (zone is < 1 or > int.MaxValue) return new("zone_id", "must be 1 to 2147483647");
        if (LegacyFault.Whole(row, "updated_at", out var updated) is { } f6) return f6;
        if (updated is < 0 or > LastTime) return new("updated_at", "must be seconds up to the year 9999");
        metadata = new() { Address = (int)address, Name = name, Location = location, Notes = notes, ZoneId = (int?)zone, UpdatedAt = updated ?? 0 };
        return null;
    }

    public static LegacyFault? Convert(LegacyRow row, out Zone zone)
    {
        zone = new() { Name = "" };
        if (LegacyFault.Whole(row, "id", out var id) is { } f1) return f1;
        if (id is not (>= 1 and <= int.MaxValue)) return new("id", "must be 1 to 2147483647");
        if (TextUpTo(row, "name", Zone.NameLength, out var name) is { } f2) return f2;
        if (name is null) return new("name", "must be a string");
        if (TextUpTo(row, "color", 7, out var color) is { } f3) return f3;
        if (TextUpTo(row, "description", Zone.DescriptionLength, out var description) is { } f4) return f4;
        if (color is not null && !Zone.ColorPattern().IsMatch(color)) return new("color", "must be #RRGGBB");
        zone = new() { Id = (int)id, Name = name, Color = color ?? Zone.DefaultColor, Description = description };
        return null;
    }

    private static LegacyFault? TextUpTo(LegacyRow row, string column, int length, out string? value)
    {
        value = row[column] as string;
        if (value is null) return row[column] is null ? null : new(column, "must be a string");
        return value.Contains('\0') ? new(column, "must not contain U+0000") : value.Length > length ? new(column, $"must be at most {length} characters") : null;
    }
}
