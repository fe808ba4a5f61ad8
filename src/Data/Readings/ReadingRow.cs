namespace SensorDash.Data.Readings;

/// <summary>The schema of the table of readings; stores exchange rows as <see cref="Reading"/>.</summary>
public sealed class ReadingRow
{
    public int NodeAddress { get; set; }

    public long Timestamp { get; set; }

    public short? TemperatureCentidegrees { get; set; }

    public short? HumidityCentipercent { get; set; }

    public long Flags { get; set; }

    public long ReceivedAt { get; set; }

    public long BatchId { get; set; }
}
