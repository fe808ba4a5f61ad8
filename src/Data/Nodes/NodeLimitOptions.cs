namespace SensorDash.Data.Nodes;

/// <summary>The limit that the stores enforce, from <c>Ingest:MaxNodes</c>.</summary>
public sealed class NodeLimitOptions
{
    /// <summary>Maximum number of nodes.</summary>
    public int MaxNodes { get; set; } = 10_000;
}
