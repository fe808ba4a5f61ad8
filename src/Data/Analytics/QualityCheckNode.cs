using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Analytics;

/// <summary>A node whose data quality is queried.</summary>
/// <param name="ConfiguredIntervalSeconds">The interval that the user configured; null: SensorDash estimates it.</param>
internal sealed record QualityCheckNode(Node Node, int? ConfiguredIntervalSeconds)
{
    /// <summary>Starts the check; no readings are expected before the node's first reading and after the current time.</summary>
    public DataQualityPass Begin(TimeRange range, int? intervalSeconds, long now)
        => new(Math.Max(range.Start ?? Node.FirstSeenAt, Node.FirstSeenAt), Math.Min(range.End ?? now, now), intervalSeconds);
}
