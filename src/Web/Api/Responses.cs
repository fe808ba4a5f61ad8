using System.Globalization;
using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Web.Api;

/// <summary>A reading. Times are Unix seconds; device_id is a decimal string, because JavaScript numbers cannot hold 64 bits.</summary>
internal sealed record ReadingResponse(
    int NodeAddress, string? DeviceId, long Timestamp, decimal? TemperatureCelsius, decimal? HumidityPercent,
    int? TemperatureRaw, int? HumidityRaw, long Flags, long ReceivedAt)
{
    public static ReadingResponse Of(Reading reading) => new(
        reading.NodeAddress, reading.DeviceId?.ToString(CultureInfo.InvariantCulture), reading.Timestamp,
        reading.TemperatureCentidegrees / 100m, reading.HumidityCentipercent / 100m,
        reading.TemperatureCentidegrees, reading.HumidityCentipercent, reading.Flags, reading.ReceivedAt);
}

/// <summary>Metadata of a node, as entered by users.</summary>
internal sealed record MetadataResponse(string? Name, string? Location, string? Notes, int? ZoneId, int? ExpectedIntervalS, long? UpdatedAt)
{
    public static MetadataResponse Of(NodeMetadata? metadata) => metadata is null
        ? new(null, null, null, null, null, null)
        : new(metadata.Name, metadata.Location, metadata.Notes, metadata.ZoneId, metadata.ExpectedIntervalS, metadata.UpdatedAt);
}

/// <summary>A node; <c>latest</c> is its latest measured reading, <c>current</c> the one with the current values.</summary>
internal sealed record NodeResponse(
    int Address, string? DeviceId, string Type, bool Online, NodeStatus Status, string StatusReason, long? LastSeenSeconds,
    int? ExpectedIntervalS, long FirstSeenAt, long LastSeenAt, long TotalReadings, ReadingResponse? Latest, MetadataResponse? Metadata,
    string StatusText, long LastReceivedAt, long? LastReceivedSeconds, long? ClockSkewS, ReadingResponse? Current)
{
    public static NodeResponse Of(NodeView view) => new(
        view.Node.Address, DeviceIdText(view.Node), view.Node.NodeType, view.Liveness.IsOnline, view.Liveness.Status, view.Liveness.Reason,
        view.Liveness.SilentSeconds, view.Liveness.ExpectedIntervalSeconds, view.Node.FirstSeenAt, view.Node.LastSeenAt, view.Node.TotalReadings,
        view.Latest is { } latest ? ReadingResponse.Of(latest) : null, view.Metadata is { } metadata ? MetadataResponse.Of(metadata) : null,
        view.Liveness.Text, view.Node.LastReceivedAt, view.Liveness.ReceivedSeconds, view.Liveness.ClockSkewSeconds, view.Current is { } current ? ReadingResponse.Of(current) : null);

    public static string? DeviceIdText(Node node) => ((ulong?)node.DeviceId)?.ToString(CultureInfo.InvariantCulture);
}
