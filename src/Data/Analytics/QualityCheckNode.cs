using SensorDash.Data.Nodes;
using SensorDash.Data.Readings;

namespace SensorDash.Data.Analytics;

/// <summary>A node whose data quality is asked for.</summary>
/// <param name="ConfiguredIntervalSeconds">The interval the user has set; null: it is learned.</param>
internal sealed record QualityCheckNode(Node Node, int? ConfiguredIntervalSeconds)
{
    /// <summary>Begins to judge it: silence before its first reading and after now is not missing.</summary>
    public DataQualityPass Begin(TimeRange range, int? intervalSeconds, long now)
        => new(Math.Max(range.Start ?? Node.FirstSeenAt, Node.FirstSeenAt), Math.Min(range.End ?? now, now), intervalSeconds);
}
