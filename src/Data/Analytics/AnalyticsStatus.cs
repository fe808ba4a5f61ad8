namespace SensorDash.Data.Analytics;

public enum AnalyticsState
{
    /// <summary>Disabled by a setting: queries use the store.</summary>
    Off,

    /// <summary>Opening, or catching up: until the lag is 0, queries use the store.</summary>
    CatchingUp,

    /// <summary>Queries use DuckDB.</summary>
    Ready,

    /// <summary>The file is unavailable: queries use the store, slower; everything else works.</summary>
    Failed,
}

/// <summary>State of the side path.</summary>
/// <param name="Notice">Text for users when it is not ready.</param>
/// <param name="AppliedBatch">The last applied batch.</param>
/// <param name="LagRows">Rows that are in the store but not yet in the side path.</param>
/// <param name="LagSeconds">Age of the oldest of these rows.</param>
public sealed record AnalyticsStatus(AnalyticsState State, string? Notice, long AppliedBatch, long LagRows, double LagSeconds);
