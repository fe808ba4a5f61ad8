using SensorDash.Data.Storage;

namespace SensorDash.Data.Readings;

/// <summary>One measurement of one node. Its key is (node, timestamp); the first one stored wins.</summary>
/// <param name="NodeAddress">1 to 2³¹−1.</param>
/// <param name="Timestamp">Measured at, Unix seconds.</param>
/// <param name="TemperatureCentidegrees">0.01 °C, −32768 to 32767; null when the node has no such sensor.</param>
/// <param name="HumidityCentipercent">0.01 %RH, 0 to 10000; null when the node has no such sensor. At least one of humidity and temperature is set.</param>
/// <param name="Flags">Opaque bit set of the node.</param>
/// <param name="ReceivedAt">Unix seconds, given by the sender or the server's clock.</param>
/// <param name="DeviceId">Hardware id of the node. On input: as sent, or null. On output: the node's.</param>
public readonly record struct Reading(
    int NodeAddress,
    long Timestamp,
    short? TemperatureCentidegrees,
    short? HumidityCentipercent,
    uint Flags,
    long ReceivedAt,
    ulong? DeviceId) : IRow
{
    /// <summary>2000-01-01T00:00:00Z. An older time comes from a wrong clock.</summary>
    public const long MinTimestamp = 946_684_800;

    /// <summary>Maximum seconds that a measured time may be ahead of the server's clock.</summary>
    public const long MaxAheadSeconds = 86_400;

    /// <summary>Maximum humidity, 100 %RH.</summary>
    public const int MaxHumidityCentipercent = 10_000;

    /// <inheritdoc/>
    public string Sender => SenderOf(NodeAddress);

    /// <summary>The node as the sender of rows.</summary>
    internal static string SenderOf(long node) => FormattableString.Invariant($"node {node}");

    /// <inheritdoc/>
    public string Describe() => FormattableString.Invariant($"reading of node {NodeAddress} at {Timestamp}");
}
